namespace SessionMesh.Cli.Simulate;

/// <summary>What kind of fleet to play, and for how long.</summary>
internal sealed record SimulateOptions
{
    public required int Agents { get; init; }

    /// <summary>Ids are <c>PREFIX-1</c> to <c>PREFIX-N</c>.</summary>
    public string Prefix { get; init; } = "sim";
    public IReadOnlyList<string> Specializations { get; init; } =
        ["data-analysis", "image-processing", "web-research", "code-review", "translation"];

    /// <summary>Over how many clusters the trees are spread; 1 leaves them in the default one.</summary>
    public int Clusters { get; init; } = 1;

    /// <summary>Seconds between the beats of one agent; as the server asks unless given.</summary>
    public int? BeatSeconds { get; init; }

    /// <summary>Until interrupted unless given.</summary>
    public TimeSpan? Duration { get; init; }

    /// <summary>How many agents hold a stream open; the others hear by their beats.</summary>
    public int Streams { get; init; }

    /// <summary>Calls under way at once.</summary>
    public int Concurrency { get; init; } = 64;

    /// <summary>The same seed plays the same characters.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>At the end, let the leases lapse instead of reporting each agent's exit.</summary>
    public bool Leave { get; init; }
}
