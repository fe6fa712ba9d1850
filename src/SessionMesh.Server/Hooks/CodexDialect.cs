namespace SessionMesh.Server.Hooks;

/// <summary>Codex.</summary>
internal sealed class CodexDialect : HookDialect
{
    public override string Name => "codex";
    public override string Prefix => "codex-";

    /// <summary>
    /// Some of the tools of one answer run together and some one after the other, and no event tells their common end: that the model was
    /// asked after a tool is known only when the turn stops.
    /// </summary>
    public override HookMoment MomentOf(string? eventName) => eventName switch
    {
        "SessionStart" => HookMoment.SessionStart,
        "UserPromptSubmit" => HookMoment.Prompt,
        "PreToolUse" => HookMoment.ToolStart,
        "PostToolUse" => HookMoment.ToolEnd,
        "Stop" => HookMoment.Stop,
        "Interrupt" => HookMoment.Failure,
        "SubagentStart" => HookMoment.SubAgentStart,
        "SubagentStop" => HookMoment.SubAgentStop,
        "PermissionRequest" => HookMoment.Question,
        "SessionEnd" => HookMoment.SessionEnd,
        _ => HookMoment.Other,
    };

    public override bool Carries(HookMoment moment) => moment is HookMoment.SessionStart or HookMoment.Prompt or HookMoment.ToolStart
        or HookMoment.ToolEnd or HookMoment.Stop or HookMoment.SubAgentStart or HookMoment.SubAgentStop;

    public override bool StartsSubAgents(string? tool) => tool?.EndsWith("spawn_agent", StringComparison.Ordinal) == true;

    public override bool EndsSubAgents(string? tool) => tool?.EndsWith("close_agent", StringComparison.Ordinal) == true;

    public override byte[] Tell(HookMoment moment, string eventName, string words) => Json(json =>
    {
        if (moment is HookMoment.Stop or HookMoment.SubAgentStop)
        {
            json.WriteString("decision", "block"); // becomes a message of the user; context is not taken here
            json.WriteString("reason", words);
        }
        else
        {
            Specific(json, eventName, ("additionalContext", words));
        }
    });

    public override byte[] Deny(string eventName, string reason) => Json(json =>
        Specific(json, eventName, ("permissionDecision", "deny"), ("permissionDecisionReason", reason)));

    /// <summary>No tool's hook ends a turn: every tool is denied until the turn stops by itself.</summary>
    public override byte[]? End(HookMoment moment, string eventName, string reason) => moment switch
    {
        HookMoment.ToolStart => Deny(eventName, reason),
        HookMoment.Prompt or HookMoment.Stop or HookMoment.SubAgentStop => Json(json => Halt(json, reason)),
        _ => null,
    };
}
