using SessionMesh.Contracts.Hooks;
using SessionMesh.Core.Keys;

namespace SessionMesh.Server.Hooks;

/// <summary>An event, and how it came.</summary>
internal sealed record HookRequest
{
    public required HttpContext Http { get; init; }
    public required Key Key { get; init; }
    public required HookDialect Program { get; init; }
    public required HookEvent Event { get; init; }
    public required HookMoment Moment { get; init; }

    /// <summary>For the label <c>host</c>; null when the event does not come through the tool.</summary>
    public string? Host { get; init; }

    /// <summary>The agent inside which the program was started.</summary>
    public string? Parent { get; init; }

    /// <summary>For how long a paused agent is held within this request.</summary>
    public TimeSpan Hold { get; init; }

    /// <summary>Whether the caller asks again when it was held in vain, and does not want a denial.</summary>
    public bool AsksAgain { get; init; }

    /// <summary>Whether the caller says itself when it has written the answer.</summary>
    public bool SendsReceipt { get; init; }

    /// <summary>For how long to wait for words to an idle session; null for an event that is happening.</summary>
    public TimeSpan? Wake { get; init; }

    public string SessionId => Event.SessionId!;
    public string EventName => Event.Name!;
}

/// <summary>What goes back.</summary>
/// <param name="Json">The program's answer; null for nothing to say.</param>
internal sealed record HookAnswer(byte[]? Json)
{
    public static readonly HookAnswer Nothing = new((byte[]?)null);

    public HookAgent? Agent { get; init; }
    public bool HasRegistered { get; init; }

    /// <summary>Number of the answer where it carries directives; 0 where it does not.</summary>
    public long Receipt { get; init; }

    /// <summary>Whether to send the same event again.</summary>
    public string? Again { get; init; }
}
