using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using SessionMesh.Core.State;

namespace SessionMesh.Core.Links;

/// <summary>
/// A link was declared (<c>link.made</c>), or has another weight (<c>link.changed</c>). Subject: the id of the agent that it begins at.
/// </summary>
public sealed record LinkPut : Change
{
    public const string Made = "link.made";
    public const string Changed = "link.changed";

    /// <summary>Id of the agent that it leads to.</summary>
    public required string To { get; init; }
    public required string LinkKind { get; init; }
    public required double LinkWeight { get; init; }

    /// <summary>Whether it was there before.</summary>
    [JsonIgnore]
    public bool IsKnown { get; init; }

    [JsonIgnore]
    public override string Kind => IsKnown ? Changed : Made;

    internal override JsonTypeInfo PayloadType => LinkChangesJson.Default.LinkPut;

    internal override void Apply(MeshDraft draft)
    {
        var from = draft.SubjectOf(this);
        var to = draft.KnownAgent(To) ?? throw new InvalidDataException($"revision {Revision} names the unknown agent {To}");
        draft.Put(draft.FindLink(from, to, LinkKind) is { } known
            ? known with { Weight = LinkWeight }
            : new Link
            {
                Revision = Revision,
                From = from.Number,
                FromId = from.Id,
                To = to.Number,
                ToId = to.Id,
                Kind = LinkKind,
                Weight = LinkWeight,
                Account = draft.FindKey(Actor)?.Account,
                At = At,
            });
    }
}

/// <summary>
/// A link was removed. What forgets an agent ends its links without an entry for each. Subject: the id of the agent that it begins at.
/// </summary>
public sealed record LinkRemoved : Change
{
    public const string Name = "link.removed";

    /// <inheritdoc cref="LinkPut.To"/>
    public required string To { get; init; }
    public required string LinkKind { get; init; }

    [JsonIgnore]
    public override string Kind => Name;

    internal override JsonTypeInfo PayloadType => LinkChangesJson.Default.LinkRemoved;

    internal override void Apply(MeshDraft draft)
    {
        if (draft.KnownAgent(To) is { } to && draft.FindLink(draft.SubjectOf(this), to, LinkKind) is { } link)
        {
            draft.Remove(link);
        }
    }
}

/// <summary>What may happen to a link, by its name in the log.</summary>
internal static class LinkChanges
{
    public static readonly ChangeKind[] Kinds =
    [
        ChangeKind.Of(LinkPut.Made, LinkChangesJson.Default.LinkPut),
        ChangeKind.Of(LinkPut.Changed, LinkChangesJson.Default.LinkPut, put => put with { IsKnown = true }),
        ChangeKind.Of(LinkRemoved.Name, LinkChangesJson.Default.LinkRemoved),
    ];
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(LinkPut))]
[JsonSerializable(typeof(LinkRemoved))]
internal sealed partial class LinkChangesJson : JsonSerializerContext;
