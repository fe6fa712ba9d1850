using System.Buffers;
using System.Text;
using System.Text.Json;
using SessionMesh.Core;
using SessionMesh.Core.Agents;
using SessionMesh.Core.Idempotency;
using SessionMesh.Core.Keys;
using SessionMesh.Core.Sessions;
using SessionMesh.Core.State;
using SessionMesh.Core.Steering;

namespace SessionMesh.Server.Store.Postgres;

/// <summary>
/// The rows of a batch, as PostgreSQL takes them in one call: one array a table. A record that changed several times in a batch is there
/// once. For one thread.
/// </summary>
internal sealed class BatchRows : IDisposable
{
    private readonly ArrayBufferWriter<byte> _payload = new(1024);
    private readonly Utf8JsonWriter _json;

    public BatchRows() => _json = new Utf8JsonWriter(_payload, new JsonWriterOptions { SkipValidation = true });

    public List<ChangeRow> Changes { get; } = [];
    public List<MessageRow> Messages { get; } = [];
    public List<int> RemovedAgents { get; } = [];
    public List<AgentTableRow> Agents { get; } = [];

    /// <summary>New ones.</summary>
    public List<DirectiveRow> Directives { get; } = [];

    /// <summary>Those that were there before, and have another state.</summary>
    public List<DirectiveRow> Moved { get; } = [];
    public List<KeyTableRow> Keys { get; } = [];
    public List<long> RemovedClaims { get; } = [];
    public List<ClaimTableRow> Claims { get; } = [];
    public List<long> RemovedLinks { get; } = [];
    public List<LinkTableRow> Links { get; } = [];
    public List<long> RemovedSessions { get; } = [];
    public List<SessionTableRow> Sessions { get; } = [];
    public List<ReceiptRow> Receipts { get; } = [];

    /// <summary>Takes the rows of a batch in the place of those before.</summary>
    public void Take(MeshDraft draft)
    {
        Clear();
        foreach (var change in draft.Changes)
        {
            Changes.Add(ToRow(change));
            if (change is MessageKept kept)
            {
                Messages.Add(new MessageRow { Revision = kept.Revision, Text = PostgresText.Escape(kept.Text), Data = kept.Data });
            }
        }

        RemovedAgents.AddRange(draft.RemovedAgents.Keys);
        Agents.AddRange(draft.ChangedAgents.Select(ToRow));
        foreach (var directive in draft.ChangedDirectives)
        {
            (directive.Revision > draft.Base.Revision ? Directives : Moved).Add(ToRow(directive));
        }

        Keys.AddRange(draft.ChangedKeys.Select(ToRow));
        RemovedClaims.AddRange(draft.RemovedClaims.Select(claim => claim.Revision));
        Claims.AddRange(draft.ChangedClaims.Select(claim => new ClaimTableRow
        {
            Revision = claim.Revision,
            Agent = claim.Agent,
            Specialization = claim.Specialization,
            KeyId = claim.KeyId,
            Lineage = claim.Lineage,
            Account = claim.Account,
            Ttl = claim.Ttl,
            At = claim.At,
            ExpiresAt = claim.ExpiresAt,
        }));
        RemovedLinks.AddRange(draft.RemovedLinks.Select(link => link.Revision));
        Links.AddRange(draft.ChangedLinks.Select(link => new LinkTableRow
        {
            Revision = link.Revision,
            FromAgent = link.From,
            ToAgent = link.To,
            Kind = link.Kind,
            Weight = link.Weight,
            Account = link.Account,
            At = link.At,
        }));
        RemovedSessions.AddRange(draft.RemovedSessions.Select(session => session.Revision));
        Sessions.AddRange(draft.ChangedSessions.Select(ToRow));
        Receipts.AddRange(draft.NewReceipts.Select(ToRow));
    }

    public void Dispose() => _json.Dispose();

    private void Clear()
    {
        Changes.Clear();
        Messages.Clear();
        RemovedAgents.Clear();
        Agents.Clear();
        Directives.Clear();
        Moved.Clear();
        Keys.Clear();
        RemovedClaims.Clear();
        Claims.Clear();
        RemovedLinks.Clear();
        Links.Clear();
        RemovedSessions.Clear();
        Sessions.Clear();
        Receipts.Clear();
    }

    private ChangeRow ToRow(Change change)
    {
        _payload.ResetWrittenCount();
        ChangeCodec.WritePayload(_payload, _json, change);
        return new ChangeRow
        {
            Revision = change.Revision,
            At = change.At,
            Actor = PostgresText.Escape(change.Actor),
            Kind = change.Kind,
            Subject = PostgresText.Escape(change.Subject),
            Payload = Encoding.UTF8.GetString(_payload.WrittenSpan),
            RemoteAddress = change.Origin.RemoteAddress,
            RequestId = PostgresText.Escape(change.Origin.RequestId),
        };
    }

