using System.Security.Cryptography;
using System.Text;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Settings;

namespace SessionMesh.Cli.Hooks.Kinds;

/// <summary>What this account keeps about hooks: below the XDG state directory, and never beside an agent's settings.</summary>
internal static class HookState
{
    public static string DirectoryOf(CliHost host) => Path.Combine(StateDirectory.Of(host), "hooks");

    public static string RecordOf(CliHost host, string agent, string settings) => Of(host, "settings", agent, settings, ".json");

    public static string BackupOf(CliHost host, string agent, string settings) =>
        Of(host, "backup", agent, settings, "-" + Path.GetFileName(settings));

    private static string Of(CliHost host, string folder, string agent, string path, string end) => Path.Combine(
        DirectoryOf(host), folder, $"{agent}-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(path)))[..12]}{end}");
}
