namespace SessionMesh.Contracts;

/// <summary>Every bound the API enforces, in one place: the server applies them, the tool and the documents quote them.</summary>
public static class Limits
{
    /// <summary>Bytes of a request body.</summary>
    public const int BodyBytes = 64 * 1024;

    /// <summary>Nesting of a request body.</summary>
    public const int JsonDepth = 16;

    /// <summary>Rows a page when the caller does not say.</summary>
    public const int DefaultPage = 100;

    /// <summary>Rows a page at most.</summary>
    public const int MaxPage = 1000;

    /// <summary>Pending directives of one agent.</summary>
    public const int Inbox = 1000;

    /// <summary>Agents that one call by selector may reach: it is one transaction, and others wait behind it.</summary>
    public const int SelectorMatches = 10_000;

    /// <summary>Agents that a selector may name one by one.</summary>
    public const int SelectorIds = 1000;

    /// <summary>Characters of a direction: a token, not a text.</summary>
    public const int DirectionLength = 256;

    /// <summary>Characters of a message, a note or a reason.</summary>
    public const int MessageLength = 16 * 1024;

    /// <summary>Characters of the note an agent reports with its heartbeat or its ack, and of a kill's reason.</summary>
    public const int NoteLength = 1024;

    /// <summary>Characters of a specialization, a user or a cluster name.</summary>
    public const int NameLength = 128;

    /// <summary>Specializations of one agent.</summary>
    public const int Specializations = 64;

    /// <summary>Labels of one agent.</summary>
    public const int Labels = 64;

    /// <summary>Characters of a label's value; its key follows <see cref="MeshId"/>.</summary>
    public const int LabelValueLength = 256;

    /// <summary>Seconds an agent's lease lasts when registered with <c>POST /agents</c>.</summary>
    public const int DefaultAgentTtl = 60;

    /// <summary>Seconds an agent's lease lasts when its first registration is <c>POST /registry</c>.</summary>
    public const int DefaultRegistryTtl = 3600;

    /// <summary>Shortest lease, seconds: below it a lost packet is a lost agent.</summary>
    public const int MinAgentTtl = 5;

    /// <summary>Longest lease, seconds (seven days).</summary>
    public const int MaxAgentTtl = 7 * 86_400;

    /// <summary>Seconds a directive stays deliverable when the caller does not say.</summary>
    public const int DefaultDirectiveTtl = 3600;

    /// <summary>Longest life of a directive, seconds (seven days).</summary>
    public const int MaxDirectiveTtl = 7 * 86_400;

    /// <summary>Seconds between a stop directive and force when the caller does not say.</summary>
    public const int DefaultGrace = 10;

    /// <summary>Longest grace, seconds.</summary>
    public const int MaxGrace = 3600;

    /// <summary>Longest time one answer is held back (long poll, <c>wait</c>), seconds.</summary>
    public const int MaxWait = 60;

    /// <summary>Open streams and held answers of a key that is bound to an agent: it needs one, and one more while it changes over; the
    /// rest is for what it runs beside it.</summary>
    public const int StreamsPerAgentKey = 16;

    /// <summary>Seconds a key lives when the caller does not say.</summary>
    public const int DefaultKeyTtl = 3600;

    /// <summary>Shortest and longest life of a key, seconds; what is asked for is clamped.</summary>
    public const int MinKeyTtl = 60;

    /// <inheritdoc cref="MinKeyTtl"/>
    public const int MaxKeyTtl = 86_400;

    /// <summary>Characters of an <c>Idempotency-Key</c>.</summary>
    public const int IdempotencyKeyLength = 255;

    /// <summary>Hours for which an <c>Idempotency-Key</c> is remembered.</summary>
    public const int IdempotencyHours = 24;
}
