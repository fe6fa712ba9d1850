using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Microsoft.EntityFrameworkCore;
using SessionMesh.Core;
using SessionMesh.Core.Agents;
using SessionMesh.Core.Claims;
using SessionMesh.Core.Idempotency;
using SessionMesh.Core.Keys;
using SessionMesh.Core.Links;
using SessionMesh.Core.Sessions;
using SessionMesh.Core.State;
using SessionMesh.Core.Steering;

namespace SessionMesh.Server.Store.Loading;

/// <summary>Reads the tables into memory at a start. What has ended stays in the tables.</summary>
internal static class StateLoader
{
    /// <summary>Fills <paramref name="state"/>. Returns the wall milliseconds of the newest change; 0 for an empty log.</summary>
    public static long Load(MeshDbContext db, MeshState state, Func<long, Moment> now)
    {
        state.LoadEpoch(db.Mesh.AsNoTracking().Select(m => m.Epoch).Single());
        var newest = db.Changes.AsNoTracking().OrderByDescending(c => c.Revision).Select(c => new { c.Revision, c.At }).FirstOrDefault();
        state.Load(db.Mesh.AsNoTracking().Single().ForgottenIncarnation);
        var (inboxes, shared) = (new InboxLoader(db), new SharedStrings());
        foreach (var row in AgentLoader.Read(db.Database.GetDbConnection()))
        {
            var agent = ToAgent(row, shared);
            state.Load(agent, inboxes.Of(agent.Number, agent.Id, agent.Born));
        }

        foreach (var row in db.Keys.AsNoTracking().Where(k => k.EndedAt == 0).OrderBy(k => k.Revision).AsEnumerable())
        {
            state.Load(ToKey(row));
        }

        var began = now(newest?.At ?? 0);
        foreach (var row in db.Claims.AsNoTracking().OrderBy(c => c.Revision).AsEnumerable())
        {
            if (state.AgentAt(row.Agent) is { } agent)
            {
                state.Load(ToClaim(row, agent.Id), began);
            }
        }

        foreach (var row in db.Links.AsNoTracking().OrderBy(l => l.Revision).AsEnumerable())
        {
            if (state.AgentAt(row.FromAgent) is { } from && state.AgentAt(row.ToAgent) is { } to)
            {
                state.Load(ToLink(row, from.Id, to.Id, shared));
            }
        }

        foreach (var row in db.Sessions.AsNoTracking().OrderBy(s => s.Revision).AsEnumerable())
        {
            state.Load(ToSession(row));
        }

        foreach (var row in db.Receipts.AsNoTracking().OrderBy(r => r.Revision)
            .Select(r => new { r.Revision, r.Scope, r.Request, r.At, r.Status, r.KeyId, r.Owner, r.Size }).AsEnumerable())
        {
            state.Load(new Receipt(
                row.Revision, Hex(row.Scope), Hex(row.Request), row.At, row.Status, row.KeyId, row.Owner, row.Size ?? 0));
        }

        var at = newest?.At ?? 0;
        state.Loaded(newest?.Revision ?? 0, at, now(at));
        return at;
    }

    public static Agent ToAgent(AgentTableRow row, SharedStrings shared) => new()
    {
        Number = row.Number,
        Id = row.Id,
        Incarnation = row.Incarnation,
        Session = row.Session,
        Liveness = (Liveness)row.Liveness,
        Paused = row.Paused,
        Skills = SkillSet.FromJson(row.Specializations, row.Skills),
        Labels = LabelSet.FromJson(row.Labels),
        Cluster = shared.Of(row.Cluster),
        Parent = row.Parent,
        User = shared.Of(row.User),
        Owner = shared.Of(row.Owner),
        Direction = row.Direction,
        CreatedAt = row.CreatedAt,
        Ttl = row.Ttl,
        Stop = AgentJson.ReadStop(row.Stop),
        LastExit = AgentJson.ReadExit(row.LastExit),
        Meta = Meta.FromJson(row.Meta),
        SessionChangedAt = row.SessionChangedAt ?? 0,
        IsExpiredByHand = row.IsExpiredByHand ?? false,
        Born = row.Born ?? 0,
        GoneAt = row.GoneAt ?? 0,
        OrphanedFrom = row.OrphanedFrom,
        ClaimedAt = row.ClaimedAt ?? 0,
        Stall = AgentJson.ReadStall(row.Stall),
    };

