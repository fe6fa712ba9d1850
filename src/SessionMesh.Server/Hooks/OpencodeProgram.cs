namespace SessionMesh.Server.Hooks;

/// <summary>
/// opencode, through the plugin that <c>hooks install opencode</c> writes: its events have names of our own, and it takes <c>tell</c>,
/// <c>deny</c> and <c>end</c>.
/// </summary>
internal sealed class OpencodeProgram : HookProgram
{
    public override string Name => "opencode";
    public override string Prefix => "opencode-";
    public override bool TellsWhenAsked => true;

    public override HookMoment MomentOf(string? eventName) => eventName switch
    {
        "session.start" => HookMoment.SessionStart,
        "prompt" => HookMoment.Prompt,
        "model.call" => HookMoment.ModelCall,
        "tool.before" => HookMoment.ToolStart,
        "tool.after" => HookMoment.ToolEnd,
        "session.idle" => HookMoment.Stop,
        "session.error" => HookMoment.Failure,
        "subagent.start" => HookMoment.SubAgentStart,
        "subagent.idle" => HookMoment.SubAgentStop,
        "permission" => HookMoment.Question,
        "session.end" => HookMoment.SessionEnd,
        _ => HookMoment.Other,
    };

    public override bool Carries(HookMoment moment) =>
        moment is HookMoment.ToolStart or HookMoment.ToolEnd or HookMoment.Stop or HookMoment.SubAgentStop;

    public override byte[] Tell(HookMoment moment, string eventName, string words) => Json(json => json.WriteString("tell", words));

    public override byte[] Deny(string eventName, string reason) => Json(json => json.WriteString("deny", reason));

    public override byte[] End(HookMoment moment, string eventName, string reason) => Json(json =>
    {
        json.WriteString("deny", reason);
        json.WriteBoolean("end", true);
    });
}
