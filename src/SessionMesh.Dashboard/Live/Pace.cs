namespace SessionMesh.Dashboard.Live;

/// <summary>
/// How often the page looks at the whole fleet. To read an agent costs the server some 10 µs (eng/bench.sh page), so that the pace
/// follows from the number of agents: a viewer of 10,000 costs a few hundredths of a core, whatever happens in the fleet.
/// </summary>
public static class Pace
{
    /// <summary>After a change of which the log did not say everything: a new agent, another parent.</summary>
    public static TimeSpan AfterChange(int agents) =>
        TimeSpan.FromMilliseconds(Math.Clamp(agents * 0.3, 200, 20_000));

    /// <summary>Where nothing happened: loads and activities are in no log.</summary>
    public static TimeSpan AtRest(int agents) => TimeSpan.FromMilliseconds(Math.Clamp(agents * 0.5, 2_000, 30_000));

    /// <summary>The least between two pictures: ten a second.</summary>
    public static readonly TimeSpan Frame = TimeSpan.FromMilliseconds(100);
}
