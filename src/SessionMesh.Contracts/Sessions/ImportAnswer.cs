namespace SessionMesh.Contracts.Sessions;

/// <summary>Answer of <c>POST /sessions/import</c>, whose body is a record a line.</summary>
public sealed record ImportAnswer
{
    public required bool DryRun { get; init; }

    /// <summary>Lines that were not empty.</summary>
    public required int Lines { get; init; }
    public required int Imported { get; init; }

    /// <summary>Ids that are there already, whatever they hold: nothing is overwritten.</summary>
    public required int Existing { get; init; }

    /// <summary>Lines that were left out.</summary>
    public required int SkippedCount { get; init; }

    /// <summary>The first 1,000 of them.</summary>
    public required IReadOnlyList<SkippedLine> Skipped { get; init; }

    /// <summary>
    /// The revision before the first line. Who sends one file in several calls gives it back as <c>since</c>: a later line then takes the
    /// place of an earlier one of the same id, whichever call brought that, as it does within a call.
    /// </summary>
    public long? Since { get; init; }

    /// <summary>Remarks on lines that were taken.</summary>
    public int RemarkCount { get; init; }

    /// <summary>The first 1,000 of them.</summary>
    public IReadOnlyList<LineRemark> Remarks { get; init; } = [];
}

/// <summary>What became of a line that was taken, where it is not all as it was, or more than could be made here.</summary>
public sealed record LineRemark
{
    /// <summary>From 1.</summary>
    public required int Line { get; init; }

    /// <summary><c>replaced_text</c>, <c>unknown_members</c>, <c>over_limits</c>.</summary>
    public required string Code { get; init; }
    public required string Detail { get; init; }
}

/// <summary>A line that was not imported.</summary>
public sealed record SkippedLine
{
    /// <summary>From 1.</summary>
    public required int Line { get; init; }

    /// <summary><c>broken</c>, <c>other_kind</c>, <c>invalid</c>, <c>too_long</c>.</summary>
    public required string Code { get; init; }
    public required string Reason { get; init; }
}
