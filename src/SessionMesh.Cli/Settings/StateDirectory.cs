using SessionMesh.Cli.Hosting;

namespace SessionMesh.Cli.Settings;

/// <summary>Where the tool keeps what it knows of this machine alone.</summary>
internal static class StateDirectory
{
    /// <summary><c>$XDG_STATE_HOME/session-mesh</c>, or <c>~/.local/state/session-mesh</c>. It may not be there yet.</summary>
    public static string Of(CliHost host)
    {
        // A relative path is to be ignored, as the XDG specification has it.
        var state = host.Env("XDG_STATE_HOME") is { } given && Path.IsPathRooted(given)
            ? given
            : Path.Combine(host.Home, ".local", "state");
        return Path.Combine(state, "session-mesh");
    }
}
