namespace SessionMesh.Server.Hooks;

/// <summary>
/// opencode, through the plugin that <c>hooks install opencode</c> writes: its events have names of our own, and it takes <c>tell</c>,
/// <c>deny</c> and <c>end</c>.
/// </summary>
internal sealed class OpencodeDialect : HookDialect
{
    private const string IdPrefix = "ses_";

    public override string Name => "opencode";
    public override string Prefix => "opencode-";

    /// <summary>The plugin tells of a call only where what was told before is among its messages.</summary>
    public override bool TellsEachCall => true;

    public override HookMoment MomentOf(string? eventName) => eventName switch
    {
        "session.start" => HookMoment.SessionStart,
        "prompt" => HookMoment.Prompt,
        "model.call" => HookMoment.ModelCall,
        "text" => HookMoment.Text,
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

    /// <summary>
    /// Words after the last text make the turn go on. Later it is over: a sub-agent has given its result away, and a main session at rest
    /// is woken.
    /// </summary>
    public override bool Carries(HookMoment moment) => moment is HookMoment.ToolStart or HookMoment.ToolEnd or HookMoment.Text;

    /// <summary>The ids of all sessions begin alike.</summary>
    public override string Short(string id) => id.StartsWith(IdPrefix, StringComparison.Ordinal) && id.Length > IdPrefix.Length
        ? id[IdPrefix.Length..]
        : id;

    public override byte[] Tell(HookMoment moment, string eventName, string words) => Json(json => json.WriteString("tell", words));

    public override byte[] Deny(string eventName, string reason) => Json(json => json.WriteString("deny", reason));

    /// <summary>The plugin ends the session, of a sub-agent its tool with it; the one above goes on. One that rests has ended.</summary>
    public override byte[]? End(HookMoment moment, string eventName, string reason) => moment == HookMoment.SubAgentStop
        ? null
        : Json(json =>
        {
            json.WriteString("deny", reason);
            json.WriteBoolean("end", true);
        });
}
