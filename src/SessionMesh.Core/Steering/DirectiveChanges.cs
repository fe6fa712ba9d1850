using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using SessionMesh.Core.Agents;
using SessionMesh.Core.Audit;
using SessionMesh.Core.Json;
using SessionMesh.Core.State;

namespace SessionMesh.Core.Steering;

/// <summary>
/// A message to many agents, kept once: each <c>directive.issued</c> that follows in the same batch names its revision instead of repeating
/// it. Internal bookkeeping: readers of the log are shown each directive in full. Subject: <c>messages</c>.
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

    internal override JsonTypeInfo PayloadType => DirectiveChangesJson.Default.MessageKept;

    internal override void Apply(MeshDraft draft) => draft.Message = this;
}

/// <summary>A directive was put into an agent's inbox. Subject: the agent's id; the directive is named by the revision.</summary>
public sealed record DirectiveIssued : Change, IHasReason
{
    public const string Name = "directive.issued";
    public required long Seq { get; init; }
    public required Verb Verb { get; init; }
    public string? Direction { get; init; }
    public string? Message { get; init; }

    /// <summary>JSON text.</summary>
    [JsonConverter(typeof(RawJsonConverter))]
    public string? Data { get; init; }

    /// <summary>Revision of the <see cref="MessageKept"/> that has the message and data, which are then not here; 0 for none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long MessageAt { get; init; }

    /// <summary>That message, where <see cref="MessageAt"/> names one. Set when the change is emitted or applied.</summary>
    [JsonIgnore]
    public MessageKept? Kept { get; internal set; }

    [JsonConverter(typeof(WallTimeConverter))]
    public required long ExpiresAt { get; init; }

    /// <summary>Why, for the audit. The last member, so that readers of the events can be spared it.</summary>
    public string? Reason { get; init; }

    [JsonIgnore]
    public override string Kind => Name;

    [JsonIgnore]
    public override long Weight => BaseWeight + (Message?.Length ?? 0) + (Data?.Length ?? 0) + (Reason?.Length ?? 0);

    /// <summary>The change with its message and data filled in, as readers of the log are shown it.</summary>
    /// <param name="text">The kept message.</param>
    /// <param name="data">The kept data, JSON text.</param>
    public DirectiveIssued Saying(string? text, string? data) => this with { Message = text, Data = data, MessageAt = 0, Kept = null };

    internal override JsonTypeInfo PayloadType => DirectiveChangesJson.Default.DirectiveIssued;

    internal override void Apply(MeshDraft draft)
    {
        var agent = draft.SubjectOf(this);
        var number = agent.Number;
        var inbox = draft.InboxOf(number);
        Kept = MessageAt == 0 ? null : FindKept(draft);
        var directive = new DirectiveRecord
        {
            Revision = Revision,
            Agent = number,
            AgentId = agent.Id,
            Seq = Seq,
            Previous = inbox.LastRevision,
            Verb = Verb,
            Direction = Direction,
            Message = Kept is null ? Message : Kept.Text,
            Data = Kept is null ? Data : Kept.Data,
            MessageAt = MessageAt,
            IssuedBy = Actor,
            IssuedAt = At,
            ExpiresAt = ExpiresAt,
        };
        draft.Put(number, inbox.Issue(directive), directive);
    }

    private MessageKept FindKept(MeshDraft draft) => draft.Message is { } kept && kept.Revision == MessageAt
        ? kept
        : throw new InvalidDataException($"revision {Revision} has its message at {MessageAt}, which is not the newest that was kept");
}

/// <summary>A pending directive moved on. Subject: the agent's id; kind: <c>directive.STATE</c>.</summary>
public sealed record DirectiveMoved : Change
{
    public required long Seq { get; init; }

    [JsonIgnore]
    public DeliveryState State { get; init; }

    public string? Note { get; init; }

    [JsonIgnore]
    public override string Kind => State.Kind();

    [JsonIgnore]
    public override long Weight => BaseWeight + (Note?.Length ?? 0);

    internal override JsonTypeInfo PayloadType => DirectiveChangesJson.Default.DirectiveMoved;

    internal override void Apply(MeshDraft draft)
    {
        var agent = draft.SubjectOf(this);
        var inbox = draft.InboxOf(agent.Number);
        var before = inbox.Find(Seq) ?? throw new InvalidDataException(
            $"revision {Revision} moves directive {Seq} of {Subject}, which is over");
        var after = before with
        {
            State = State,
            DeliveredAt = State == DeliveryState.Delivered ? At : before.DeliveredAt,
            AcceptedAt = State == DeliveryState.Accepted ? At : before.AcceptedAt,
            EndedAt = State.IsPending() ? 0 : State == DeliveryState.Expired ? before.ExpiresAt : At,
            Note = Note ?? before.Note,
        };
        draft.Put(agent.Number, inbox.Move(after), after);
        if (State == DeliveryState.Acknowledged)
        {
            Obey(draft, agent, after);
        }
    }

    /// <summary>An acknowledged directive is known to have taken effect, so the agent's own record shows it.</summary>
    private static void Obey(MeshDraft draft, Agent agent, DirectiveRecord directive)
    {
        var obeyed = directive.Verb switch
        {
            Verb.Steer => agent with { Direction = directive.Direction },
            Verb.Pause => agent with { Paused = true },
            Verb.Resume => agent with { Paused = false },
            _ => agent,
        };
        if (obeyed != agent)
        {
            draft.Put(obeyed);
        }
    }
}

/// <summary>The kinds of change of directives.</summary>
internal static class DirectiveChanges
{
    public static IReadOnlyList<ChangeKind> Kinds { get; } =
    [
        ChangeKind.Of(MessageKept.Name, DirectiveChangesJson.Default.MessageKept),
        ChangeKind.Of(DirectiveIssued.Name, DirectiveChangesJson.Default.DirectiveIssued),
        .. Enum.GetValues<DeliveryState>().Select(state =>
            ChangeKind.Of(state.Kind(), DirectiveChangesJson.Default.DirectiveMoved, change => change with { State = state })),
    ];
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(MessageKept))]
[JsonSerializable(typeof(DirectiveIssued))]
[JsonSerializable(typeof(DirectiveMoved))]
internal sealed partial class DirectiveChangesJson : JsonSerializerContext;
