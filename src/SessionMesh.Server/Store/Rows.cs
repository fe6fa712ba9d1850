namespace SessionMesh.Server.Store;

// One class a table. Times are UTC milliseconds as long: SQLite neither orders nor compares DateTimeOffset. Hot tables are keyed
// by revision and refer to agents by number, so that every insert goes to the end.

/// <summary>An entry of the log.</summary>
public sealed class ChangeRow
{
    public long Revision { get; set; }
    public long At { get; set; }
    public required string Actor { get; set; }
    public required string Kind { get; set; }
    public required string Subject { get; set; }

    /// <summary>JSON object.</summary>
    public required string Payload { get; set; }

    /// <summary>Null for the mesh's own changes, and in stores from before the column.</summary>
    public string? RemoteAddress { get; set; }

    /// <inheritdoc cref="RemoteAddress"/>
    public string? RequestId { get; set; }
}

/// <summary>An agent as the newest change left it.</summary>
public sealed class AgentTableRow
{
    public int Number { get; set; }
    public required string Id { get; set; }
    public int Incarnation { get; set; }
    public long Session { get; set; }
    public int Liveness { get; set; }
    public bool Paused { get; set; }

    /// <summary>JSON array.</summary>
    public required string Specializations { get; set; }

    /// <summary>JSON object.</summary>
    public required string Labels { get; set; }
    public required string Cluster { get; set; }
    public int Parent { get; set; }
    public string? User { get; set; }
    public string? Owner { get; set; }
    public string? Direction { get; set; }
    public long CreatedAt { get; set; }
    public int Ttl { get; set; }

    /// <summary>JSON object.</summary>
    public string? Stop { get; set; }

    /// <summary>JSON object.</summary>
    public string? LastExit { get; set; }

    // Added later, and therefore nullable; null is the default.

    /// <summary>JSON object.</summary>
    public string? Meta { get; set; }
    public long? SessionChangedAt { get; set; }
    public bool? IsExpiredByHand { get; set; }
    public long? Born { get; set; }
    public long? GoneAt { get; set; }
    public string? OrphanedFrom { get; set; }

    /// <summary>JSON array: the specializations of which more than the name is known.</summary>
    public string? Skills { get; set; }
    public long? ClaimedAt { get; set; }

    /// <summary>JSON object.</summary>
    public string? Stall { get; set; }
}

/// <summary>A claim that is held. Times are UTC milliseconds.</summary>
public sealed class ClaimTableRow
{
    public long Revision { get; set; }

    /// <summary>The agent's number.</summary>
    public int Agent { get; set; }
    public required string Specialization { get; set; }
    public required string KeyId { get; set; }
    public string? Lineage { get; set; }
    public string? Account { get; set; }
    public int Ttl { get; set; }
    public long At { get; set; }
    public long ExpiresAt { get; set; }
}

/// <summary>A link between two agents. Times are UTC milliseconds.</summary>
public sealed class LinkTableRow
{
    public long Revision { get; set; }

    /// <summary>The number of the agent that it begins at.</summary>
    public int FromAgent { get; set; }

    /// <summary>The number of the agent that it leads to.</summary>
    public int ToAgent { get; set; }
    public required string Kind { get; set; }
    public double Weight { get; set; }
    public string? Account { get; set; }
    public long At { get; set; }
}

/// <summary>A plain session as the newest change left it. Times are UTC microseconds.</summary>
public sealed class SessionTableRow
{
    public long Revision { get; set; }
    public required string Id { get; set; }
    public required string User { get; set; }
    public bool IsExpired { get; set; }

    /// <summary>Seconds; 0 for none, and <see cref="ZeroTtl"/> for the number 0.</summary>
    public double Ttl { get; set; }

    /// <summary>JSON object.</summary>
    public required string Meta { get; set; }
    public long CreatedAt { get; set; }
    public long LastAccess { get; set; }
    public long ExpiresAt { get; set; }
    public long ExpiredAt { get; set; }
    public long Version { get; set; }

    /// <summary>A TTL of 0 as it is stored: stores hold 0 where there is none, and no record has a TTL that is so far from 0.</summary>
    public const double ZeroTtl = -1e18;
}

