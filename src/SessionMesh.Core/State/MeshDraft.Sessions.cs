using SessionMesh.Core.Sessions;

namespace SessionMesh.Core.State;

/// <summary>Plain sessions as this batch leaves them.</summary>
public sealed partial class MeshDraft
{
    /// <summary>By id; null for one that was removed.</summary>
    private readonly Dictionary<string, Session?> _sessions = new(StringComparer.Ordinal);
    private readonly List<Session> _removedSessions = [];
    private int _moreSessions;

    /// <inheritdoc cref="ChangedAgents"/>
    public IEnumerable<Session> ChangedSessions => _sessions.Values.OfType<Session>();

    /// <summary>Sessions whose rows go, as they were last.</summary>
    public IReadOnlyCollection<Session> RemovedSessions => _removedSessions;

    /// <summary>A plain session, if the caller may see it: a key that is for some agents is for no session without one.</summary>
    public Session? FindSession(string id) => Caller?.Reach is null ? KnownSession(id) : null;

    /// <summary>A plain session, whether or not the caller may see it.</summary>
    public Session? KnownSession(string id) => _sessions.TryGetValue(id, out var session) ? session : state.Sessions.Find(id);

    /// <summary>Plain sessions that the caller may see.</summary>
    public int SessionCount => Caller?.Reach is not null ? 0 : state.Sessions.Count + _moreSessions;

    /// <summary>
    /// Plain sessions that are over, and were before a time, as far as the caller may see them: earliest end first, then what this batch
    /// changed.
    /// </summary>
    /// <param name="before">Microseconds.</param>
    public IEnumerable<Session> SessionsOver(long before)
    {
        if (Caller?.Reach is not null)
        {
            return [];
        }

        var at = Now.Micros();
        return state.Sessions.Over(at, before).Where(session => !_sessions.ContainsKey(session.Id))
            .Concat(ChangedSessions.Where(session => session.OverSince(at) is { } since && since < before));
    }

    internal void Put(Session session)
    {
        _moreSessions += KnownSession(session.Id) is null ? 1 : 0;
        _sessions[session.Id] = session;
    }

    internal void Remove(Session session)
    {
        _moreSessions--;
        _sessions[session.Id] = null;
        _removedSessions.Add(session);
    }

    private void CommitSessions()
    {
        foreach (var session in _removedSessions)
        {
            state.Sessions.Remove(session.Id, session.Revision);
        }

        // In order of creation, as every list shows them.
        foreach (var session in ChangedSessions.OrderBy(s => s.Revision))
        {
            state.Sessions.Put(session);
        }
    }
}
