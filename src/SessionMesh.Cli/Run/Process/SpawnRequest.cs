namespace SessionMesh.Cli.Run.Process;

/// <summary>Where a new process stands with regard to the terminal.</summary>
internal enum Placement
{
    /// <summary>A session of its own, without a controlling terminal: no key stroke reaches it but through us.</summary>
    NewSession,

    /// <summary>A process group of its own in our session, which gets the terminal: keys reach it and not us.</summary>
    ForegroundGroup,
}

/// <summary>What to start, and how. Descriptors that are not named are inherited untouched.</summary>
internal sealed record SpawnRequest
{
    /// <summary>Looked up on PATH unless it contains a slash.</summary>
    public required string File { get; init; }

    /// <summary>Arguments after the name itself.</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>Variables to set (or, with null, to remove) over our own environment, which is passed on byte for byte.</summary>
    public IReadOnlyDictionary<string, string?> Environment { get; init; } = new Dictionary<string, string?>();
    public Placement Placement { get; init; }

    /// <summary>The terminal to hand over with <see cref="Placement.ForegroundGroup"/>; -1 without one.</summary>
    public int Terminal { get; init; } = -1;

    /// <summary>Our descriptor that becomes the child's stdin, or null for our own stdin.</summary>
    public int? Stdin { get; init; }

    /// <summary>Our descriptor that becomes the child's stdout, or null for our own stdout.</summary>
    public int? Stdout { get; init; }

    /// <summary>Our descriptor that becomes the child's stderr, or null for our own stderr.</summary>
    public int? Stderr { get; init; }
}

/// <summary>The process could not be started. Expected: the name may be wrong, or the file not executable.</summary>
internal sealed class SpawnException(string file, int errno, string reason)
    : Exception($"{file}: {reason}")
{
    public int Errno { get; } = errno;

    /// <summary>127 when there is no such file, 126 when it is there and cannot be executed: what a shell answers.</summary>
    public int ShellCode => Errno == Platform.ENOENT ? 127 : 126;
}
