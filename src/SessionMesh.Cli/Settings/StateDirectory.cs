using SessionMesh.Cli.Hosting;

namespace SessionMesh.Cli.Settings;

/// <summary>Where the tool keeps what it would rather not forget, below the XDG state directory.</summary>
internal static class StateDirectory
{
    public static string Of(CliHost host)
    {
        // A relative path is to be ignored, as the XDG specification has it.
        var state = host.Env("XDG_STATE_HOME") is { } given && Path.IsPathRooted(given)
            ? given
            : Path.Combine(host.Home, ".local", "state");
        return Path.Combine(state, "session-mesh");
    }
}
