using System.Diagnostics;
using System.Text;

namespace SessionMesh.EndToEnd.Tests.Support;

/// <summary>What one command line did.</summary>
internal sealed record Ran(int Code, string Out, string Error)
{
    public System.Text.Json.JsonElement Json => Members.Parse(Out);

    public override string ToString() => $"exit {Code}\n--- stdout\n{Out}\n--- stderr\n{Error}";
}

/// <summary>A process that a test started: its output as it comes, and its end within a bound. Disposing kills it.</summary>
internal sealed class Started : IDisposable
{
    private readonly Process _process;
    private readonly StringBuilder _out = new();
    private readonly StringBuilder _error = new();
    private readonly Task _reading;

    public Started(string file, IEnumerable<string> arguments, IReadOnlyDictionary<string, string> environment, string directory)
    {
        var start = new ProcessStartInfo(file, arguments)
        {
            WorkingDirectory = directory,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        start.Environment.Clear();
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        _process = Process.Start(start)!;
        _process.StandardInput.Close();
        _reading = Task.WhenAll(ReadAsync(_process.StandardOutput, _out), ReadAsync(_process.StandardError, _error));
    }

    public int Pid => _process.Id;

    public bool HasExited => _process.HasExited;

    public string Out => Text(_out);

    public string Error => Text(_error);

    public void Send(int signal)
    {
        if (!_process.HasExited)
        {
            Signal.Send(Pid, signal);
        }
    }

    /// <summary>The exit code, whoever may still hold the output open.</summary>
    public async Task<int> ExitAsync()
    {
        await Eventually.True(
            () => _process.HasExited,
            () => $"the end of process {Pid} ({_process.StartInfo.FileName} {string.Join(' ', _process.StartInfo.ArgumentList)})\n"
                + $"{Out}\n{Error}");
        return _process.ExitCode;
    }

    /// <summary>The exit code and the whole output.</summary>
    public async Task<Ran> EndAsync()
    {
        var code = await ExitAsync();
        await _reading.WaitAsync(Eventually.Bound);
        return new Ran(code, Out, Error);
    }

    public void Dispose()
    {
        Send(Signal.Kill);
        _process.Dispose();
    }

    private static async Task ReadAsync(StreamReader reader, StringBuilder into)
    {
        var buffer = new char[4096];
        try
        {
            for (int read; (read = await reader.ReadAsync(buffer)) > 0;)
            {
                lock (into)
                {
                    into.Append(buffer, 0, read);
                }
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException)
        {
            // Disposed while it still ran: nobody reads on.
        }
    }

    private static string Text(StringBuilder text)
    {
        lock (text)
        {
            return text.ToString();
        }
    }
}
