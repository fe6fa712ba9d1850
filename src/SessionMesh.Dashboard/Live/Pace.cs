namespace SessionMesh.Dashboard.Live;

/// <summary>
/// How often a page looks at the whole fleet. To read an agent costs the server some 10 µs (eng/bench.sh page), so that the pace
/// follows from the number of agents: a viewer of 10,000 costs a few hundredths of a core, whatever happens in the fleet. Several
/// viewers share what they may cost together, and each looks less often.
/// </summary>
public static class Pace
{
    /// <summary>Milliseconds for each agent and each viewer: all looks together take 6 % of a core, of which 10 µs are one row.</summary>
    private const double Shared = 0.01 / 0.06;

    /// <summary>After a change of which the log did not say everything: a new agent, another parent.</summary>
    public static TimeSpan AfterChange(int agents, int viewers) => Of(agents, viewers, each: 0.3, least: 200, most: 20_000);

    /// <summary>Where nothing happened: loads and activities are in no log.</summary>
    public static TimeSpan AtRest(int agents, int viewers) => Of(agents, viewers, each: 0.5, least: 2_000, most: 30_000);

    private static TimeSpan Of(int agents, int viewers, double each, double least, double most) =>
        TimeSpan.FromMilliseconds(Math.Max(
            Math.Clamp(agents * each, least, most),
            Math.Min(agents * Shared * viewers, 60_000)));

    /// <summary>The least between two pictures: ten a second.</summary>
    public static readonly TimeSpan Frame = TimeSpan.FromMilliseconds(100);
}
