using SessionMesh.Core.State;

namespace SessionMesh.Core.Sessions;

/// <summary>The result of a cleanup.</summary>
/// <param name="Removed">Ids, oldest first.</param>
/// <param name="Remaining">How many are left, or would be.</param>
/// <param name="More">Whether the limit was reached and there are more to remove.</param>
/// <param name="DryRun">Whether this was a dry run, which removes nothing.</param>
public sealed record Cleaned(IReadOnlyList<string> Removed, int Remaining, bool More, bool DryRun);

/// <summary>
/// Removes sessions that are over; with <see cref="Before"/>, only those that ended before it. Past the limit, those that ended last stay.
/// </summary>
public sealed record CleanupSessions : Command<Cleaned>
{
    /// <summary>Microseconds; null for now.</summary>
    public long? Before { get; init; }
    public bool DryRun { get; init; }
    public override bool OnlyLooks => DryRun;

    /// <summary>How many sessions to remove at most.</summary>
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

/// <summary>A session as another store has it. Times are microseconds, 0 for none; the TTL is null for none.</summary>
public sealed record ForeignSession(
    string Id, string User, bool IsExpired, double? Ttl, Meta Meta, long CreatedAt, long LastAccess, long ExpiresAt, long ExpiredAt)
{
    /// <summary>Whether a session is as this record says.</summary>
    internal bool Describes(Session session) => this == new ForeignSession(
        session.Id, session.User, session.IsExpired, session.Ttl, session.Meta, session.CreatedAt, session.LastAccess, session.ExpiresAt,
        session.ExpiredAt);
}

/// <summary>
/// Imports sessions of another store unchanged. Of two records with one id the last counts. An id that exists already is skipped, unless
/// the same import put it there. Returns the ids that were new.
/// </summary>
public sealed record ImportSessions : Command<IReadOnlyList<string>>
{
    public required IReadOnlyList<ForeignSession> Records { get; init; }

    /// <summary>What this import has put there before: a later record takes its place, as long as nobody has changed it.</summary>
    public IReadOnlySet<string>? Earlier { get; init; }

    /// <summary>The same for what was made after this revision: the import comes in several calls. Null for one call.</summary>
    public long? Since { get; init; }
    public bool DryRun { get; init; }
    public override bool OnlyLooks => DryRun;

    public override int Weight => BaseWeight + Records.Sum(record => 256 + record.User.Length + record.Meta.Utf8().Length);

    public override Outcome<IReadOnlyList<string>> Decide(MeshDraft draft)
    {
        if (SessionRules.CheckMayCreate(draft) is { } refused)
        {
            return refused;
        }

        var taken = new List<string>();
        var last = Records.Select((record, i) => (record.Id, i)).GroupBy(pair => pair.Id).ToDictionary(
            pairs => pairs.Key, pairs => pairs.Max(pair => pair.i), StringComparer.Ordinal);
        for (var i = 0; i < Records.Count; i++)
        {
            var record = Records[i];
            if (last[record.Id] != i)
            {
                continue;
            }

            var known = draft.KnownSession(record.Id);
            var isEarlier = Earlier?.Contains(record.Id) == true || known?.Revision > Since;
            if (known is not null && (!isEarlier || IsChanged(known) || record.Describes(known)))
            {
                continue;
            }

            if (!isEarlier)
            {
                taken.Add(record.Id);
            }

            if (!DryRun)
            {
                if (known is not null)
                {
                    draft.Emit(new SessionDeleted { Subject = record.Id, Reason = "a later line of the import has the same id" });
                }

                draft.Emit(new SessionImported
                {
                    Subject = record.Id,
                    User = record.User,
                    Expired = record.IsExpired,
                    Ttl = record.Ttl ?? 0,
                    TtlIsZero = record.Ttl == 0,
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

    /// <summary>Whether somebody has changed it since it came here. That its time ran out changes nothing that counts.</summary>
    private static bool IsChanged(Session session) =>
        session.Version != session.Revision && (!session.IsExpired || session.WasEndedByHand);
}
