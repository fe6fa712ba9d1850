using System.Globalization;
using SessionMesh.Core.Agents;
using SessionMesh.Core.Audit;
using SessionMesh.Core.Idempotency;
using SessionMesh.Core.Keys;
using SessionMesh.Core.Registry;
using SessionMesh.Core.Sessions;
using SessionMesh.Core.Steering;

namespace SessionMesh.Core.State;

/// <summary>
/// The one place where a change becomes state: deciding, committing, loading a log and following another node all come
/// through here. Total and deterministic: it refuses nothing, reads no clock and decides nothing.
/// </summary>
internal static class Fold
{
    public static void Apply(MeshDraft draft, Change change)
    {
        switch (change)
        {
            case DirectiveIssued c: Issue(draft, c); break;
            case DirectiveMoved c: Move(draft, c); break;
            case MessageKept c: draft.Message = c; break;
            case AgentRegistered c: Register(draft, c); break;
            case AgentDeclared c: Declare(draft, c); break;
            case AgentUpdated c: Update(draft, c); break;
            case AgentLivenessChanged c: ChangeLiveness(draft, c); break;
            case SessionCreated c: Create(draft, c); break;
            case SessionImported c: Import(draft, c); break;
            case SessionUpdated c: Update(draft, c); break;
            case SessionRefreshed c: Refresh(draft, c); break;
            case SessionExpired c: Expire(draft, c); break;
            case SessionDeleted c: draft.Remove(draft.KnownSession(c.Subject)!); break;
            case AgentStopping c: Stop(draft, c); break;
            case AgentDied c: Die(draft, c); break;
            case AgentForgotten c: Forget(draft, c); break;
            case AgentTombstoneLifted c: LiftTombstone(draft, c); break;
            case KeyMinted c: Mint(draft, c); break;
            case KeyRefreshed c: draft.Put(draft.FindKey(c.Subject)! with { RefreshedAt = c.At }); break;
            case KeyLimited c: Limit(draft, c); break;
            case KeyEnded c: draft.Put(draft.FindKey(c.Subject)! with { EndedAt = c.At }); break;
            case ReceiptKept c: Keep(draft, c); break;
            case ReceiptsTrimmed c: draft.TrimReceiptsBelow = c.Below; break;
            case AdminRequested: break;
            default: throw new InvalidOperationException($"no fold for change kind {change.Kind}");
        }
    }

    private static Agent Subject(MeshDraft draft, Change change) =>
        draft.KnownAgent(change.Subject) ?? throw new InvalidDataException($"revision {change.Revision} names the unknown agent {change.Subject}");

    private static int Parent(MeshDraft draft, string? parentId) => parentId is null ? -1 : draft.KnownAgent(parentId)!.Number;

    private static string? Owner(MeshDraft draft, Change change) => draft.FindKey(change.Actor)?.Account;

    private static LabelSet LabelsOf(IReadOnlyDictionary<string, string>? labels) => labels is null ? LabelSet.Empty : LabelSet.Of(labels);

    private static void Declare(MeshDraft draft, AgentDeclared c) =>
        draft.Put(
            new Agent
            {
                Number = draft.TakeNumber(),
                Id = c.Subject,
                Born = c.Revision,
                Cluster = c.Cluster,
                Parent = Parent(draft, c.ParentId),
                User = c.User,
                Specializations = NameSet.Of(c.Specializations),
                Labels = LabelsOf(c.Labels),
                Owner = Owner(draft, c),
                CreatedAt = c.At,
            },
            isNew: true);

    private static void Register(MeshDraft draft, AgentRegistered c)
    {
        var known = draft.KnownAgent(c.Subject);
        var agent = (known ?? new Agent
        {
            Number = draft.TakeNumber(),
            Id = c.Subject,
            Born = c.Revision,
            Cluster = c.Cluster,
            Owner = Owner(draft, c),
            CreatedAt = c.At,
        }) with
        {
            Incarnation = c.Incarnation,
            Session = c.Revision,
            Liveness = Liveness.Alive,
            Paused = false,
            Ttl = c.Ttl,
            Cluster = c.Cluster,
            Parent = Parent(draft, c.ParentId),
            OrphanedFrom = c.ParentId is null ? known?.OrphanedFrom : null,
            User = c.User,
            Specializations = NameSet.Of(c.Specializations),
            Labels = LabelsOf(c.Labels),
            Direction = null,
            GoneAt = 0,
            Stop = null,
            Meta = Meta.Empty,
            SessionChangedAt = 0,
            IsExpiredByHand = false,
        };
        draft.Put(agent, isNew: known is null);
    }

