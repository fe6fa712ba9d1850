namespace SessionMesh.Core.Leases;

/// <summary>How often agents are told to beat, and how many may lapse at once. Pure.</summary>
public static class LeasePolicy
{
    /// <summary>
    /// Heartbeats a second that the mesh asks a whole fleet for. Above it the beat is stretched, and the TTL with it.
    /// Two cores take about 65,000 single heartbeats a second (eng/bench.sh, item b); a sixth of it leaves room for work.
    /// </summary>
    public const int FleetBeatsPerSecond = 10_000;

    /// <summary>A fleet smaller than this is never slowed in expiring.</summary>
    public const int SmallFleet = 100;

    /// <summary>Seconds of the lease to grant to one agent of a fleet of <paramref name="alive"/>.</summary>
    public static int Grant(int ttl, int alive)
    {
        var stretched = 3L * alive / FleetBeatsPerSecond;
        return (int)Math.Max(ttl, Math.Min(stretched, int.MaxValue));
    }

    /// <summary>
    /// Seconds after which to beat: a third of the TTL, less up to a fifth of that as jitter, so that a fleet that came
    /// back at once does not beat at once for ever.
    /// </summary>
    /// <param name="random">0 to 1.</param>
    public static int NextBeat(int ttl, double random) => Math.Max(1, (int)Math.Round(ttl / 3.0 * (1 - (0.2 * random))));

    /// <summary>
    /// How many of the leases that are due may lapse in this tick. If more than a sixth of a fleet would lapse within one TTL, our network
    /// is a likelier cause than their death, so only a sixtieth of the fleet lapses per tick. The window is a TTL because heartbeats are
    /// spread: a fleet that dies at once lapses over a third of its TTL, and no single tick shows it. Lapses below a sixtieth per tick are
    /// never held back.
    /// </summary>
    /// <param name="due">Leases that are due and have not lapsed.</param>
    /// <param name="before">How many lapsed within one TTL before this tick. They count as part of the
    /// fleet, so that it does not seem to shrink as it lapses.</param>
    /// <param name="alive">Agents that are alive, those that are due included.</param>
    public static int LapsesPerTick(int due, int before, int alive)
    {
        var fleet = (long)alive + before;
        return fleet < SmallFleet || (long)before + due <= fleet / 6 ? due : (int)Math.Min(due, Math.Max(1, fleet / 60));
    }
}
