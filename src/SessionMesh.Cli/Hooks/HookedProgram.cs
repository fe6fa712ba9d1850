using SessionMesh.Cli.Hooks.Kinds;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Run.Process;

namespace SessionMesh.Cli.Hooks;

/// <summary>A coding agent that runs <c>session-mesh hook</c>, as this machine sees it.</summary>
internal sealed class HookedProgram
{
    private readonly HookedAgent _agent;
    private readonly HookMoments _moments;

    private HookedProgram(HookedAgent agent, HookMoments moments) => (_agent, _moments) = (agent, moments);

    public static IEnumerable<string> Names => HookedAgents.All.Where(agent => agent.Moments is not null).Select(agent => agent.Name);

    public string Name => _agent.Name;

    public string? SessionVariable => _moments.SessionVariable;

    public bool HidesInterruptions => _moments.HidesInterruptions;

    /// <summary>A name that is none of these is OpenClaw's, whose plugin speaks to the mesh itself, or nobody's.</summary>
    public static HookedProgram Find(string name) =>
        HookedAgents.All.FirstOrDefault(agent => agent.Name == name) is { Moments: { } moments } found
            ? new(found, moments)
            : throw CommandException.Usage($"there is no hook of {name}", "one of " + string.Join(", ", Names));

    /// <summary>
    /// Whether it shows a <c>systemMessage</c> to the person at that event: nobody sees what is said at the end of a session, or at an
    /// error.
    /// </summary>
    public static bool TakesNoticesAt(string? eventName) =>
        eventName is not (null or "SessionEnd" or "StopFailure" or "Notification");

    public bool Begins(string? eventName) => eventName == _moments.Begin;

    public bool Prompts(string? eventName) => eventName == _moments.Prompt;

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
            if (AgentProcess.IsOf(_agent, ProcFs.ArgumentsOf(at)))
            {
                return at;
            }
        }

        return null;
    }
}
