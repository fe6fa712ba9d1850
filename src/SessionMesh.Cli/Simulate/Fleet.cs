namespace SessionMesh.Cli.Simulate;

/// <summary>
/// The cast: trees of up to fifty agents, each with seven below it, as a small forest. Fixed for the length of the play.
/// </summary>
internal sealed class Fleet
{
    private const int TreeSize = 50;
    private const int Branches = 7;

    public Fleet(SimulateOptions options)
    {
        Agents = [.. Enumerable.Range(0, options.Agents).Select(number => Cast(options, number))];

        // A child is registered after its parent: one wave a depth.
        Waves =
        [
            .. Agents
                .Select((agent, number) => (agent, Depth: DepthOf(number)))
                .GroupBy(at => at.Depth)
                .OrderBy(wave => wave.Key)
                .Select(wave => wave.Select(at => at.agent).ToArray()),
        ];
    }

    public SimulatedAgent[] Agents { get; }

    public IReadOnlyList<SimulatedAgent[]> Waves { get; }

    private static SimulatedAgent Cast(SimulateOptions options, int number)
    {
        var seed = (options.Seed * 0x9E3779B97F4A7C15) ^ ((ulong)number + 1);
        var chance = new Chance(seed);
        var first = chance.Next(0, options.Specializations.Count - 1);
        var second = chance.Next(0, options.Specializations.Count - 1);
        var tree = number / TreeSize;
        return new SimulatedAgent(IdOf(options, number), ParentOf(number) is { } parent ? IdOf(options, parent) : null, seed + 1)
        {
            Specializations = first == second || chance.Happens(0.7)
                ? [options.Specializations[first]]
                : [options.Specializations[first], options.Specializations[second]],
            Cluster = options.Clusters > 1 ? $"{options.Prefix}-cluster-{(tree % options.Clusters) + 1}" : null,
        };
    }

    private static string IdOf(SimulateOptions options, int number) => $"{options.Prefix}-{number + 1}";

    private static int? ParentOf(int number)
    {
        var within = number % TreeSize;
        return within == 0 ? null : number - within + ((within - 1) / Branches);
    }

    private static int DepthOf(int number)
    {
        var depth = 0;
        for (var parent = ParentOf(number); parent is { } above; parent = ParentOf(above))
        {
            depth++;
        }

        return depth;
    }
}