    private static Claim ToClaim(ClaimTableRow row, string agentId) => new()
    {
        Revision = row.Revision,
        Agent = row.Agent,
        AgentId = agentId,
        Specialization = row.Specialization,
        KeyId = row.KeyId,
        Lineage = row.Lineage,
        Account = row.Account,
        Ttl = row.Ttl,
        At = row.At,
        ExpiresAt = row.ExpiresAt,
    };

    private static Link ToLink(LinkTableRow row, string fromId, string toId, SharedStrings shared) => new()
    {
        Revision = row.Revision,
        From = row.FromAgent,
        FromId = fromId,
        To = row.ToAgent,
        ToId = toId,
        Kind = shared.Of(row.Kind),
        Weight = row.Weight,
        Account = shared.Of(row.Account),
        At = row.At,
    };

    public static Session ToSession(SessionTableRow row) => new()
    {
        Revision = row.Revision,
        Id = row.Id,
        User = row.User,
        IsExpired = row.IsExpired,
        Ttl = row.Ttl switch { 0 => null, SessionTableRow.ZeroTtl => 0, var ttl => ttl },
        Meta = Meta.FromJson(row.Meta),
        CreatedAt = row.CreatedAt,
        LastAccess = row.LastAccess,
        ExpiresAt = row.ExpiresAt,
        ExpiredAt = row.ExpiredAt,
        Version = row.Version,
    };

    /// <param name="agentId">The agent that had the row's number when the directive was issued.</param>
    /// <param name="messages">Finds the kept message that the row names, if any.</param>
    public static DirectiveRecord ToDirective(DirectiveRow row, string agentId, KeptMessages messages) =>
        ToDirective(row, agentId, row.MessageAt is { } at ? messages.At(at) : null);

    private static DirectiveRecord ToDirective(DirectiveRow row, string agentId, MessageRow? kept) => new()
    {
        Revision = row.Revision,
        Agent = row.Agent,
        AgentId = agentId,
        Seq = row.Seq,
        Previous = row.Previous,
        Verb = (Verb)row.Verb,
        Direction = row.Direction,
        Message = kept is null ? row.Message : kept.Text,
        Data = kept is null ? row.Data : kept.Data,
        MessageAt = row.MessageAt ?? 0,
        State = (DeliveryState)row.State,
        IssuedBy = row.IssuedBy,
        IssuedAt = row.IssuedAt,
        ExpiresAt = row.ExpiresAt,
        DeliveredAt = row.DeliveredAt,
        AcceptedAt = row.AcceptedAt,
        EndedAt = row.EndedAt,
        Note = row.Note,
    };

    public static Key ToKey(KeyTableRow row) => new()
    {
        Revision = row.Revision,
        Id = row.Id,
        Name = row.Name,
        Lineage = row.Lineage,
        Parent = row.Parent,
        Account = row.Account,
        Scopes = ScopeWords.Parse(NameSet.FromJson(row.Scopes).Names),
        Reach = Reach.FromJson(row.Reach),
        Hash = row.Hash,
        CreatedAt = row.CreatedAt,
        ExpiresAt = row.ExpiresAt,
        Lifetime = row.Lifetime,
        AgentId = row.AgentId,
        Incarnation = row.Incarnation,
        Generation = row.Generation,
        RefreshHash = row.RefreshHash,
        RefreshExpiresAt = row.RefreshExpiresAt,
        RefreshedAt = row.RefreshedAt,
        EndedAt = row.EndedAt,
        IsService = row.IsService ?? false,
        KeptUntil = row.KeptUntil ?? 0,
        LastUsedAt = row.LastUsedAt ?? 0,
        IsRevoked = row.IsRevoked ?? EndedEarly(row),
    };

    /// <summary>Whether a key of an old row ended before its time: then it was revoked, itself or with another.</summary>
    private static bool EndedEarly(KeyTableRow row) =>
        row.EndedAt != 0 && (row.ExpiresAt == 0 || row.EndedAt < Math.Max(row.ExpiresAt, row.RefreshExpiresAt));

    private static UInt128 Hex(string text) => UInt128.Parse(text, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}

/// <summary>
/// Makes equal strings one object while a load takes place: a fleet has few clusters, users and owners, and a million rows name them.
/// </summary>
internal sealed class SharedStrings
{
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);

    [return: NotNullIfNotNull(nameof(text))]
    public string? Of(string? text)
    {
        if (text is null)
        {
            return null;
        }

        if (_known.TryGetValue(text, out var known))
        {
            return known;
        }

        _known.Add(text);
        return text;
    }
}