    private static void ChangeLiveness(MeshDraft draft, AgentLivenessChanged c)
    {
        var agent = Subject(draft, c);
        draft.Put(agent with
        {
            Liveness = c.Liveness,
            GoneAt = c.Liveness == Liveness.Lost ? GoneSince(agent, c) : 0,
            IsExpiredByHand = c.ByHand,
            SessionChangedAt = c.ByHand || agent.IsExpiredByHand ? c.Revision : agent.SessionChangedAt,
        });
    }

    /// <summary>One that is lost, and then ends, is gone since it was lost.</summary>
    private static long GoneSince(Agent agent, Change change) => agent.IsGone ? agent.GoneAt : change.At;

    private static void Update(MeshDraft draft, AgentUpdated c)
    {
        var agent = Subject(draft, c);
        draft.Put(agent with
        {
            Ttl = c.Ttl,
            Cluster = c.Cluster,
            Parent = Parent(draft, c.ParentId),
            OrphanedFrom = c.ParentId is null ? agent.OrphanedFrom : null,
            User = c.User,
            Specializations = NameSet.Of(c.Specializations),
            Labels = LabelsOf(c.Labels),
        });
    }

    private static void Stop(MeshDraft draft, AgentStopping c)
    {
        var agent = Subject(draft, c);
        draft.Put(agent with
        {
            Liveness = Liveness.Stopping,
            GoneAt = 0,
            Stop = new StopRequest(c.Deadline, c.Reason, c.Cascade, agent.Stop?.At ?? c.At),
        });
    }

    private static void Die(MeshDraft draft, AgentDied c)
    {
        var agent = Subject(draft, c);
        draft.Put(agent with
        {
            Liveness = Liveness.Dead,
            GoneAt = GoneSince(agent, c),
            Session = 0,
            Paused = false,
            Meta = Meta.Empty,
            SessionChangedAt = 0,
            IsExpiredByHand = false,
            Stop = agent.Stop ?? (c.Confirmed ? null : new StopRequest(c.At, c.Reason, Cascade: true, c.At)), // forced without a grace
            LastExit = new Exit(c.Confirmed, c.ExitCode, c.Signal, c.Reason, c.At, c.TombstoneUntil),
        });
    }

    private static void LiftTombstone(MeshDraft draft, AgentTombstoneLifted c)
    {
        var agent = Subject(draft, c);
        draft.Put(agent with { LastExit = agent.LastExit! with { TombstoneUntil = 0 } });
    }

    private static void Forget(MeshDraft draft, AgentForgotten c)
    {
        var agent = Subject(draft, c);
        foreach (var child in draft.Children(agent.Number))
        {
            draft.Put(draft.AgentAt(child) with { Parent = -1, OrphanedFrom = agent.Id });
        }

        draft.Forget(agent);
        draft.ForgottenIncarnation = Math.Max(draft.ForgottenIncarnation, c.Incarnation);
    }

    private static void Issue(MeshDraft draft, DirectiveIssued c)
    {
        var agent = Subject(draft, c);
        var number = agent.Number;
        var inbox = draft.InboxOf(number);
        var kept = c.Kept = c.MessageAt == 0 ? null : KeptMessage(draft, c);
        var directive = new DirectiveRecord
        {
            Revision = c.Revision,
            Agent = number,
            AgentId = agent.Id,
            Seq = c.Seq,
            Previous = inbox.LastRevision,
            Verb = c.Verb,
            Direction = c.Direction,
            Message = kept is null ? c.Message : kept.Text,
            Data = kept is null ? c.Data : kept.Data,
            MessageAt = c.MessageAt,
            IssuedBy = c.Actor,
            IssuedAt = c.At,
            ExpiresAt = c.ExpiresAt,
        };
        draft.Put(number, inbox.Issue(directive), directive);
    }

    private static MessageKept KeptMessage(MeshDraft draft, DirectiveIssued c) => draft.Message is { } kept && kept.Revision == c.MessageAt
        ? kept
        : throw new InvalidDataException($"revision {c.Revision} has its message at {c.MessageAt}, which is not the newest that was kept");

    private static void Move(MeshDraft draft, DirectiveMoved c)
    {
        var agent = Subject(draft, c);
        var inbox = draft.InboxOf(agent.Number);
        var before = inbox.Find(c.Seq) ?? throw new InvalidDataException($"revision {c.Revision} moves directive {c.Seq} of {c.Subject}, which is over");
        var after = before with
        {
            State = c.State,
            DeliveredAt = c.State == DeliveryState.Delivered ? c.At : before.DeliveredAt,
            AcceptedAt = c.State == DeliveryState.Accepted ? c.At : before.AcceptedAt,
            EndedAt = c.State.IsPending() ? 0 : c.State == DeliveryState.Expired ? before.ExpiresAt : c.At,
            Note = c.Note ?? before.Note,
        };
        draft.Put(agent.Number, inbox.Move(after), after);
        if (c.State == DeliveryState.Acknowledged)
        {
            Obey(draft, agent, after);
        }
    }

