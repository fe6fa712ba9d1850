using System.Buffers;
using System.Text.Json;
using SessionMesh.Core;
using SessionMesh.Core.Agents;
using SessionMesh.Core.Idempotency;
using SessionMesh.Core.Keys;
using SessionMesh.Core.Sessions;
using SessionMesh.Core.State;
using SessionMesh.Core.Steering;
using SessionMesh.Server.Telemetry;
using SQLitePCL;

namespace SessionMesh.Server.Store.Sqlite;

/// <summary>
/// Writes a batch, that is its changes and the rows that they add up to, in one transaction that is on the disk when
/// <see cref="Write(MeshDraft)"/> returns. A record that changed several times in a batch is written once. The engine's thread alone.
/// </summary>
internal sealed class LogWriter : IDisposable
{
    private readonly sqlite3 _db;
    private readonly MeshMetrics _metrics;
    private readonly ArrayBufferWriter<byte> _payload = new(1024);
    private readonly Utf8JsonWriter _json;
    private readonly PreparedStatement _begin;
    private readonly PreparedStatement _commit;
    private readonly PreparedStatement _change;
    private readonly PreparedStatement _agent;
    private readonly PreparedStatement _removeAgent;
    private readonly PreparedStatement _claim;
    private readonly PreparedStatement _removeClaim;
    private readonly PreparedStatement _link;
    private readonly PreparedStatement _removeLink;
    private readonly PreparedStatement _forgottenIncarnation;
    private readonly PreparedStatement _directive;
    private readonly PreparedStatement _message;
    private readonly PreparedStatement _moveDirective;
    private readonly PreparedStatement _key;
    private readonly PreparedStatement _session;
    private readonly PreparedStatement _removeSession;
    private readonly PreparedStatement _receipt;
    private readonly PreparedStatement _trimReceipts;
    private readonly PreparedStatement[] _all;
    private readonly HeadWriter _heads;

    /// <param name="heads">Disposed with the writer.</param>
    public LogWriter(SqliteStore store, MeshMetrics metrics, HeadWriter heads)
    {
        _metrics = metrics;
        _db = store.Handle;
        _json = new Utf8JsonWriter(_payload, new JsonWriterOptions { SkipValidation = true });
        _begin = new(_db, "BEGIN IMMEDIATE");
        _commit = new(_db, "COMMIT");
        _change = new(_db, """
            INSERT INTO changes (revision, at, actor, kind, subject, payload, remote_address, request_id) VALUES (?,?,?,?,?,?,?,?)
            """);
        _agent = new(_db, """
            INSERT INTO agents (number, id, incarnation, session, liveness, paused, specializations, labels, cluster, parent, user, owner,
              direction, created_at, ttl, stop, last_exit, meta, session_changed_at, is_expired_by_hand, born, gone_at, orphaned_from,
              skills, claimed_at, stall)
            VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)
            ON CONFLICT (number) DO UPDATE SET incarnation=excluded.incarnation, session=excluded.session, liveness=excluded.liveness,
              paused=excluded.paused, specializations=excluded.specializations, labels=excluded.labels, cluster=excluded.cluster,
              parent=excluded.parent, user=excluded.user, direction=excluded.direction, ttl=excluded.ttl, stop=excluded.stop,
              last_exit=excluded.last_exit, meta=excluded.meta, session_changed_at=excluded.session_changed_at,
              is_expired_by_hand=excluded.is_expired_by_hand, gone_at=excluded.gone_at, orphaned_from=excluded.orphaned_from,
              skills=excluded.skills, claimed_at=excluded.claimed_at, stall=excluded.stall
            """);
        _claim = new(_db, """
            INSERT INTO claims (revision, agent, specialization, key_id, lineage, account, ttl, at, expires_at) VALUES (?,?,?,?,?,?,?,?,?)
            ON CONFLICT (revision) DO UPDATE SET ttl=excluded.ttl, expires_at=excluded.expires_at
            """);
        _removeClaim = new(_db, "DELETE FROM claims WHERE revision = ?");
        _link = new(_db, """
            INSERT INTO links (revision, from_agent, to_agent, kind, weight, account, at) VALUES (?,?,?,?,?,?,?)
            ON CONFLICT (revision) DO UPDATE SET weight=excluded.weight
            """);
        _removeLink = new(_db, "DELETE FROM links WHERE revision = ?");
        _removeAgent = new(_db, "DELETE FROM agents WHERE number = ?");
        _forgottenIncarnation = new(_db, "UPDATE mesh SET forgotten_incarnation = ? WHERE id = 1");
        _directive = new(_db, """
            INSERT INTO directives (revision, agent, seq, previous, verb, direction, message, data, state, issued_by, issued_at, expires_at,
              delivered_at, accepted_at, ended_at, note, message_at)
            VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)
            """);
        _message = new(_db, "INSERT INTO messages (revision, text, data) VALUES (?,?,?)");
        _moveDirective = new(_db, "UPDATE directives SET state=?, delivered_at=?, accepted_at=?, ended_at=?, note=? WHERE revision=?");
        _key = new(_db, """
            INSERT INTO keys (revision, id, name, lineage, parent, account, scopes, reach, hash, created_at, expires_at, lifetime, agent_id,
              incarnation, generation, refresh_hash, refresh_expires_at, refreshed_at, ended_at, is_service, kept_until, last_used_at,
              is_revoked)
            VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)
            ON CONFLICT (revision) DO UPDATE SET expires_at=excluded.expires_at, refresh_expires_at=excluded.refresh_expires_at,
              refreshed_at=excluded.refreshed_at, ended_at=excluded.ended_at, kept_until=excluded.kept_until,
              last_used_at=excluded.last_used_at, is_revoked=excluded.is_revoked
            """);
        _session = new(_db, """
            INSERT INTO sessions (revision, id, user, is_expired, ttl, meta, created_at, last_access, expires_at, expired_at, version)
            VALUES (?,?,?,?,?,?,?,?,?,?,?)
            ON CONFLICT (revision) DO UPDATE SET is_expired=excluded.is_expired, ttl=excluded.ttl, meta=excluded.meta,
              last_access=excluded.last_access, expires_at=excluded.expires_at, expired_at=excluded.expired_at, version=excluded.version
            """);
        _removeSession = new(_db, "DELETE FROM sessions WHERE revision = ?");
        _receipt = new(_db, """
            INSERT INTO receipts (revision, scope, request, at, status, answer, key_id, owner, size, version) VALUES (?,?,?,?,?,?,?,?,?,?)
            """);
        _trimReceipts = new(_db, "DELETE FROM receipts WHERE revision < ?");
        _all =
        [
            _begin, _commit, _change, _agent, _removeAgent, _claim, _removeClaim, _link, _removeLink,
            _forgottenIncarnation, _directive, _message, _moveDirective, _key, _session,
            _removeSession, _receipt, _trimReceipts,
        ];
        _heads = heads;
    }

