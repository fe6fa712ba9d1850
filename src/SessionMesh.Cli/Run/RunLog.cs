using System.Text;
using SessionMesh.Cli.Output;
using SessionMesh.Cli.Run.Process;
using SessionMesh.Client;
using SessionMesh.Client.Membership;

namespace SessionMesh.Cli.Run;

/// <summary>
/// The runner's own few lines on stderr, each <c>session-mesh: …</c>. Written straight to the descriptor: .NET's Console
/// would set up the terminal, which is the child's, and a file stream would write over what the child wrote to the same
/// file. A failed write is nobody's problem. Thread-safe.
/// </summary>
internal sealed class RunLog(bool quiet) : ISessionLog
{
    private const int Stderr = 2;

    /// <summary>Takes the lines instead of stderr, in tests.</summary>
    public Action<string>? Sink { get; init; }

    public string Keeper => "the runner";

    /// <summary>Written while all is well; <c>--quiet</c> suppresses it.</summary>
    public void Say(string text)
    {
        if (!quiet)
        {
            Write(text);
        }
    }

    /// <summary>Written even with <c>--quiet</c>: something is wrong, and here is what to do.</summary>
    public void Warn(string text) => Write(text);

    public string WhyOf(MeshException error) => ProblemText.WhyOf(error);

    private void Write(string text)
    {
        // What comes from outside is shown, not obeyed: no control character reaches the terminal, and no key a log.
        var line = Secrets.Redact(TerminalText.Escape(text));
        if (Sink is { } sink)
        {
            sink(line);
        }
        else
        {
            WriteToStderr(Encoding.UTF8.GetBytes($"session-mesh: {line}\n"));
        }
    }

    private static unsafe void WriteToStderr(byte[] bytes)
    {
        fixed (byte* start = bytes)
        {
            _ = Native.Write(Stderr, start, bytes.Length);
        }
    }
}
