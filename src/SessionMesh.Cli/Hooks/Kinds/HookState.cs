using System.Security.Cryptography;
using System.Text;
using SessionMesh.Cli.Hosting;

namespace SessionMesh.Cli.Hooks.Kinds;

/// <summary>What this account keeps about hooks: below the XDG state directory, and never beside an agent's settings.</summary>
internal static class HookState
{
    public static string DirectoryOf(CliHost host)
    {
        // A relative path is to be ignored, as the XDG specification has it.
        var state = host.Env("XDG_STATE_HOME") is { } given && Path.IsPathRooted(given)
            ? given
            : Path.Combine(host.Home, ".local", "state");
        return Path.Combine(state, "session-mesh", "hooks");
    }

    /// <summary>What the hook command last heard.</summary>
    public static string LedgerOf(CliHost host, string agent) => Path.Combine(DirectoryOf(host), agent + ".json");

    public static string RecordOf(CliHost host, string agent, string settings) => Of(host, "settings", agent, settings, ".json");

    public static string BackupOf(CliHost host, string agent, string settings) =>
        Of(host, "backup", agent, settings, "-" + Path.GetFileName(settings));

    private static string Of(CliHost host, string folder, string agent, string path, string end) => Path.Combine(
        DirectoryOf(host), folder, $"{agent}-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(path)))[..12]}{end}");
}
