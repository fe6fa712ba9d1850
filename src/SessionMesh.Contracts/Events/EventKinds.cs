namespace SessionMesh.Contracts.Events;

/// <summary>The kinds of entries that <c>GET /events</c> shows. Kinds are added, never renamed.</summary>
public static class EventKinds
{
    public static readonly IReadOnlyList<string> All =
    [
        "admin.requested",
        "agent.alive", "agent.dead", "agent.declared", "agent.forgotten", "agent.lost", "agent.moved", "agent.progressing",
        "agent.registered", "agent.stalled", "agent.stopping", "agent.suspect", "agent.tombstone_lifted", "agent.updated",
        "claim.lapsed", "claim.made", "claim.released", "claim.renewed",
        "directive.accepted", "directive.acknowledged", "directive.cancelled", "directive.delivered", "directive.expired",
        "directive.issued", "directive.queued", "directive.rejected", "directive.undeliverable",
        "key.expired", "key.limited", "key.minted", "key.refreshed", "key.revoked",
        "link.changed", "link.made", "link.removed",
        "session.created", "session.deleted", "session.expired", "session.imported", "session.refreshed", "session.updated",
    ];

    /// <summary>Whether a word is a kind, or what some begin with: <c>agent.</c> or <c>agent.*</c>.</summary>
    public static bool IsKnown(string word) =>
        IsPrefix(word) ? All.Any(kind => Matches(word, kind)) : All.Contains(word);

    /// <summary>Whether a kind is the one meant, or begins as meant.</summary>
    public static bool Matches(string word, string kind) =>
        IsPrefix(word) ? kind.AsSpan().StartsWith(word.AsSpan().TrimEnd('*'), StringComparison.Ordinal) : kind == word;

    private static bool IsPrefix(string word) => word is [.., '.' or '*'];
}
