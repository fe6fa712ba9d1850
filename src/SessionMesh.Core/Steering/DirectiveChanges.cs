using System.Text.Json.Serialization;
using SessionMesh.Core.Json;

namespace SessionMesh.Core.Steering;

/// <summary>
/// What is said to many, kept once: the <c>directive.issued</c> that follow in the same batch name its revision instead of repeating it. The
/// mesh's own bookkeeping: readers of the log are shown each directive with what it says. Subject: <c>messages</c>.
/// </summary>
public sealed record MessageKept : Change
{
    public const string Name = "message.kept";
    public string? Text { get; init; }

    /// <summary>JSON text.</summary>
    [JsonConverter(typeof(RawJsonConverter))]
    public string? Data { get; init; }

    [JsonIgnore]
    public override string Kind => Name;

    [JsonIgnore]
    public override long Weight => BaseWeight + (Text?.Length ?? 0) + (Data?.Length ?? 0);
}

/// <summary>A directive was put into an agent's inbox. Subject: the agent's id; the directive is named by the revision.</summary>
public sealed record DirectiveIssued : Change
{
    public const string Name = "directive.issued";
    public required long Seq { get; init; }
    public required Verb Verb { get; init; }
    public string? Direction { get; init; }
    public string? Message { get; init; }

    /// <summary>JSON text.</summary>
    [JsonConverter(typeof(RawJsonConverter))]
    public string? Data { get; init; }

    /// <summary>Revision of the <see cref="MessageKept"/> that has message and data, which then are not here; 0 for none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long MessageAt { get; init; }

    /// <summary>That message, where <see cref="MessageAt"/> names one. Set when the change is emitted or applied.</summary>
    [JsonIgnore]
    public MessageKept? Kept { get; internal set; }

    [JsonConverter(typeof(WallTimeConverter))]
    public required long ExpiresAt { get; init; }

    [JsonIgnore]
    public override string Kind => Name;

    [JsonIgnore]
    public override long Weight => BaseWeight + (Message?.Length ?? 0) + (Data?.Length ?? 0);

    /// <summary>The change with what it says, as readers of the log are shown it.</summary>
    /// <param name="text">The kept message.</param>
    /// <param name="data">The kept data, JSON text.</param>
    public DirectiveIssued Saying(string? text, string? data) => this with { Message = text, Data = data, MessageAt = 0, Kept = null };
}

/// <summary>A pending directive moved on. Subject: the agent's id; kind: <c>directive.STATE</c>.</summary>
public sealed record DirectiveMoved : Change
{
    public required long Seq { get; init; }

    [JsonIgnore]
    public DeliveryState State { get; init; }

    public string? Note { get; init; }

    [JsonIgnore]
    public override string Kind => State.ChangeKind();

    [JsonIgnore]
    public override long Weight => BaseWeight + (Note?.Length ?? 0);
}