    /// <summary>If it throws, nothing of the batch is stored; after <see cref="StoreException.IsFsync"/> nobody knows.</summary>
    /// <exception cref="StoreException">SQLite refused.</exception>
    public void Write(MeshDraft draft)
    {
        try
        {
            _begin.Run();
            WriteChanges(draft);
            WriteRows(draft);
            _heads.Write(draft.Base);
            var began = System.Diagnostics.Stopwatch.GetTimestamp();
            _commit.Run();
            _metrics.Synced(began);
            _heads.Committed(draft);
        }
        catch (Exception e) when (e is not StoreException { IsFsync: true })
        {
            RollBack();
            throw;
        }
    }

    public void Dispose()
    {
        foreach (var statement in _all)
        {
            statement.Dispose();
        }

        _heads.Dispose();
        _json.Dispose();
    }

    private void WriteChanges(MeshDraft draft)
    {
        foreach (var change in draft.Changes)
        {
            _payload.ResetWrittenCount();
            ChangeCodec.WritePayload(_payload, _json, change);
            _change.Bind(change.Revision).Bind(change.At).Bind(change.Actor).Bind(change.Kind).Bind(change.Subject)
                .Bind(_payload.WrittenSpan).Bind(change.Origin.RemoteAddress).Bind(change.Origin.RequestId).Run();
            if (change is MessageKept kept)
            {
                _message.Bind(kept.Revision).Bind(kept.Text).Bind(kept.Data).Run();
            }
        }
    }

    private void WriteRows(MeshDraft draft)
    {
        foreach (var number in draft.RemovedAgents.Keys)
        {
            _removeAgent.Bind(number).Run(); // first: another agent may have the number by now
        }

        foreach (var agent in draft.ChangedAgents)
        {
            Write(agent);
        }

        if (draft.ForgottenIncarnation != draft.Base.ForgottenIncarnation)
        {
            _forgottenIncarnation.Bind(draft.ForgottenIncarnation).Run();
        }

        foreach (var directive in draft.ChangedDirectives)
        {
            if (directive.Revision > draft.Base.Revision)
            {
                Insert(directive);
            }
            else
            {
                _moveDirective.Bind((long)directive.State).Bind(directive.DeliveredAt).Bind(directive.AcceptedAt).Bind(directive.EndedAt)
                    .Bind(directive.Note).Bind(directive.Revision).Run();
            }
        }

        foreach (var key in draft.ChangedKeys)
        {
            Write(key);
        }

        foreach (var claim in draft.RemovedClaims)
        {
            _removeClaim.Bind(claim.Revision).Run();
        }

        foreach (var claim in draft.ChangedClaims)
        {
            _claim.Bind(claim.Revision).Bind(claim.Agent).Bind(claim.Specialization).Bind(claim.KeyId).Bind(claim.Lineage)
                .Bind(claim.Account).Bind(claim.Ttl).Bind(claim.At).Bind(claim.ExpiresAt).Run();
        }

        foreach (var link in draft.RemovedLinks)
        {
            _removeLink.Bind(link.Revision).Run();
        }

        foreach (var link in draft.ChangedLinks)
        {
            _link.Bind(link.Revision).Bind(link.From).Bind(link.To).Bind(link.Kind).Bind(link.Weight).Bind(link.Account).Bind(link.At)
                .Run();
        }

        foreach (var session in draft.RemovedSessions)
        {
            _removeSession.Bind(session.Revision).Run();
        }

        foreach (var session in draft.ChangedSessions)
        {
            Write(session);
        }

        foreach (var receipt in draft.NewReceipts)
        {
            Write(receipt);
        }

        if (draft.TrimReceiptsBelow > 0)
        {
            _trimReceipts.Bind(draft.TrimReceiptsBelow).Run();
        }
    }

