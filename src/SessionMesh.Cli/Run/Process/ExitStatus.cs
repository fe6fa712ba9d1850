namespace SessionMesh.Cli.Run.Process;

/// <summary>How a process ended: with a code of its own, or by a signal. Exactly one of the two is set.</summary>
internal readonly record struct ExitStatus
{
    private ExitStatus(int? code, int? signal)
    {
        Code = code;
        Signal = signal;
    }

    /// <summary>0 to 255.</summary>
    public int? Code { get; }

    /// <summary>Number of the signal that ended it.</summary>
    public int? Signal { get; }

    /// <summary>What a shell shows as <c>$?</c>: the code, or 128 plus the signal.</summary>
    public int ShellCode => Code ?? 128 + Signal.GetValueOrDefault();

    /// <summary>
    /// Ended by INT, QUIT or HUP, or with the code by which a program that caught Ctrl+C says so: a person's wish, not a
    /// failure.
    /// </summary>
    public bool IsInterrupt => Signal is Signals.Int or Signals.Quit or Signals.Hup || Code == 128 + Signals.Int;

    /// <summary>Name of the signal without SIG, or null.</summary>
    public string? SignalName => Signal is { } signal ? Signals.Name(signal) : null;

    public static ExitStatus Exited(int code) => new(code, null);

    public static ExitStatus Killed(int signal) => new(null, signal);

    public override string ToString() => Code is { } code ? $"exit code {code}" : $"signal {SignalName}";
}
