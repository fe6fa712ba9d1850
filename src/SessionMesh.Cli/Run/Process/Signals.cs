using System.Globalization;

namespace SessionMesh.Cli.Run.Process;

/// <summary>Signal numbers of this system, and their names without SIG.</summary>
internal static class Signals
{
    public const int Hup = 1;
    public const int Int = 2;
    public const int Quit = 3;
    public const int Kill = 9;
    public const int Pipe = 13;
    public const int Term = 15;
    public const int Ttin = 21;
    public const int Ttou = 22;
    public const int Winch = 28;
    public static readonly int Chld = Platform.IsMacOS ? 20 : 17;
    public static readonly int Cont = Platform.IsMacOS ? 19 : 18;
    public static readonly int Stop = Platform.IsMacOS ? 17 : 19;
    public static readonly int Tstp = Platform.IsMacOS ? 18 : 20;
    public static readonly int Usr1 = Platform.IsMacOS ? 30 : 10;
    public static readonly int Usr2 = Platform.IsMacOS ? 31 : 12;

    /// <summary>
    /// Signals that have a fixed meaning; those above are real-time signals, whose first two or three the C library keeps.
    /// </summary>
    public const int LastStandard = 31;

    private static readonly string[] s_linux =
    [
        "", "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM", "TERM",
        "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS",
    ];

    private static readonly string[] s_macOS =
    [
        "", "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "EMT", "FPE", "KILL", "BUS", "SEGV", "SYS", "PIPE", "ALRM", "TERM",
        "URG", "STOP", "TSTP", "CONT", "CHLD", "TTIN", "TTOU", "IO", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "INFO", "USR1", "USR2",
    ];

    /// <summary><c>TERM</c> for 15; the number itself for a real-time signal.</summary>
    public static string Name(int signal)
    {
        var names = Platform.IsMacOS ? s_macOS : s_linux;
        return signal > 0 && signal < names.Length ? names[signal] : signal.ToString(CultureInfo.InvariantCulture);
    }
}
