namespace SessionMesh.Server.Hooks;

/// <summary>Claude Code.</summary>
internal sealed class ClaudeCodeDialect : HookDialect
{
    public override string Name => "claude-code";
    public override string Prefix => "claude-";

    /// <summary>The ninth in a row is overridden, whoever's hooks blocked them; see docs/agents/claude-code.md.</summary>
    public override int MostStopsInARow => 7;

    public override HookMoment MomentOf(string? eventName) => eventName switch
    {
        "SessionStart" => HookMoment.SessionStart,
        "UserPromptSubmit" => HookMoment.Prompt,
        "PreToolUse" => HookMoment.ToolStart,
        "PostToolUse" or "PostToolUseFailure" => HookMoment.ToolEnd,
        "PostToolBatch" => HookMoment.ToolsEnd,
        "Stop" => HookMoment.Stop,
        "StopFailure" => HookMoment.Failure,
        "SubagentStart" => HookMoment.SubAgentStart,
        "SubagentStop" => HookMoment.SubAgentStop,
        "PermissionRequest" or "Notification" => HookMoment.Question,
        "SessionEnd" => HookMoment.SessionEnd,
        _ => HookMoment.Other,
    };

    public override bool Carries(HookMoment moment) => moment is HookMoment.SessionStart or HookMoment.Prompt or HookMoment.ToolStart
        or HookMoment.ToolEnd or HookMoment.ToolsEnd or HookMoment.Stop or HookMoment.SubAgentStart or HookMoment.SubAgentStop;

    public override bool StartsSubAgents(string? tool) => tool is "Agent" or "Task";

    public override bool EndsSubAgents(string? tool) => tool is "TaskStop";

    public override byte[] Tell(HookMoment moment, string eventName, string words) => Json(json =>
    {
        if (moment is HookMoment.Stop or HookMoment.SubAgentStop)
        {
            json.WriteString("decision", "block");
            json.WriteString("reason", words);
        }
        else
        {
            Specific(json, eventName, ("additionalContext", words));
        }
    });

    public override byte[] Deny(string eventName, string reason) => Json(json =>
        Specific(json, eventName, ("permissionDecision", "deny"), ("permissionDecisionReason", reason)));

    /// <summary>Not going on alone still runs the tool, so both are said. The start of a session or sub-agent ignores it.</summary>
    public override byte[]? End(HookMoment moment, string eventName, string reason) => moment switch
    {
        HookMoment.ToolStart => Json(json =>
        {
            Halt(json, reason);
            Specific(json, eventName, ("permissionDecision", "deny"), ("permissionDecisionReason", reason));
        }),
        HookMoment.Prompt or HookMoment.ToolEnd or HookMoment.ToolsEnd or HookMoment.Stop or HookMoment.SubAgentStop =>
            Json(json => Halt(json, reason)),
        _ => null,
    };
}
