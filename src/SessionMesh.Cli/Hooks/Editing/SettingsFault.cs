namespace SessionMesh.Cli.Hooks.Editing;

/// <summary>A settings file is not what the agent's program reads.</summary>
/// <param name="place">Where in the text.</param>
/// <param name="what">What is wrong there.</param>
internal sealed class SettingsFault(string text, int place, string what) : Exception(what)
{
    /// <summary>From 1.</summary>
    public int Line { get; } = 1 + text.AsSpan(0, place).Count('\n');

    /// <summary>From 1, in characters.</summary>
    public int Column { get; } = place - text.AsSpan(0, place).LastIndexOf('\n');
}