    /// <summary>An acknowledged directive is known to have taken effect: the agent's own record shows it.</summary>
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

    private static void Create(MeshDraft draft, SessionCreated c) =>
        draft.Put(new Session
        {
            Revision = c.Revision,
            Id = c.Subject,
            User = c.User,
            Ttl = c.Ttl,
            Meta = c.Meta ?? Meta.Empty,
            CreatedAt = c.At * 1000,
            LastAccess = c.At * 1000,
            ExpiresAt = c.ExpiresAt,
            Version = c.Revision,
        });

    private static void Import(MeshDraft draft, SessionImported c) =>
        draft.Put(new Session
        {
            Revision = c.Revision,
            Id = c.Subject,
            User = c.User,
            IsExpired = c.Expired,
            Ttl = c.Ttl,
            Meta = c.Meta ?? Meta.Empty,
            CreatedAt = c.CreatedAt,
            LastAccess = c.LastAccess,
            ExpiresAt = c.ExpiresAt,
            ExpiredAt = c.ExpiredAt,
            Version = c.Revision,
        });

    private static void Update(MeshDraft draft, SessionUpdated c)
    {
        if (c.AgentId is not null)
        {
            var agent = draft.KnownAgent(c.AgentId)!;
            draft.Put(agent with { Meta = agent.Meta.With(c.Meta), SessionChangedAt = c.Revision });
            return;
        }

        var session = draft.KnownSession(c.Subject)!;
        draft.Put(session with { Meta = session.Meta.With(c.Meta), LastAccess = c.At * 1000, Version = c.Revision });
    }

    private static void Refresh(MeshDraft draft, SessionRefreshed c) =>
        draft.Put(draft.KnownSession(c.Subject)! with
        {
            IsExpired = false,
            Ttl = c.Ttl,
            LastAccess = c.At * 1000,
            ExpiresAt = c.ExpiresAt,
            ExpiredAt = 0,
            Version = c.Revision,
        });

    private static void Expire(MeshDraft draft, SessionExpired c) =>
        draft.Put(draft.KnownSession(c.Subject)! with { IsExpired = true, ExpiredAt = c.ByHand ? c.At * 1000 : 0, Version = c.Revision });

    /// <summary>A refresh token that was not used goes with its key; one that was is remembered, so that its second use is noticed.</summary>
    private static void Limit(MeshDraft draft, KeyLimited c)
    {
        var key = draft.FindKey(c.Subject)!;
        draft.Put(key with { ExpiresAt = c.ExpiresAt, RefreshExpiresAt = key.RefreshedAt == 0 ? Math.Min(key.RefreshExpiresAt, c.ExpiresAt) : key.RefreshExpiresAt });
    }

    private static void Mint(MeshDraft draft, KeyMinted c)
    {
        var scopes = ScopeWords.Parse(c.Scopes);
        var lineage = c.Lineage ?? c.Subject;
        draft.Put(new Key
        {
            Revision = c.Revision,
            Id = c.Subject,
            Name = c.KeyName,
            Lineage = lineage,
            Parent = c.Parent,
            Account = draft.FindKey(c.Actor)?.Account ?? (scopes.HasFlag(ScopeSet.Admin) ? null : lineage),
            Scopes = scopes,
            Reach = Reach.Of(c.Within ?? (c.AgentId is null ? null : [Reach.OfAgent(c.AgentId)])),
            Hash = c.Hash,
            CreatedAt = c.At,
            ExpiresAt = c.ExpiresAt,
            Lifetime = c.ExpiresAt == 0 ? 0 : c.ExpiresAt - c.At,
            AgentId = c.AgentId,
            Incarnation = c.Incarnation,
            Generation = c.Generation,
            RefreshHash = c.RefreshHash,
            RefreshExpiresAt = c.RefreshExpiresAt,
        });
    }

    private static void Keep(MeshDraft draft, ReceiptKept c) =>
        draft.Put(new Receipt(
            c.Revision,
            UInt128.Parse(c.Subject, NumberStyles.HexNumber, CultureInfo.InvariantCulture),
            UInt128.Parse(c.Request, NumberStyles.HexNumber, CultureInfo.InvariantCulture),
            c.At,
            c.Status,
            c.KeyId,
            c.Owner,
            c.Size));
}
