using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using SessionMesh.Core.State;

namespace SessionMesh.Core.Claims;

/// <summary>A slot of an agent was claimed; the claim's id is made of the revision. Subject: the agent's id.</summary>
public sealed record ClaimMade : Change
{
    public const string Name = "claim.made";
    public required string Specialization { get; init; }

    /// <summary>Seconds.</summary>
    public required int Ttl { get; init; }

    [JsonIgnore]
    public override string Kind => Name;

    internal override JsonTypeInfo PayloadType => ClaimChangesJson.Default.ClaimMade;

    internal override void Apply(MeshDraft draft)
    {
        var agent = draft.SubjectOf(this);
        var key = draft.FindKey(Actor);
        draft.Put(agent with { Holds = agent.Holds.With(Specialization, 1), ClaimedAt = At });
        draft.Put(new Claim
        {
            Revision = Revision,
            Agent = agent.Number,
            AgentId = agent.Id,
            Specialization = Specialization,
            KeyId = Actor,
            Lineage = key?.Lineage,
            Account = key?.Account,
            Ttl = Ttl,
            At = At,
            ExpiresAt = At + (Ttl * 1000L),
        });
    }
}

/// <summary>The lease of a claim begins anew. Subject: the agent's id.</summary>
public sealed record ClaimRenewed : Change
{
    public const string Name = "claim.renewed";
    public required string ClaimId { get; init; }

    /// <summary>Seconds.</summary>
    public required int Ttl { get; init; }

    [JsonIgnore]
    public override string Kind => Name;

    internal override JsonTypeInfo PayloadType => ClaimChangesJson.Default.ClaimRenewed;

    internal override void Apply(MeshDraft draft)
    {
        if (draft.FindClaim(Claim.RevisionIn(ClaimId)) is { } claim)
        {
            draft.Put(claim with { Ttl = Ttl, ExpiresAt = At + (Ttl * 1000L) });
        }
    }
}

/// <summary>
/// A claim was released (<c>claim.released</c>), or nobody renewed it (<c>claim.lapsed</c>): the slot is free. What ends an agent's
/// incarnation ends its claims without an entry for each. Subject: the agent's id.
/// </summary>
public sealed record ClaimEnded : Change
{
    public const string Released = "claim.released";
    public const string Lapsed = "claim.lapsed";
    public required string ClaimId { get; init; }
    public required string Specialization { get; init; }

    /// <summary>Whether nobody renewed it.</summary>
    [JsonIgnore]
    public bool HasLapsed { get; init; }

    [JsonIgnore]
    public override string Kind => HasLapsed ? Lapsed : Released;

    internal override JsonTypeInfo PayloadType => ClaimChangesJson.Default.ClaimEnded;

    internal override void Apply(MeshDraft draft)
    {
        if (draft.FindClaim(Claim.RevisionIn(ClaimId)) is { } claim)
        {
            var agent = draft.SubjectOf(this);
            draft.Put(agent with { Holds = agent.Holds.With(claim.Specialization, -1) });
            draft.Remove(claim);
        }
    }
}

/// <summary>What may happen to a claim, by its name in the log.</summary>
internal static class ClaimChanges
{
    public static readonly ChangeKind[] Kinds =
    [
        ChangeKind.Of(ClaimMade.Name, ClaimChangesJson.Default.ClaimMade),
        ChangeKind.Of(ClaimRenewed.Name, ClaimChangesJson.Default.ClaimRenewed),
        ChangeKind.Of(ClaimEnded.Released, ClaimChangesJson.Default.ClaimEnded),
        ChangeKind.Of(ClaimEnded.Lapsed, ClaimChangesJson.Default.ClaimEnded, ended => ended with { HasLapsed = true }),
    ];
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ClaimMade))]
[JsonSerializable(typeof(ClaimRenewed))]
[JsonSerializable(typeof(ClaimEnded))]
internal sealed partial class ClaimChangesJson : JsonSerializerContext;
