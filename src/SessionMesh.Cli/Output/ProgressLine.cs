using SessionMesh.Cli.Hosting;

namespace SessionMesh.Cli.Output;

/// <summary>
/// One line on stderr that changes while something is waited for: only on a terminal that can redraw it, only after half a
/// second, and gone when disposed of.
/// </summary>
internal sealed class ProgressLine : IDisposable
{
    private const int Columns = 80;
    private const string Frames = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏";
    private static readonly TimeSpan s_delay = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(125);

    private readonly Lock _gate = new();
    private readonly CliHost _host;
    private readonly Func<string> _text;
    private readonly ITimer? _timer;
    private int _frame;
    private bool _shown;
    private bool _over;

    /// <param name="isWanted">Whether anybody is to see it; without it nothing is ever drawn.</param>
    /// <param name="text">The line as it is now; called from a timer's thread, so it must be safe to call at any time.</param>
    public ProgressLine(CliHost host, bool isWanted, Func<string> text)
    {
        (_host, _text) = (host, text);
        var redraws = _host.ErrorIsTerminal && _host.Env("TERM") is not (null or "dumb");
        if (redraws && isWanted)
        {
            _timer = _host.Time.CreateTimer(_ => Show(), null, s_delay, s_interval);
        }
    }

    /// <summary>A bar of a fixed width for a part of a whole, and the two numbers.</summary>
    public static string Bar(int part, int whole)
    {
        const int Width = 20;
        var full = whole == 0 ? Width : (int)((long)part * Width / whole);
        return $"[{new string('#', full)}{new string('-', Width - full)}] {part}/{whole}";
    }

    public void Dispose()
    {
        _timer?.Dispose();
        lock (_gate)
        {
            if (_shown)
            {
                _host.Error.Write("\r\e[K");
            }

            _host.Error.Flush();
            _over = true;
        }
    }

    private void Show()
    {
        lock (_gate)
        {
            if (_over)
            {
                return;
            }

            var width = Math.Max(20, (_host.Width ?? Columns) - 1);
            var line = $"{Frames[_frame++ % Frames.Length]} {TerminalText.Escape(_text())}";
            _host.Error.Write("\r" + TerminalText.Fit(line, width) + "\e[K");
            _host.Error.Flush();
            _shown = true;
        }
    }
}