    private void Write(Agent a) =>
        _agent.Bind(a.Number).Bind(a.Id).Bind(a.Incarnation).Bind(a.Session).Bind((long)a.Liveness).Bind(a.Paused ? 1 : 0)
            .Bind(a.Specializations.Json).Bind(a.Labels.Json).Bind(a.Cluster).Bind(a.Parent).Bind(a.User).Bind(a.Owner).Bind(a.Direction)
            .Bind(a.CreatedAt).Bind(a.Ttl).Bind(AgentJson.Write(a.Stop)).Bind(AgentJson.Write(a.LastExit))
            .Bind(a.Meta.IsEmpty ? null : a.Meta.Json).Bind(a.SessionChangedAt).Bind(a.IsExpiredByHand ? 1 : 0)
            .Bind(a.Born).Bind(a.GoneAt).Bind(a.OrphanedFrom).Bind(a.Skills.Details)
            .Bind(a.ClaimedAt == 0 ? null : a.ClaimedAt).Bind(AgentJson.Write(a.Stall)).Run();

    private void Write(Session s) =>
        _session.Bind(s.Revision).Bind(s.Id).Bind(s.User).Bind(s.IsExpired ? 1 : 0)
            .Bind(s.Ttl switch { null => 0, 0 => SessionTableRow.ZeroTtl, var ttl => ttl.Value })
            .Bind(s.Meta.Utf8())
            .Bind(s.CreatedAt).Bind(s.LastAccess).Bind(s.ExpiresAt).Bind(s.ExpiredAt).Bind(s.Version).Run();

    private void Insert(DirectiveRecord d) =>
        _directive.Bind(d.Revision).Bind(d.Agent).Bind(d.Seq).Bind(d.Previous).Bind((long)d.Verb).Bind(d.Direction)
            .Bind(d.MessageAt == 0 ? d.Message : null).Bind(d.MessageAt == 0 ? d.Data : null)
            .Bind((long)d.State).Bind(d.IssuedBy).Bind(d.IssuedAt).Bind(d.ExpiresAt)
            .Bind(d.DeliveredAt).Bind(d.AcceptedAt).Bind(d.EndedAt).Bind(d.Note).Bind(d.MessageAt == 0 ? null : d.MessageAt).Run();

    private void Write(Key k) =>
        _key.Bind(k.Revision).Bind(k.Id).Bind(k.Name).Bind(k.Lineage).Bind(k.Parent).Bind(k.Account)
            .Bind(NameSet.Of(k.Scopes.ToWords()).Json).Bind(k.Reach?.Json).Bind(k.Hash)
            .Bind(k.CreatedAt).Bind(k.ExpiresAt).Bind(k.Lifetime).Bind(k.AgentId).Bind(k.Incarnation).Bind(k.Generation)
            .Bind(k.RefreshHash).Bind(k.RefreshExpiresAt).Bind(k.RefreshedAt).Bind(k.EndedAt).Bind(k.IsService ? 1 : 0)
            .Bind(k.KeptUntil).Bind(k.LastUsedAt).Bind(k.EndedAt == 0 ? null : k.IsRevoked ? 1 : 0).Run();

    private void Write(Receipt r)
    {
        _receipt.Bind(r.Revision).Bind(r.Scope.ToString("x32", null)).Bind(r.Request.ToString("x32", null)).Bind(r.At).Bind(r.Status);
        (r.Answer is { } answer ? _receipt.Bind(answer.AsSpan()) : _receipt.Bind((string?)null))
            .Bind(r.KeyId).Bind(r.Owner).Bind(r.Size).Bind(r.Version).Run();
    }

    private void RollBack()
    {
        foreach (var statement in _all.Concat(_heads.Statements))
        {
            statement.Abandon();
        }

        // SQLite rolls back by itself after some errors.
        if (raw.sqlite3_get_autocommit(_db) == 0)
        {
            raw.sqlite3_exec(_db, "ROLLBACK");
        }
    }
}
