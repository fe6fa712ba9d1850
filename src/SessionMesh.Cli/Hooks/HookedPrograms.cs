using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Run.Process;

namespace SessionMesh.Cli.Hooks;

/// <summary>The coding agents that run <c>session-mesh hook</c>.</summary>
internal static class HookedPrograms
{
    private static readonly HookedProgram[] s_all =
    [
        new()
        {
            Name = "claude-code", Executables = ["claude"], Script = "claude-code", Begin = "SessionStart", Prompt = "UserPromptSubmit",
            TakesNotices = true, HidesInterruptions = true,
            SessionVariable = "CLAUDE_CODE_SESSION_ID",
        },
        new()
        {
            Name = "codex", Executables = ["codex"], SessionVariable = "CODEX_SESSION_ID", Begin = "SessionStart", Prompt = "UserPromptSubmit",
            TakesNotices = true,
        },
        new()
        {
            Name = "gemini", Executables = ["gemini"], Script = "gemini", Begin = "SessionStart", Prompt = "BeforeAgent", TakesNotices = true,
        },
        new() { Name = "opencode", Executables = ["opencode"], Begin = "session.start", Prompt = "prompt", TakesNotices = true },
    ];

    public static IEnumerable<string> Names => s_all.Select(program => program.Name);

    /// <summary>A name that is none of these is OpenClaw's, whose plugin speaks to the mesh itself, or nobody's.</summary>
    public static HookedProgram Find(string name) => Array.Find(s_all, program => program.Name == name)
        ?? throw CommandException.Usage($"there is no hook of {name}", "one of " + string.Join(", ", Names));
}

/// <summary>One of them, as this machine sees it.</summary>
internal sealed record HookedProgram
{
    private static readonly string[] s_interpreters = ["node", "bun", "deno"];

    public required string Name { get; init; }

    /// <summary>Names of its executable.</summary>
    public required string[] Executables { get; init; }

    /// <summary>What is in the path of its script, where an interpreter runs it.</summary>
    public string? Script { get; init; }

    /// <summary>Its event for the beginning of a session.</summary>
    public required string Begin { get; init; }

    /// <summary>Its event for what a person has typed.</summary>
    public required string Prompt { get; init; }

    /// <summary>The variable that has the session's id in all that it runs; null where there is none such.</summary>
    public string? SessionVariable { get; init; }

    /// <summary>Whether its own file of a session alone tells that a person broke a turn off.</summary>
    public bool HidesInterruptions { get; init; }

    /// <summary>Whether it shows a <c>systemMessage</c> to the person, and not to the model.</summary>
    public bool TakesNotices { get; init; }

    /// <summary>Whether it shows one at that event: nobody sees what is said at the end of a session, or at an error.</summary>
    public bool TakesNoticesAt(string? eventName) =>
        TakesNotices && eventName is not (null or "SessionEnd" or "StopFailure" or "Notification");

    public bool Begins(string? eventName) => eventName == Begin;

    public bool Prompts(string? eventName) => eventName == Prompt;

    public static string Notice(string text) => Output.Json.Compact(Output.Json.Build(json => json.WriteString("systemMessage"u8, text)));

    /// <summary>The answer that denies a tool, where the mesh gives none.</summary>
    public string Denial(string? eventName, string reason) => Output.Json.Compact(Output.Json.Build(json =>
    {
        switch (Name)
        {
            case "gemini":
                json.WriteString("decision"u8, "deny"u8);
                json.WriteString("reason"u8, reason);
                break;
            case "opencode":
                json.WriteString("deny"u8, reason);
                break;
            default:
                json.WriteStartObject("hookSpecificOutput"u8);
                json.WriteString("hookEventName"u8, eventName);
                json.WriteString("permissionDecision"u8, "deny"u8);
                json.WriteString("permissionDecisionReason"u8, reason);
                json.WriteEndObject();
                break;
        }
    }));

    /// <summary>
    /// Whether a hook that waits runs beside the program, and is not waited for. Claude Code does that only where a person sits at it.
    /// </summary>
    public bool LetsWait(Func<string, string?> environment) =>
        Name != "claude-code" || environment("CLAUDE_CODE_ENTRYPOINT") is null or "cli";

    /// <summary>The nearest process of this program above that one; null where there is none.</summary>
    public int? ProcessAbove(int pid)
    {
        for (var at = ProcFs.Read(pid)?.ParentPid ?? 0; at > 1; at = ProcFs.Read(at)?.ParentPid ?? 0)
        {
            if (Is(ProcFs.ArgumentsOf(at)))
            {
                return at;
            }
        }

        return null;
    }

    private bool Is(string[] arguments) => arguments switch
    {
        [var first, ..] when Executables.Contains(Path.GetFileName(first)) => true,
        [var first, .. var rest] when Script is not null && s_interpreters.Contains(Path.GetFileName(first)) =>
            rest.FirstOrDefault(word => !word.StartsWith('-')) is { } script && script.Contains(Script, StringComparison.Ordinal),
        _ => false,
    };
}
