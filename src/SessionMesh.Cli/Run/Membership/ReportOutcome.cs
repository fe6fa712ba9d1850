namespace SessionMesh.Cli.Run.Membership;

/// <summary>What came of reporting an exit.</summary>
internal enum ReportOutcome
{
    /// <summary>The server knows, or does not want to: the incarnation is over for it.</summary>
    Told,

    /// <summary>Nobody answered in time, or we were told not to wait any longer.</summary>
    NoAnswer,

    /// <summary>The key we speak with may not say it any more.</summary>
    Refused,
}
