using SessionMesh.Contracts.Admin;
using SessionMesh.Core.Agents;
using SessionMesh.Core.State;
using SessionMesh.Core.Steering;

namespace SessionMesh.Server.Telemetry;

/// <summary>
/// What happened in each minute of the last hour: sixty rows of numbers, whatever happens. In memory; a restart begins anew. Thread-safe.
/// </summary>
public sealed class LastHour
{
    public const int Minutes = 60;

    private readonly TimeProvider _time;
    private readonly MeshState _state;
    private readonly Lock _gate = new();
    private readonly Counts[] _ring = new Counts[Minutes];

    /// <summary>The first minute that was counted, and the one that is counted now; minutes since 1970.</summary>
    private readonly long _first;
    private long _newest;

    public LastHour(TimeProvider time, MeshState state)
    {
        (_time, _state) = (time, state);
        _first = _newest = Minute();
    }

    /// <summary>Counts what an applied batch has of steers, acknowledgements and kills, and how many are alive after it.</summary>
    public void Applied(MeshDraft draft)
    {
        var (steers, acknowledged, kills) = (0, 0, 0);
        var changes = draft.Changes;
        for (var i = 0; i < changes.Count; i++)
        {
            switch (changes[i])
            {
                case DirectiveIssued { Verb: Verb.Steer }: steers++; break;
                case DirectiveMoved { State: DeliveryState.Acknowledged }: acknowledged++; break;
                case AgentStopping: kills++; break;
            }
        }

        var alive = Alive();
        lock (_gate)
        {
            ref var now = ref Now();
            now.Alive = alive;
            now.Steers += steers;
            now.Acknowledged += acknowledged;
            now.Kills += kills;
        }
    }

    /// <summary>Counts a call that was refused for want of a right.</summary>
    public void Refused()
    {
        lock (_gate)
        {
            Now().Refused++;
        }
    }

    /// <summary>Oldest first; the last one is the minute that has begun. As many as there are since the start, sixty at most.</summary>
    public IReadOnlyList<MinuteCounts> Read()
    {
        var alive = Alive();
        lock (_gate)
        {
            Now().Alive = alive;
            var rows = new List<MinuteCounts>(Minutes);
            for (var minute = Math.Max(_first, _newest - Minutes + 1); minute <= _newest; minute++)
            {
                var counts = _ring[minute % Minutes];
                rows.Add(new MinuteCounts
                {
                    At = DateTimeOffset.UnixEpoch.AddMinutes(minute),
                    Alive = counts.Alive,
                    Steers = counts.Steers,
                    Acknowledged = counts.Acknowledged,
                    Kills = counts.Kills,
                    Refused = counts.Refused,
                });
            }

            return rows;
        }
    }

    private int Alive() => _state.Indexes.With(Liveness.Alive).Count;

    /// <summary>
    /// The row of this minute. In those that passed without a change as many were alive as before: who lives is in the log. A clock that is
    /// set back goes on in the row that it had.
    /// </summary>
    private ref Counts Now()
    {
        var minute = Minute();
        var alive = _ring[_newest % Minutes].Alive;
        for (var missed = Math.Max(_newest + 1, minute - Minutes + 1); missed <= minute; missed++)
        {
            _ring[missed % Minutes] = new Counts { Alive = alive };
        }

        _newest = Math.Max(_newest, minute);
        return ref _ring[_newest % Minutes];
    }

    private long Minute() => _time.GetUtcNow().ToUnixTimeSeconds() / 60;

    private struct Counts
    {
        public int Alive;
        public int Steers;
        public int Acknowledged;
        public int Kills;
        public int Refused;
    }
}
