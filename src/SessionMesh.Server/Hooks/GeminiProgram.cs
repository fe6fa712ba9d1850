namespace SessionMesh.Server.Hooks;

/// <summary>Gemini CLI.</summary>
internal sealed class GeminiProgram : HookProgram
{
    public override string Name => "gemini";
    public override string Prefix => "gemini-";
    public override bool TellsWhenAsked => true;

    public override HookMoment MomentOf(string? eventName) => eventName switch
    {
        "SessionStart" => HookMoment.SessionStart,
        "BeforeAgent" => HookMoment.Prompt,
        "BeforeModel" => HookMoment.ModelCall,
        "BeforeTool" => HookMoment.ToolStart,
        "AfterTool" => HookMoment.ToolEnd,
        "AfterAgent" => HookMoment.Stop,
        "Notification" => HookMoment.Question,
        "SessionEnd" => HookMoment.SessionEnd,
        _ => HookMoment.Other,
    };

    public override bool Carries(HookMoment moment) => moment is HookMoment.SessionStart or HookMoment.Prompt or HookMoment.ToolEnd;

    public override byte[] Tell(HookMoment moment, string eventName, string words) =>
        Json(json => Specific(json, eventName, ("additionalContext", words)));

    public override byte[] Deny(string eventName, string reason) => Json(json =>
    {
        json.WriteString("decision", "deny");
        json.WriteString("reason", reason);
    });

    public override byte[]? End(HookMoment moment, string eventName, string reason) => moment switch
    {
        HookMoment.ToolStart or HookMoment.Prompt or HookMoment.ToolEnd or HookMoment.ModelCall => Json(json =>
        {
            Halt(json, reason);
            json.WriteString("decision", "deny");
            json.WriteString("reason", reason);
        }),
        _ => null,
    };
}
