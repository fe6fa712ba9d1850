using SessionMesh.Core.Agents;
using SessionMesh.Core.Claims;
using SessionMesh.Core.Idempotency;
using SessionMesh.Core.Keys;
using SessionMesh.Core.Links;
using SessionMesh.Core.Sessions;
using SessionMesh.Core.Steering;

namespace SessionMesh.Core.State;

/// <summary>Each durable record in its canonical form, with every member; a test finds one that is left out.</summary>
internal static class CanonicalRecords
{
    public static void Add(this CanonicalHash hash, Agent agent)
    {
        hash.Number(agent.Number);
        hash.Text(agent.Id);
        hash.Number(agent.Born);
        hash.Number(agent.Incarnation);
        hash.Number(agent.Session);
        hash.Number((int)agent.Liveness);
        hash.Flag(agent.Paused);
        hash.Text(agent.Skills.Names.Json);
        hash.Text(agent.Skills.Details);
        hash.Add(agent.Holds);
        hash.Number(agent.ClaimedAt);
        hash.Text(agent.Labels.Json);
        hash.Text(agent.Cluster);
        hash.Number(agent.Parent);
        hash.Text(agent.OrphanedFrom);
        hash.Text(agent.User);
        hash.Text(agent.Owner);
        hash.Text(agent.Direction);
        hash.Number(agent.CreatedAt);
        hash.Number(agent.Ttl);
        hash.Bytes(agent.Meta.Utf8());
        hash.Number(agent.SessionChangedAt);
        hash.Flag(agent.IsExpiredByHand);
        hash.Number(agent.GoneAt);
        hash.Add(agent.Stall);
        hash.Add(agent.Stop);
        hash.Add(agent.LastExit);
    }

    public static void Add(this CanonicalHash hash, Inbox inbox)
    {
        hash.Number(inbox.LastSeq);
        hash.Number(inbox.LastRevision);
        hash.Number(inbox.Pending.Length);
        foreach (var directive in inbox.Pending)
        {
            hash.Add(directive);
        }
    }

    public static void Add(this CanonicalHash hash, DirectiveRecord directive)
    {
        hash.Number(directive.Revision);
        hash.Number(directive.Agent);
        hash.Text(directive.AgentId);
        hash.Number(directive.Seq);
        hash.Number(directive.Previous);
        hash.Number((int)directive.Verb);
        hash.Text(directive.Direction);
        hash.Text(directive.Message);
        hash.Text(directive.Data);
        hash.Number(directive.MessageAt);
        hash.Number((int)directive.State);
        hash.Text(directive.IssuedBy);
        hash.Number(directive.IssuedAt);
        hash.Number(directive.ExpiresAt);
        hash.Number(directive.DeliveredAt);
        hash.Number(directive.AcceptedAt);
        hash.Number(directive.EndedAt);
        hash.Text(directive.Note);
    }

    public static void Add(this CanonicalHash hash, Key key)
    {
        hash.Number(key.Revision);
        hash.Text(key.Id);
        hash.Text(key.Name);
        hash.Text(key.Lineage);
        hash.Text(key.Parent);
        hash.Text(key.Account);
        hash.Number((int)key.Scopes);
        hash.Text(key.Reach?.Json);
        hash.Text(key.Hash);
        hash.Number(key.CreatedAt);
        hash.Number(key.ExpiresAt);
        hash.Number(key.Lifetime);
        hash.Text(key.AgentId);
        hash.Number(key.Incarnation);
        hash.Number(key.Generation);
        hash.Text(key.RefreshHash);
        hash.Number(key.RefreshExpiresAt);
        hash.Number(key.RefreshedAt);
        hash.Flag(key.IsService);
        hash.Number(key.KeptUntil);
        hash.Number(key.LastUsedAt);
        hash.Flag(key.IsRevoked);
        hash.Number(key.EndedAt);
    }

    public static void Add(this CanonicalHash hash, Session session)
    {
        hash.Number(session.Revision);
        hash.Text(session.Id);
        hash.Text(session.User);
        hash.Flag(session.IsExpired);
        hash.Add(session.Ttl);
        hash.Bytes(session.Meta.Utf8());
        hash.Number(session.CreatedAt);
        hash.Number(session.LastAccess);
        hash.Number(session.ExpiresAt);
        hash.Number(session.ExpiredAt);
        hash.Number(session.Version);
    }

    public static void Add(this CanonicalHash hash, Claim claim)
    {
        hash.Number(claim.Revision);
        hash.Number(claim.Agent);
        hash.Text(claim.AgentId);
        hash.Text(claim.Specialization);
        hash.Text(claim.KeyId);
        hash.Text(claim.Lineage);
        hash.Text(claim.Account);
        hash.Number(claim.Ttl);
        hash.Number(claim.At);
        hash.Number(claim.ExpiresAt);
    }

    public static void Add(this CanonicalHash hash, Link link)
    {
        hash.Number(link.Revision);
        hash.Number(link.From);
        hash.Text(link.FromId);
        hash.Number(link.To);
        hash.Text(link.ToId);
        hash.Text(link.Kind);
        hash.Number(link.Weight);
        hash.Text(link.Account);
        hash.Number(link.At);
    }

    /// <summary>Without <see cref="Receipt.Answer"/> and <see cref="Receipt.Version"/>, which memory does not hold.</summary>
    public static void Add(this CanonicalHash hash, Receipt receipt)
    {
        hash.Number(receipt.Revision);
        hash.Number(receipt.Scope);
        hash.Number(receipt.Request);
        hash.Number(receipt.At);
        hash.Number(receipt.Status);
        hash.Text(receipt.KeyId);
        hash.Text(receipt.Owner);
        hash.Number(receipt.Size);
    }

    private static void Add(this CanonicalHash hash, Holds holds)
    {
        hash.Flag(holds.Any);
        if (holds.Any)
        {
            hash.Text(string.Join('\n', holds.Entries));
        }
    }

    private static void Add(this CanonicalHash hash, Stall? stall)
    {
        hash.Flag(stall is not null);
        if (stall is not null)
        {
            hash.Add(stall.Progress);
            hash.Number(stall.ProgressInterval);
        }
    }

    private static void Add(this CanonicalHash hash, StopRequest? stop)
    {
        hash.Flag(stop is not null);
        if (stop is not null)
        {
            hash.Number(stop.Deadline);
            hash.Text(stop.Reason);
            hash.Flag(stop.Cascade);
            hash.Number(stop.At);
        }
    }

    private static void Add(this CanonicalHash hash, Exit? exit)
    {
        hash.Flag(exit is not null);
        if (exit is not null)
        {
            hash.Flag(exit.Confirmed);
            hash.Flag(exit.ExitCode is not null);
            hash.Number(exit.ExitCode ?? 0);
            hash.Text(exit.Signal);
            hash.Text(exit.Reason);
            hash.Number(exit.At);
            hash.Number(exit.TombstoneUntil);
        }
    }

    private static void Add(this CanonicalHash hash, double? number)
    {
        hash.Flag(number is not null);
        hash.Number(number ?? 0);
    }
}
