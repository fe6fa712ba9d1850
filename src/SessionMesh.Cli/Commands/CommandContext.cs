using System.CommandLine;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Options;
using SessionMesh.Cli.Output;
using SessionMesh.Cli.Settings;
using SessionMesh.Client;

namespace SessionMesh.Cli.Commands;

/// <summary>One run of one command: its values, its settings, the client made from them, and where its words go.</summary>
internal sealed class CommandContext : IDisposable
{
    private readonly Lazy<MeshSettings> _settings;
    private readonly Lazy<MeshClient> _client;
    private DateTimeOffset? _serverNow;

    /// <param name="fallback">The format where none is asked for.</param>
    public CommandContext(CliHost host, ParseResult parse, OutputOptions? options, OutputFormat fallback = OutputFormat.Table)
    {
        Host = host;
        Parse = parse;
        Output = new OutputWriter(host, options?.FormatOf(parse) ?? fallback, options?.FieldsOf(parse), options?.HasHeaders(parse) ?? true);
        Doing = parse.CommandResult.Command.Name;
        _settings = new(() => MeshSettings.Resolve(host, parse));
        _client = new(CreateClient);
    }

    public CliHost Host { get; }

    public ParseResult Parse { get; }

    public OutputWriter Output { get; }

    /// <summary>Cancelled by Ctrl+C; a question ends with it, too.</summary>
    public CancellationToken Interrupted { get; init; }

    /// <summary>
    /// Whether a key that has expired may be asked about in the midst of the work; not where the terminal is a child's by then.
    /// </summary>
    public bool AsksAboutKeys { get; init; } = true;

    /// <summary>What the command does, to follow "cannot" in an error: "steer agent 123".</summary>
    public string Doing { get; set; }

    /// <summary>Where the server is and which key to show it. Resolved at first use; throws when a file it needs cannot be read.</summary>
    public MeshSettings Settings => _settings.Value;

    /// <summary>One client for the run, made at first use.</summary>
    public MeshClient Client => _client.Value;

    public bool Verbose => Parse.GetValue(Host.Globals.Verbose);

    /// <summary>Whether a question can be asked: there is a terminal, and no <c>--no-input</c>.</summary>
    public bool CanAsk => Host.InIsTerminal && Host.ErrorIsTerminal && !Parse.GetValue(Host.Globals.NoInput);

    /// <summary>The agent that is named alone, as it was typed; null where none is, or several are.</summary>
    public string? NamedAgent { get; set; }

    /// <summary>The full id that <see cref="NamedAgent"/> turned out to be the beginning of.</summary>
    public string? FullAgent { get; set; }

    /// <summary>The server's time, asked for once, or this machine's where the server does not say.</summary>
    public async Task<DateTimeOffset> ServerNowAsync(CancellationToken cancellation) =>
        _serverNow ??= await Client.ServerTimeAsync(cancellation) ?? Host.Time.GetUtcNow();

    /// <summary>A point in time by the server's clock, which is asked for only where it matters.</summary>
    public async Task<DateTimeOffset> AtAsync(PointInTime point, CancellationToken cancellation) =>
        point.SecondsAgo is null ? point.Date : point.At(await ServerNowAsync(cancellation));

    public T? Get<T>(Option<T> option) => Parse.GetValue(option);

    public T? Get<T>(Argument<T> argument) => Parse.GetValue(argument);

    /// <summary>Prose for a person, on stderr, what is hostile in it made visible. What was printed before it is seen before it.</summary>
    public void Note(string text)
    {
        Host.Out.Flush();
        Host.Error.WriteLine(TerminalText.Escape(text));
    }

    /// <summary>
    /// Shows how the work goes, to a person and until disposed of. With <c>--verbose</c> there is none: attempts are shown there.
    /// </summary>
    /// <param name="text">The line as it is now; called from a timer's thread.</param>
    public ProgressLine ShowProgress(Func<string> text) => new(Host, isWanted: Output.IsTable && !Verbose, text);

    /// <summary>
    /// Asks for confirmation of something that cannot be undone. Without a terminal it refuses with exit code 2 and
    /// names the flag that answers.
    /// </summary>
    public bool Confirm(string question, string flag = "--yes")
    {
        if (!CanAsk)
        {
            throw CommandException.Usage(
                "this cannot be undone, and there is no terminal to ask on", $"say {flag} to go ahead without being asked");
        }

        Host.Error.Write(TerminalText.Escape(question) + " [y/N] ");
        Host.Error.Flush();
        return Answer()?.Trim().ToLowerInvariant() is "y" or "yes";
    }

    /// <summary>Asks for a text, which may come empty. Without a terminal it refuses with exit code 2.</summary>
    /// <param name="refusal">Why it cannot be asked.</param>
    /// <param name="next">What to type instead.</param>
    public string Ask(string question, string refusal, string next)
    {
        if (!CanAsk)
        {
            throw CommandException.Usage(refusal, next);
        }

        Host.Error.Write(TerminalText.Escape(question) + ": ");
        Host.Error.Flush();
        return Answer()?.Trim() ?? "";
    }

    /// <summary>Reads the answer. A terminal's read cannot be cancelled: after Ctrl+C it is left to the end of the process.</summary>
    private string? Answer()
    {
        try
        {
            return Task.Run(Host.In.ReadLine, CancellationToken.None).WaitAsync(Interrupted).GetAwaiter().GetResult();
        }
        catch (OperationCanceledException)
        {
            Host.Error.WriteLine();
            throw;
        }
    }

    public void Dispose()
    {
        if (_client.IsValueCreated)
        {
            _client.Value.Dispose();
        }
    }

    private MeshClient CreateClient()
    {
        var options = new MeshClientOptions
        {
            BaseUrl = Settings.Url,
            Token = Settings.Key,
            TimeProvider = Host.Time,
            Observer = Verbose ? attempt => Host.Error.WriteLine(AttemptLine(attempt)) : null,
        };
        if (Get(Host.Globals.TimeoutSeconds) is { } seconds)
        {
            options = options with { AttemptTimeout = TimeSpan.FromSeconds(seconds) };
        }

        if (Settings.Key is not null)
        {
            var choice = new RenewalChoice(
                Get(Host.Globals.Renew), CanAsk && AsksAboutKeys ? question => Confirm(question) : null);
            options = options with { Reauthenticate = new KeyRenewal(Settings, options, Host, choice, Note).RenewAsync };
        }

        return new MeshClient(options, Host.Handler);
    }

    /// <summary>One attempt as <c>--verbose</c> shows it.</summary>
    private static string AttemptLine(MeshAttempt attempt)
    {
        var outcome = attempt.Status?.ToString() ?? attempt.Error ?? "no answer";
        var request = attempt.RequestId is { } id ? $" request={id}" : "";
        var next = attempt switch
        {
            { Status: 401, Wait: not null } => ", once more with another key",
            { Wait: { } wait } => $", next attempt in {wait.TotalSeconds:0.00} s",
            _ => "",
        };
        return TerminalText.Escape(
            $"attempt {attempt.Number}: {attempt.Method} {attempt.Url.AbsoluteUri} -> {outcome}"
            + $" after {attempt.Elapsed.TotalMilliseconds:0} ms{request}{next}");
    }
}
