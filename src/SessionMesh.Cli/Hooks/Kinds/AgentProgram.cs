using System.ComponentModel;
using System.Diagnostics;
using SessionMesh.Cli.Hosting;

namespace SessionMesh.Cli.Hooks.Kinds;

/// <summary>The program of a coding agent on this machine.</summary>
internal static class AgentProgram
{
    /// <summary>Some of them are scripts that take a second or two to say who they are.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    /// <summary>The first in PATH, or where its installer puts it; null where it is in neither.</summary>
    public static string? Find(CliHost host, HookedAgent agent) =>
        (host.Env("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
        .Concat(agent.Places.Select(place => Path.Combine(host.Home, place)))
        .Where(Path.IsPathRooted)
        .Select(directory => Path.Combine(directory, OperatingSystem.IsWindows() ? agent.Program + ".exe" : agent.Program))
        .FirstOrDefault(IsProgram);

    /// <summary>What it says for <c>--version</c>; null where that tells nothing.</summary>
    public static async Task<Version?> VersionAsync(CliHost host, string program, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(s_patience);
        try
        {
            return VersionIn(await RunAsync(host, program, limit.Token));
        }
        catch (Exception e) when (e is Win32Exception or IOException or InvalidOperationException
            || (e is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            return null;
        }
    }

    /// <summary>The first number of the form 1.2.3 in a text.</summary>
    public static Version? VersionIn(string text) => text
        .Split([' ', '\n', '\r', '\t', '(', ')', ',', '/'], StringSplitOptions.RemoveEmptyEntries)
        .Select(word => word.TrimStart('v').Split('-', '+')[0])
        .Where(word => word.Count(c => c == '.') >= 2)
        .Select(word => Version.TryParse(word, out var version) ? version : null)
        .FirstOrDefault(version => version is not null);

    private static async Task<string> RunAsync(CliHost host, string program, CancellationToken cancellation)
    {
        var start = new ProcessStartInfo(program, ["--version"])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = host.Home,
        };
        using var process = Process.Start(DatabaseSecret.Without(start))!;
        process.StandardInput.Close();
        try
        {
            var errors = process.StandardError.ReadToEndAsync(cancellation);
            var said = await process.StandardOutput.ReadToEndAsync(cancellation);
            await errors;
            await process.WaitForExitAsync(cancellation);
            return said;
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }

    private static bool IsProgram(string path) =>
        File.Exists(path)
        && (OperatingSystem.IsWindows()
            || (File.GetUnixFileMode(path) & (UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute))
                != UnixFileMode.None);
}
