namespace SessionMesh.Cli.Hosting;

/// <summary>What a caller may rely on. <c>run</c> adds 125 (our own failure), 126 (not executable) and 127 (not found).</summary>
internal static class ExitCodes
{
    public const int Done = 0;
    public const int Failed = 1;

    /// <summary>A wrong command line or file, or a confirmation that could not be asked.</summary>
    public const int Usage = 2;
    public const int NotFound = 3;
    public const int NotAllowed = 4;
    public const int Conflict = 5;

    /// <summary>The server cannot be reached after three attempts.</summary>
    public const int Unreachable = 6;

    /// <summary>Some of many failed.</summary>
    public const int Partly = 7;

    /// <summary>With <c>--wait</c>: the agent rejected the directive.</summary>
    public const int Rejected = 8;

    /// <summary>With <c>--wait</c>: the directive expired, was cancelled or could not be delivered.</summary>
    public const int Ended = 9;

    /// <summary>With <c>--wait</c>: it had not come so far when the time was up; it still may.</summary>
    public const int TimedOut = 10;
    public const int Interrupted = 130;

    /// <summary>The reader of our output has closed it, as in <c>events | head -1</c>.</summary>
    public const int OutputClosed = 141;

    /// <summary>The exit code for an HTTP error status: a 400 is the caller's wording, like any other usage error.</summary>
    public static int OfStatus(int status) => status switch
    {
        400 or 405 or 413 or 415 => Usage,
        401 or 403 => NotAllowed,
        404 => NotFound,
        409 or 412 or 422 => Conflict,
        _ => Failed,
    };
}
