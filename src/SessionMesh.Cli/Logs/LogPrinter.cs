using System.Text;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Output;
using SessionMesh.Cli.Run.Kept;

namespace SessionMesh.Cli.Logs;

/// <summary>
/// Prints kept output: byte for byte, or on a terminal as text with its control characters shown. When a life began, and what is missing,
/// goes to stderr.
/// </summary>
internal sealed class LogPrinter
{
    private const int BufferSize = 1 << 16;

    private readonly CommandContext _context;
    private readonly BufferedStream? _bytes;
    private readonly Decoder _stdout = Encoding.UTF8.GetDecoder();
    private readonly Decoder _stderr = Encoding.UTF8.GetDecoder();
    private readonly char[] _chars = new char[Encoding.UTF8.GetMaxCharCount(KeptFrame.MostBytes)];

    public LogPrinter(CommandContext context, bool isRaw)
    {
        _context = context;
        _bytes = isRaw || !context.Host.OutIsTerminal ? new BufferedStream(context.Host.OpenOut(), BufferSize) : null;
    }

    public void Print(KeptFrame frame)
    {
        if (frame.Kind is KeptKind.Life or KeptKind.Gap)
        {
            Note($"--- {frame.At:yyyy-MM-dd'T'HH:mm:ss'Z'} {Encoding.UTF8.GetString(frame.Bytes.Span)}");
        }
        else if (_bytes is not null)
        {
            _bytes.Write(frame.Bytes.Span);
        }
        else
        {
            // A decoder a stream: a letter may begin in one frame and end in the next, with the other stream between.
            var decoder = frame.Kind is KeptKind.Stdout ? _stdout : _stderr;
            var count = decoder.GetChars(frame.Bytes.Span, _chars, flush: false);
            _context.Host.Out.Write(TerminalText.EscapeLines(new string(_chars, 0, count)));
        }
    }

    /// <summary>Says something on stderr, after what was printed before it.</summary>
    public void Note(string text)
    {
        Flush();
        _context.Note(text);
    }

    public void Flush()
    {
        _bytes?.Flush();
        _context.Host.Out.Flush();
    }
}
