using SessionMesh.Contracts;
using SessionMesh.Contracts.Errors;
using SessionMesh.Core.State;

namespace SessionMesh.Core.Sessions;

/// <summary>Creates a session.</summary>
public sealed record CreateSession : Command<Session>
{
    public required string Id { get; init; }
    public string? User { get; init; }

    /// <summary>Seconds; 0 for none, null for the default.</summary>
    public int? Ttl { get; init; }
    public Meta Meta { get; init; } = Meta.Empty;

    public override int Weight => BaseWeight + Meta.Utf8().Length;

    public override Outcome<Session> Decide(MeshDraft draft)
    {
        if ((SessionRules.CheckMayCreate(draft) ?? SessionRules.CheckSize(Meta)) is { } refused)
        {
            return refused;
        }

        if (draft.KnownSession(Id) is not null)
        {
            return new MeshError(
                ErrorKind.Conflict, ErrorCodes.SessionExists, $"There is a session '{Id}' already. Choose another id, or leave it out.");
        }

        var ttl = Ttl ?? Limits.DefaultSessionTtl;
        draft.Emit(new SessionCreated
        {
            Subject = Id,
            User = User ?? SessionRules.DefaultUser,
            Ttl = ttl,
            Meta = Meta.IsEmpty ? null : Meta,
            ExpiresAt = SessionRules.EndOf(draft.Now, ttl),
        });
        return draft.KnownSession(Id)!;
    }
}

/// <summary>Sets entries of the metadata, or removes them where they are null. Entries that change nothing are not logged.</summary>
public sealed record UpdateSession : Command<Session>
{
    public required string Id { get; init; }
    public required IReadOnlyDictionary<string, string?> Meta { get; init; }

    /// <summary>The version the caller has seen; null skips the check.</summary>
    public long? IfMatch { get; init; }

    public override int Weight => BaseWeight + SessionRules.Length(Meta);

    public override Outcome<Session> Decide(MeshDraft draft)
    {
        if (draft.FindSession(Id) is not { } session)
        {
            return SessionRules.NotFound(Id);
        }

        var size = SessionRules.CheckSize(session.Meta.With(Meta), session.Meta);
        if ((SessionRules.CheckVersion(Id, session.Version, IfMatch) ?? size) is { } refused)
        {
            return refused;
        }

        // Emitted even if no entry changes, because it records the access.
        draft.Emit(new SessionUpdated { Subject = Id, Meta = SessionRules.Effective(session.Meta, Meta) });
        return draft.KnownSession(Id)!;
    }
}

/// <summary>Starts a session's TTL anew. A session that has expired is active again.</summary>
public sealed record RefreshSession : Command<Session>
{
    public required string Id { get; init; }

    /// <summary>
    /// Seconds; 0 for none, null for what the session has, or the default where that is no TTL that could be given.
    /// </summary>
    public int? Ttl { get; init; }
    public long? IfMatch { get; init; }

    public override Outcome<Session> Decide(MeshDraft draft)
    {
        if (draft.FindSession(Id) is not { } session)
        {
            return SessionRules.NotFound(Id);
        }

        if (SessionRules.CheckVersion(Id, session.Version, IfMatch) is { } changed)
        {
            return changed;
        }

        var ttl = Ttl ?? SessionRules.TtlAgain(session);
        draft.Emit(new SessionRefreshed { Subject = Id, Ttl = ttl, ExpiresAt = SessionRules.EndOf(draft.Now, ttl) });
        return draft.KnownSession(Id)!;
    }
}

/// <summary>Expires a session now. One that is over already counts as expired by hand from now on.</summary>
public sealed record ExpireSession : Command<Session>
{
    public required string Id { get; init; }
    public long? IfMatch { get; init; }

    public override bool IsVital(MeshState state) => true;

    public override Outcome<Session> Decide(MeshDraft draft)
    {
        if (draft.FindSession(Id) is not { } session)
        {
            return SessionRules.NotFound(Id);
        }

        if (SessionRules.CheckVersion(Id, session.Version, IfMatch) is { } changed)
        {
            return changed;
        }

        draft.Emit(new SessionExpired { Subject = Id, ByHand = true });
        return draft.KnownSession(Id)!;
    }
}

/// <summary>Deletes a session. Returns its id.</summary>
public sealed record DeleteSession : Command<string>
{
    public required string Id { get; init; }
    public long? IfMatch { get; init; }

    public override Outcome<string> Decide(MeshDraft draft)
    {
        if (draft.FindSession(Id) is not { } session)
        {
            return SessionRules.NotFound(Id);
        }

        if (SessionRules.CheckVersion(Id, session.Version, IfMatch) is { } changed)
        {
            return changed;
        }

        draft.Emit(new SessionDeleted { Subject = Id });
        return Id;
    }
}

/// <summary>Records sessions as over once their TTL has passed. Each is checked again here, since it may have been refreshed.</summary>
public sealed record ExpireSessions : Command<int>
{
    public override bool IsForTheJudge => true;

    public required IReadOnlyList<string> Ids { get; init; }

    /// <summary>Returns how many expired.</summary>
    public override Outcome<int> Decide(MeshDraft draft)
    {
        var expired = 0;
        foreach (var id in Ids)
        {
            if (draft.KnownSession(id) is { IsExpired: false } session && session.IsOverAt(draft.Now.Micros()))
            {
                draft.Emit(new SessionExpired { Subject = id });
                expired++;
            }
        }

        return expired;
    }
}
