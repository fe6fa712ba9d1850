namespace SessionMesh.Server.Hooks;

/// <summary>What a hook's event means, whichever program it is from.</summary>
internal enum HookMoment
{
    /// <summary>A sign of life of which nothing more is known.</summary>
    Other,

    /// <summary>A session begins, or goes on after it was closed.</summary>
    SessionStart,

    /// <summary>Words of a person, or of the program in a person's place, are about to go to the model.</summary>
    Prompt,

    /// <summary>A tool is about to run.</summary>
    ToolStart,

    /// <summary>A tool has run, or has failed.</summary>
    ToolEnd,

    /// <summary>All the tools of one answer of the model have run: the model is asked next.</summary>
    ToolsEnd,

    /// <summary>The model is asked.</summary>
    ModelCall,

    /// <summary>The model has said something, and may call tools in the same answer.</summary>
    Text,

    /// <summary>The model has answered, and the agent is about to come to rest.</summary>
    Stop,

    /// <summary>The agent has come to rest because the model failed, or a person broke off what it did.</summary>
    Failure,

    SubAgentStart,

    /// <summary>As <see cref="Stop"/>, of a sub-agent.</summary>
    SubAgentStop,

    /// <summary>A person is asked for something.</summary>
    Question,

    SessionEnd,

    /// <summary>See <see cref="Contracts.Hooks.HookEvent.WrittenName"/>.</summary>
    Written,
}
