namespace SessionMesh.Server.Hooks;

/// <summary>Gemini CLI.</summary>
internal sealed class GeminiDialect : HookDialect
{
    public override string Name => "gemini";
    public override string Prefix => "gemini-";

    /// <summary>BeforeModel comes with each request, and once more where the model is asked again after an error.</summary>
    public override bool TellsEachCall => true;

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

    /// <summary>Context of a tool that is about to run is dropped.</summary>
    public override bool Carries(HookMoment moment) =>
        moment is HookMoment.SessionStart or HookMoment.Prompt or HookMoment.ToolEnd or HookMoment.Stop;

    /// <summary>Its events are like those of the agent that runs it: same session, no id.</summary>
    public override bool RunsUnnamed(string? tool) => tool is "invoke_agent";

    /// <summary>At a stop the reason is the next prompt, as often as one is given.</summary>
    public override byte[] Tell(HookMoment moment, string eventName, string words) => Json(json =>
    {
        if (moment == HookMoment.Stop)
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
    {
        json.WriteString("decision", "deny");
        json.WriteString("reason", reason);
    });

    /// <summary>The tool does not run, the request is not made, and without a terminal the program ends with 0.</summary>
    public override byte[]? End(HookMoment moment, string eventName, string reason) => moment switch
    {
        HookMoment.ToolStart or HookMoment.Prompt or HookMoment.ToolEnd or HookMoment.ModelCall or HookMoment.Stop => Json(json =>
        {
            Halt(json, reason);
            json.WriteString("decision", "deny");
            json.WriteString("reason", reason);
        }),
        _ => null,
    };
}
