using SessionMesh.Core.State;

namespace SessionMesh.Core.Sessions;

/// <summary>The result of a cleanup.</summary>
/// <param name="Removed">Ids, oldest first.</param>
/// <param name="Remaining">How many are left, or would be.</param>
/// <param name="More">Whether the limit was reached, and there are others.</param>
/// <param name="DryRun">Nothing was removed.</param>
public sealed record Cleaned(IReadOnlyList<string> Removed, int Remaining, bool More, bool DryRun);

/// <summary>Removes sessions that are over, or were before a time; those that ended first when there are more than the limit.</summary>
public sealed record CleanupSessions : Command<Cleaned>
{
    /// <summary>Microseconds; null for now.</summary>
    public long? Before { get; init; }
    public bool DryRun { get; init; }
    public override bool OnlyLooks => DryRun;

    /// <summary>Sessions at most.</summary>
    public required int Limit { get; init; }

    /// <summary>Why, for the log; null when a caller asked for it.</summary>
    public string? Reason { get; init; }

    public override Outcome<Cleaned> Decide(MeshDraft draft)
    {
        var over = draft.SessionsOver(Before ?? long.MaxValue).Take(Limit + 1).ToList();
        var more = over.Count > Limit;
        if (more)
        {
            over.RemoveAt(Limit);
        }

        var removed = over.OrderBy(session => session.Revision).Select(session => session.Id).ToList();
        var remaining = draft.SessionCount - removed.Count;
        if (!DryRun)
        {
            foreach (var id in removed)
            {
                draft.Emit(new SessionDeleted { Subject = id, Reason = Reason });
            }
        }

        return new Cleaned(removed, remaining, more, DryRun);
    }
}

/// <summary>A session as another store has it. Times are microseconds, 0 for none.</summary>
public sealed record ForeignSession(
    string Id, string User, bool IsExpired, int Ttl, Meta Meta, long CreatedAt, long LastAccess, long ExpiresAt, long ExpiredAt);

/// <summary>
/// Takes over sessions of another store as they are. An id that is there already is left as it is. Answers how many were new.
/// </summary>
public sealed record ImportSessions : Command<int>
{
    public required IReadOnlyList<ForeignSession> Records { get; init; }
    public bool DryRun { get; init; }
    public override bool OnlyLooks => DryRun;

    public override int Weight => BaseWeight + Records.Sum(record => 256 + record.Meta.Utf8().Length);

    public override Outcome<int> Decide(MeshDraft draft)
    {
        if (SessionRules.CheckMayCreate(draft) is { } refused)
        {
            return refused;
        }

        var taken = 0;
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var record in Records)
        {
            if (!seen.Add(record.Id) || draft.KnownSession(record.Id) is not null)
            {
                continue;
            }

            taken++;
            if (!DryRun)
            {
                draft.Emit(new SessionImported
                {
                    Subject = record.Id,
                    User = record.User,
                    Expired = record.IsExpired,
                    Ttl = record.Ttl,
                    Meta = record.Meta.IsEmpty ? null : record.Meta,
                    CreatedAt = record.CreatedAt,
                    LastAccess = record.LastAccess,
                    ExpiresAt = record.ExpiresAt,
                    ExpiredAt = record.ExpiredAt,
                });
            }
        }

        return taken;
    }
}
