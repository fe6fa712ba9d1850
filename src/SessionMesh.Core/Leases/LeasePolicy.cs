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
    /// How many of the leases that are due may lapse in this tick. When more than a sixth of a fleet would lapse within one TTL, that is
    /// more likely our network than their death: then a sixtieth of the fleet goes a tick. A fleet that dies as its beats were spread
    /// lapses over a third of its TTL, so that no single tick shows it. What trickles by less than a sixtieth a tick is never held back,
    /// however long it lasts.
    /// </summary>
    /// <param name="due">Leases that are due and have not lapsed.</param>
    /// <param name="before">How many lapsed within one TTL before this tick. They count for the fleet: it is no smaller for what a fault
    /// of ours made of it.</param>
    /// <param name="alive">Agents that are alive, those that are due included.</param>
    public static int LapsesPerTick(int due, int before, int alive)
    {
        var fleet = (long)alive + before;
        return fleet < SmallFleet || (long)before + due <= fleet / 6 ? due : (int)Math.Min(due, Math.Max(1, fleet / 60));
    }
}