    private static AgentTableRow ToRow(Agent a) => new()
    {
        Number = a.Number,
        Id = a.Id,
        Incarnation = a.Incarnation,
        Session = a.Session,
        Liveness = (int)a.Liveness,
        Paused = a.Paused,
        Specializations = a.Specializations.Json,
        Labels = a.Labels.Json,
        Cluster = PostgresText.Escape(a.Cluster),
        Parent = a.Parent,
        User = PostgresText.Escape(a.User),
        Owner = PostgresText.Escape(a.Owner),
        Direction = PostgresText.Escape(a.Direction),
        CreatedAt = a.CreatedAt,
        Ttl = a.Ttl,
        Stop = AgentJson.Write(a.Stop),
        LastExit = AgentJson.Write(a.LastExit),
        Meta = a.Meta.IsEmpty ? null : a.Meta.Json,
        SessionChangedAt = a.SessionChangedAt,
        IsExpiredByHand = a.IsExpiredByHand,
        Born = a.Born,
        GoneAt = a.GoneAt,
        OrphanedFrom = PostgresText.Escape(a.OrphanedFrom),
        Skills = a.Skills.Details,
        ClaimedAt = a.ClaimedAt == 0 ? null : a.ClaimedAt,
        Stall = AgentJson.Write(a.Stall),
    };

    private static DirectiveRow ToRow(DirectiveRecord d) => new()
    {
        Revision = d.Revision,
        Agent = d.Agent,
        Seq = d.Seq,
        Previous = d.Previous,
        Verb = (int)d.Verb,
        Direction = PostgresText.Escape(d.Direction),
        Message = d.MessageAt == 0 ? PostgresText.Escape(d.Message) : null,
        Data = d.MessageAt == 0 ? d.Data : null,
        State = (int)d.State,
        IssuedBy = PostgresText.Escape(d.IssuedBy),
        IssuedAt = d.IssuedAt,
        ExpiresAt = d.ExpiresAt,
        DeliveredAt = d.DeliveredAt,
        AcceptedAt = d.AcceptedAt,
        EndedAt = d.EndedAt,
        Note = PostgresText.Escape(d.Note),
        MessageAt = d.MessageAt == 0 ? null : d.MessageAt,
    };

    private static KeyTableRow ToRow(Key k) => new()
    {
        Revision = k.Revision,
        Id = k.Id,
        Name = PostgresText.Escape(k.Name),
        Lineage = k.Lineage,
        Parent = k.Parent,
        Account = k.Account,
        Scopes = NameSet.Of(k.Scopes.ToWords()).Json,
        Reach = k.Reach?.Json,
        Hash = k.Hash,
        CreatedAt = k.CreatedAt,
        ExpiresAt = k.ExpiresAt,
        Lifetime = k.Lifetime,
        AgentId = k.AgentId,
        Incarnation = k.Incarnation,
        Generation = k.Generation,
        RefreshHash = k.RefreshHash,
        RefreshExpiresAt = k.RefreshExpiresAt,
        RefreshedAt = k.RefreshedAt,
        EndedAt = k.EndedAt,
        IsService = k.IsService,
        KeptUntil = k.KeptUntil,
        LastUsedAt = k.LastUsedAt,
        IsRevoked = k.EndedAt == 0 ? null : k.IsRevoked,
    };

    private static SessionTableRow ToRow(Session s) => new()
    {
        Revision = s.Revision,
        Id = s.Id,
        User = PostgresText.Escape(s.User),
        IsExpired = s.IsExpired,
        Ttl = s.Ttl switch { null => 0, 0 => SessionTableRow.ZeroTtl, var ttl => ttl.Value },
        Meta = s.Meta.Json,
        CreatedAt = s.CreatedAt,
        LastAccess = s.LastAccess,
        ExpiresAt = s.ExpiresAt,
        ExpiredAt = s.ExpiredAt,
        Version = s.Version,
    };

    private static ReceiptRow ToRow(Receipt r) => new()
    {
        Revision = r.Revision,
        Scope = r.Scope.ToString("x32", null),
        Request = r.Request.ToString("x32", null),
        At = r.At,
        Status = r.Status,
        Answer = r.Answer is { } answer ? Encoding.UTF8.GetString(answer) : null,
        KeyId = r.KeyId,
        Owner = PostgresText.Escape(r.Owner),
        Size = r.Size,
        Version = r.Version,
    };
}
