namespace SessionMesh.Cli.Hooks.Kinds;

/// <summary>What the hook command has to know of a program that runs it.</summary>
/// <param name="Begin">Its event for the beginning of a session.</param>
/// <param name="Prompt">Its event for what a person has typed.</param>
/// <param name="SessionVariable">The variable that has the session's id in all that it runs; null where there is none such.</param>
/// <param name="HidesInterruptions">Whether its own file of a session alone tells that a person broke a turn off.</param>
internal sealed record HookMoments(string Begin, string Prompt, string? SessionVariable = null, bool HidesInterruptions = false);
