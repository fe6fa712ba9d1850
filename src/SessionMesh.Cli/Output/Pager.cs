using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using SessionMesh.Cli.Hosting;

namespace SessionMesh.Cli.Output;

/// <summary>
/// A writer to the terminal that keeps what it is given until it is more than a screen, and then shows it with <c>$PAGER</c>, <c>less</c>
/// where that is not set. Dispose of it: then what is short is printed, and a pager's end is waited for. Where no pager starts, all is
/// printed as without one.
/// </summary>
internal sealed class Pager : TextWriter
{
    private const string Default = "if command -v less >/dev/null 2>&1; then exec less; else exec cat; fi";

    private readonly CliHost _host;
    private readonly string _command;
    private readonly int _height;
    private readonly StringBuilder _kept = new();
    private int _lines;
    private Process? _process;
    private TextWriter? _target;

    private Pager(CliHost host, string command, int height) => (_host, _command, _height) = (host, command, height);

    public override Encoding Encoding => Encoding.UTF8;

    /// <summary>Null where output is no terminal, or <c>$PAGER</c> is <c>cat</c>.</summary>
    public static Pager? For(CliHost host)
    {
        var command = host.Env("PAGER") ?? Default;
        return host.Height is { } height && host.OutIsTerminal && command is not "cat" ? new Pager(host, command, height) : null;
    }

    public override void Write(char value) => Write(value.ToString());

    public override void WriteLine(string? value) => Write(value + "\n");

    /// <exception cref="OutputClosedException">The pager was quit.</exception>
    public override void Write(string? value)
    {
        if (_target is not null)
        {
            Forward(value);
            return;
        }

        _kept.Append(value);
        _lines += value?.AsSpan().Count('\n') ?? 0;
        if (_lines >= _height)
        {
            _target = Start() ?? _host.Out;
            Forward(_kept.ToString());
        }
    }

    public override void Flush() => _target?.Flush();

    protected override void Dispose(bool disposing)
    {
        if (_target is null)
        {
            _host.Out.Write(_kept);
        }

        if (_process is { } process)
        {
            try
            {
                process.StandardInput.Close();
            }
            catch (IOException)
            {
                // It was quit; what it did not show is not wanted.
            }

            process.WaitForExit();
            process.Dispose();
        }

        base.Dispose(disposing);
    }

    private void Forward(string? text)
    {
        try
        {
            _target!.Write(text);
        }
        catch (IOException) when (_process is not null)
        {
            throw new OutputClosedException();
        }
    }

    private StreamWriter? Start()
    {
        var start = new ProcessStartInfo("/bin/sh", ["-c", _command])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            StandardInputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false),
        };
        start.Environment.TryAdd("LESS", "FRX"); // colours shown, and the screen left as it is
        start.Environment.Remove("SESSION_API_KEY");
        try
        {
            _process = Process.Start(DatabaseSecret.Without(start));
            return _process?.StandardInput;
        }
        catch (Win32Exception)
        {
            return null; // no shell here
        }
    }
}