/// <summary>A directive as the newest change left it. <see cref="Previous"/> chains an agent's directives from the newest back.</summary>
public sealed class DirectiveRow
{
    public long Revision { get; set; }
    public int Agent { get; set; }
    public long Seq { get; set; }
    public long Previous { get; set; }
    public int Verb { get; set; }
    public string? Direction { get; set; }
    public string? Message { get; set; }
    public string? Data { get; set; }
    public int State { get; set; }
    public required string IssuedBy { get; set; }
    public long IssuedAt { get; set; }
    public long ExpiresAt { get; set; }
    public long DeliveredAt { get; set; }
    public long AcceptedAt { get; set; }
    public long EndedAt { get; set; }
    public string? Note { get; set; }

    /// <summary>Revision of the <see cref="MessageRow"/> that has message and data; null if they are in this row.</summary>
    public long? MessageAt { get; set; }
}

/// <summary>A message to many agents. It goes after the last directive that names it.</summary>
public sealed class MessageRow
{
    public long Revision { get; set; }
    public string? Text { get; set; }

    /// <summary>JSON.</summary>
    public string? Data { get; set; }
}

/// <summary>A key, valid or ended. Never its secret.</summary>
public sealed class KeyTableRow
{
    public long Revision { get; set; }
    public required string Id { get; set; }
    public required string Name { get; set; }
    public required string Lineage { get; set; }
    public string? Parent { get; set; }
    public string? Account { get; set; }

    /// <summary>JSON array of words.</summary>
    public required string Scopes { get; set; }

    /// <summary>JSON array of clauses; null for none.</summary>
    public string? Reach { get; set; }

    /// <summary>SHA-256 of the token, base64.</summary>
    public required string Hash { get; set; }
    public long CreatedAt { get; set; }
    public long ExpiresAt { get; set; }
    public long Lifetime { get; set; }
    public string? AgentId { get; set; }
    public int Incarnation { get; set; }
    public int Generation { get; set; }

    /// <summary>SHA-256 of the refresh token, base64; null for none.</summary>
    public string? RefreshHash { get; set; }
    public long RefreshExpiresAt { get; set; }
    public long RefreshedAt { get; set; }
    public long EndedAt { get; set; }

    // Added later, and therefore nullable; null is the default.
    public bool? IsService { get; set; }
    public long? KeptUntil { get; set; }
    public long? LastUsedAt { get; set; }

    /// <summary>Null while it is held, and in stores from before the column.</summary>
    public bool? IsRevoked { get; set; }
}

/// <summary>The answer to a call under an idempotency key.</summary>
public sealed class ReceiptRow
{
    public long Revision { get; set; }

    /// <summary>32 hex digits.</summary>
    public required string Scope { get; set; }

    /// <summary>32 hex digits.</summary>
    public required string Request { get; set; }
    public long At { get; set; }
    public int Status { get; set; }

    /// <summary>JSON; null for a call that showed a secret.</summary>
    public string? Answer { get; set; }
    public string? KeyId { get; set; }

    // Added later, and therefore nullable.

    /// <summary>Whose bound it counts against; null for nobody's.</summary>
    public string? Owner { get; set; }

    /// <summary>Bytes of the answer.</summary>
    public int? Size { get; set; }

    /// <summary>The answer's <c>ETag</c>; null for none.</summary>
    public long? Version { get; set; }
}

/// <summary>Facts about the whole mesh. One row, with the id 1.</summary>
public sealed class MeshRow
{
    public int Id { get; set; }

    /// <summary>1 for a new store; each restore raises it.</summary>
    public long Epoch { get; set; }

    /// <summary>The highest incarnation of any forgotten agent; 0 for none.</summary>
    public int ForgottenIncarnation { get; set; }

    /// <summary>Revision up to which <see cref="HeadRow"/> has the newest directive of each agent; null for none.</summary>
    public long? HeadsAt { get; set; }
}

/// <summary>An agent's newest directive as of <see cref="MeshRow.HeadsAt"/>, or a later one.</summary>
public sealed class HeadRow
{
    public int Agent { get; set; }
    public long Seq { get; set; }
    public long Revision { get; set; }
}
