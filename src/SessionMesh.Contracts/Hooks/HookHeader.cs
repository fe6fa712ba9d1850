namespace SessionMesh.Contracts.Hooks;

/// <summary>What the answer to a hook's event says to the tool, beside the words for the agent in its body.</summary>
public static class HookHeader
{
    /// <summary>The agent that the session is in the mesh.</summary>
    public const string Agent = "X-Mesh-Agent";

    /// <summary>Its incarnation.</summary>
    public const string Incarnation = "X-Mesh-Incarnation";

    /// <summary><c>true</c> where this event has registered it.</summary>
    public const string Registered = "X-Mesh-Registered";

    /// <summary>
    /// The answer carries words of operators: once it is written, an event <see cref="HookEvent.WrittenName"/> with this receipt is due.
    /// </summary>
    public const string Receipt = "X-Mesh-Receipt";

    /// <summary><c>hold</c>: the agent is paused, ask again with the same event; <c>wake</c>: nothing yet, ask again.</summary>
    public const string Again = "X-Mesh-Again";
}
