using System.CommandLine.Parsing;
using SessionMesh.Cli.Hosting;
using SessionMesh.Client.Tests;

namespace SessionMesh.Cli.Tests;

/// <summary>What a person or a program sees of one run.</summary>
internal sealed record Ran(int Code, string Out, string Error);

/// <summary>
/// Runs whole command lines in-process: real parsing, real client, a scripted server, a home directory of its own that
/// goes when this does. The first key is in the environment, as the contract's examples have it.
/// </summary>
internal sealed class Tool : IDisposable
{
    public Tool(params Func<CancellationToken, Task<HttpResponseMessage>>[] script)
    {
        Server = new ScriptedServer(script);
        Home = Directory.CreateTempSubdirectory("session-mesh-test-").FullName;
        Env["SESSION_API_KEY"] = "smk_abcdefghijkl_THESECRET_check1";
        Env["TERM"] = "xterm-256color";
    }

    public ScriptedServer Server { get; }

    public string Home { get; }

    public Dictionary<string, string> Env { get; } = [];

    /// <summary>What somebody types when asked; null where there is no terminal.</summary>
    public string? Typed { get; set; }

    /// <summary>What standard input holds where it is no terminal.</summary>
    public string Piped { get; set; } = "";

    /// <summary>Standard input as bytes, for what reads it so.</summary>
    public byte[] PipedBytes { get; set; } = [];

    /// <summary>Takes the place of <see cref="PipedBytes"/>, where a test looks how it is read.</summary>
    public Stream? PipedStream { get; set; }

    /// <summary>What was printed as bytes and not as text.</summary>
    public MemoryStream Bytes { get; } = new();

    /// <summary>Columns of the terminal on standard output; null where there is none.</summary>
    public int? Width { get; set; }

    /// <summary>Lines of that terminal; null for one that is never full.</summary>
    public int? Height { get; set; }

    /// <summary>What a write to standard output fails with; null where it takes everything.</summary>
    public IOException? Failing { get; set; }

    /// <summary>What a write of words to standard error fails with; null where it takes everything.</summary>
    public IOException? FailingError { get; set; }

    /// <summary>The process that the tool is. There is none such: what has started the tests is nothing to watch.</summary>
    public int Pid { get; set; } = int.MaxValue;

    /// <summary>The words that run the tool, as it writes them into files of others.</summary>
    public IReadOnlyList<string> Program { get; set; } = ["/opt/mesh/session-mesh"];

    /// <summary>Takes a file that the browser is to open, and says whether there is one. There is none unless set.</summary>
    public Func<string, bool> Browser { get; set; } = _ => false;

    public HastyTime Time { get; } = new() { Endless = TimeSpan.FromSeconds(5) };

    /// <summary>Takes the hasty clock's place, where runs wait for one another.</summary>
    public TimeProvider? Clock { get; init; }

    /// <summary>Method and path of what was asked, and the body where there was one.</summary>
    public IEnumerable<string> Calls => Server.Requests.Select(request =>
    {
        var path = request.Url.Replace("http://127.0.0.1:7420/api/session-mesh", "", StringComparison.Ordinal);
        return request.Body is null ? $"{request.Method} {path}" : $"{request.Method} {path} {request.Body}";
    });

    /// <param name="handler">Takes the scripted server's place.</param>
    public Task<Ran> RunAsync(string commandLine, HttpMessageHandler? handler = null) =>
        RunAsync([.. CommandLineParser.SplitCommandLine(commandLine)], handler);

    /// <param name="words">The arguments as the tool is given them.</param>
    /// <param name="handler">Takes the scripted server's place.</param>
    public async Task<Ran> RunAsync(IReadOnlyList<string> words, HttpMessageHandler? handler = null)
    {
        using var output = Failing is null ? new StringWriter { NewLine = "\n" } : new FailingWriter(Failing);
        using var error = new StringWriter { NewLine = "\n" };
        var host = new CliHost
        {
            In = new StringReader(Typed is null ? Piped : Typed + "\n"),
            OpenIn = () => PipedStream ?? new MemoryStream(PipedBytes),
            Out = output,
            OpenOut = () => Bytes,
            Error = TextWriter.Synchronized(error),
            WriteError = text =>
            {
                if (FailingError is null)
                {
                    error.Write(text);
                }

                return FailingError is null;
            },
            InIsTerminal = Typed is not null,
            ErrorIsTerminal = Typed is not null,
            OutIsTerminal = Width is not null,
            Width = Width,
            Height = Height,
            Env = name => Env.GetValueOrDefault(name),
            Home = Home,
            ProgramDirectory = Home,
            CurrentDirectory = () => Path.Combine(Home, "work"),
            Program = () => Program,
            OpenInBrowser = Browser,
            Pid = Pid,
            Time = Clock ?? Time,
            Handler = handler ?? Server,
        };
        var code = await SessionMeshTool.RunAsync(words, host);
        var ran = new Ran(code, output.ToString(), error.ToString());
        Assert.DoesNotContain("THESECRET", ran.Out + ran.Error, StringComparison.Ordinal);
        return ran;
    }

    /// <summary>A file in the home directory; the path has no blanks.</summary>
    public string WriteFile(string name, string content)
    {
        var path = Path.Combine(Home, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, content);
        return path;
    }

    public static UnixFileMode ModeOf(string path) =>
        OperatingSystem.IsWindows() ? throw new PlatformNotSupportedException("files have no mode there") : File.GetUnixFileMode(path);

    public void Dispose()
    {
        Server.Dispose();
        Directory.Delete(Home, recursive: true);
    }

    /// <summary>Fails where it would have to write through, and then has nothing left to write.</summary>
    private sealed class FailingWriter(IOException failure) : StringWriter
    {
        public override void Flush()
        {
            var isDue = GetStringBuilder().Length > 0;
            GetStringBuilder().Clear();
            if (isDue)
            {
                throw failure;
            }
        }

        public override Task FlushAsync()
        {
            Flush();
            return Task.CompletedTask;
        }
    }
}
