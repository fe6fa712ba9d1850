using SessionMesh.Cli.Options;

namespace SessionMesh.Cli.Hosting;

/// <summary>
/// Everything a command takes from the process around it: streams, terminal, environment, clock, network. Commands touch
/// neither <see cref="Console"/> nor <see cref="Environment"/>, so a test runs them whole, in-process.
/// </summary>
internal sealed record CliHost
{
    public required TextReader In { get; init; }

    /// <summary>Standard input as bytes, opened only by commands that read it so: a text reader would replace what is not UTF-8.</summary>
    public Func<Stream> OpenIn { get; init; } = Console.OpenStandardInput;
    public required TextWriter Out { get; init; }

    /// <summary>Standard output as bytes, unbuffered, for what is not ours to read as text. Not to be mixed with what <see cref="Out"/> has
    /// buffered.</summary>
    public Func<Stream> OpenOut { get; init; } = () => StandardStreams.Open(1);

    /// <summary>Prose. Safe to write to from several threads.</summary>
    public required TextWriter Error { get; init; }

    /// <summary>Writes a text to standard error and says whether somebody has it, where more than a person's eye depends on that.</summary>
    public Func<string, bool> WriteError { get; init; } = StandardStreams.TryWriteError;

    public bool InIsTerminal { get; init; }
    public bool OutIsTerminal { get; init; }
    public bool ErrorIsTerminal { get; init; }

    /// <summary>Columns of the terminal on standard output; null where output is not a terminal.</summary>
    public int? Width { get; init; }

    /// <summary>Lines of the terminal on standard output; null where output is not a terminal.</summary>
    public int? Height { get; init; }

    /// <summary>Asks the terminal how large it is by now; null where that cannot be told.</summary>
    public Func<(int Columns, int Lines)?> AskSize { get; init; } = () => null;

    /// <summary>An environment variable; what is empty counts as not set.</summary>
    public required Func<string, string?> Env { get; init; }

    /// <summary>The home directory of the account.</summary>
    public required string Home { get; init; }

    /// <summary>The directory of the tool's own program: what is shipped with it lies there.</summary>
    public string ProgramDirectory { get; init; } = AppContext.BaseDirectory;

    /// <summary>Opens a file in the browser; false where there is none.</summary>
    public Func<string, bool> OpenInBrowser { get; init; } = Browser.TryOpen;

    /// <summary>Where the tool was called.</summary>
    public Func<string> CurrentDirectory { get; init; } = Directory.GetCurrentDirectory;

    /// <summary>The words that run this tool again, whatever directory they are typed in.</summary>
    public Func<IReadOnlyList<string>> Program { get; init; } = OurProgram;

    /// <summary>The process that the tool is: what has started it is above that.</summary>
    public int Pid { get; init; } = Environment.ProcessId;

    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Takes the place of the network, in tests.</summary>
    public HttpMessageHandler? Handler { get; init; }

    /// <summary>Whether Ctrl+C and TERM are ours to take.</summary>
    public bool TakesSignals { get; init; }

    /// <summary>The options that every command has.</summary>
    public GlobalOptions Globals { get; } = new();

    /// <summary>Columns and lines of the terminal on standard output by now; null where there is none.</summary>
    public (int? Columns, int? Lines) SizeNow() => AskSize() is { } size ? size : (Width, Height);

    public bool ColorOn(bool terminal) => terminal && Env("NO_COLOR") is null && Env("TERM") is not "dumb";

    public static CliHost OfThisProcess() => new()
    {
        In = new Lazily(() => Console.In),
        Out = StandardStreams.Writer(1),
        Error = TextWriter.Synchronized(StandardStreams.Writer(2, autoFlush: true)),
        InIsTerminal = !Console.IsInputRedirected,
        OutIsTerminal = !Console.IsOutputRedirected,
        ErrorIsTerminal = !Console.IsErrorRedirected,
        Width = Console.IsOutputRedirected ? null : StandardStreams.Size()?.Columns,
        Height = Console.IsOutputRedirected ? null : StandardStreams.Size()?.Lines,
        AskSize = () => Console.IsOutputRedirected ? null : StandardStreams.Size(),
        Env = name => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null,
        Home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile, Environment.SpecialFolderOption.DoNotVerify),
        TakesSignals = true,
    };

    /// <summary>A program of its own, or a library that the runtime's program was given.</summary>
    private static string[] OurProgram()
    {
        const string tool = "session-mesh";
        return Environment.ProcessPath is { } path && Path.GetFileNameWithoutExtension(path) != "dotnet"
            ? [path]
            : [Environment.ProcessPath ?? "dotnet", Path.Combine(AppContext.BaseDirectory, tool + ".dll")];
    }

    /// <summary>Opens standard input at the first question: most commands never ask one.</summary>
    private sealed class Lazily(Func<TextReader> open) : TextReader
    {
        private TextReader? _reader;

        public override int Read() => Reader.Read();

        public override int Peek() => Reader.Peek();

        public override string? ReadLine() => Reader.ReadLine();

        private TextReader Reader => _reader ??= open();
    }
}
