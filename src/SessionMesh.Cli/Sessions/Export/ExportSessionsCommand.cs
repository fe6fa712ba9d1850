using System.CommandLine;
using System.Text;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Options;
using SessionMesh.Cli.Output;
using SessionMesh.Client;
using SessionMesh.Contracts.Sessions;

namespace SessionMesh.Cli.Sessions.Export;

/// <summary><c>session export</c>: all sessions, as the server writes them, to standard output or into a file.</summary>
internal sealed class ExportSessionsCommand : SessionToolCommand
{
    private const int PieceBytes = 64 * 1024;

    private static readonly View s_view = View.Single("file", ["exported", "file"]);

    private readonly Option<string?> _format =
        Opt.Choice("--format", "json (one array), jsonl (a record a line: what import takes) or csv; json by default", ExportFormat.All);

    private readonly Option<string?> _file = new("--output", "-o")
    {
        Description = "Write to this file, mode 0600 (default, and -: standard output); the format is --format's",
        HelpName = "FILE",
    };

    private readonly Option<bool> _force = new("--force")
    {
        Description = "Replace the file, whatever it is (default: only an earlier export)",
    };
    private readonly Option<string?> _status = Opt.Choice("--status", "Only these", SessionStatus.All);
    private readonly Option<string?> _user = new("--user") { Description = "Only this user's", HelpName = "USER" };

    public ExportSessionsCommand(CliHost host) : base(host, "export", "Export sessions to JSON, JSON lines or CSV.", format: false)
    {
        Add(_format);
        Add(_file);
        Add(_force);
        Add(_status);
        Add(_user);
        Examples =
        [
            "session-mesh session export --format json --output sessions.json",
            "session-mesh session export --format jsonl > sessions.jsonl",
            "session-mesh session export --format csv --status active",
        ];
    }

    protected override bool Streams => true;

    protected override async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        context.Doing = "export the sessions";
        var format = context.Get(_format) ?? ExportFormat.Json;
        var counter = new RecordCounter(format);
        if (context.Get(_file) is not { } file || file is "-")
        {
            await using var answer = await OpenAsync(context, cancellation);
            await PrintAsync(answer, context.Host, counter, cancellation);
            return ExitCodes.Done;
        }

        if (OutputOptions.IsFormat(file))
        {
            // Written all the same: a file of that name is what the script that this stands for would write.
            context.Note($"-o and --output name a file here, and the export goes into one called {file}; --format chooses the format");
        }

        using var into = new ExportFile(file, format, context.Get(_force));
        await using (var answer = await OpenAsync(context, cancellation))
        {
            using var progress = context.ShowProgress(() => $"{counter.Count} sessions");
            await CopyAsync(answer, counter, piece => into.Stream.WriteAsync(piece, cancellation), cancellation);
        }

        into.Keep();
        context.Output.Write(
            SessionShapes.Ok(json =>
            {
                json.WriteNumber("exported"u8, counter.Count);
                json.WriteString("file"u8, file);
            }),
            s_view);
        return ExitCodes.Done;
    }

    private Task<Stream> OpenAsync(CommandContext context, CancellationToken cancellation) =>
        context.Client.ExportSessionsAsync(context.Get(_format), context.Get(_status), context.Get(_user), cancellation);

    /// <summary>As it is; on a terminal, with what is hostile in it made visible.</summary>
    private static async Task PrintAsync(Stream answer, CliHost host, RecordCounter counter, CancellationToken cancellation)
    {
        var decoder = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false).GetDecoder();
        var text = new char[PieceBytes + 1];
        var tail = "";
        await CopyAsync(answer, counter, Print, cancellation);
        host.Out.Write(tail);

        ValueTask Print(ReadOnlyMemory<byte> piece)
        {
            var length = decoder.GetChars(piece.Span, text, flush: false);
            if (!host.OutIsTerminal)
            {
                host.Out.Write(text, 0, length);
                return ValueTask.CompletedTask;
            }

            // A terminal is shown whole lines: an escape is never cut in two.
            var shown = tail + new string(text, 0, length);
            var end = shown.LastIndexOf('\n') + 1;
            tail = shown[end..];
            host.Out.Write(TerminalText.EscapeJson(shown[..end].Replace("\r\n", "\n", StringComparison.Ordinal)));
            return ValueTask.CompletedTask;
        }
    }

    private static async Task CopyAsync(
        Stream answer, RecordCounter counter, Func<ReadOnlyMemory<byte>, ValueTask> take, CancellationToken cancellation)
    {
        var buffer = new byte[PieceBytes];
        try
        {
            while (await answer.ReadAsync(buffer, cancellation) is var read and > 0)
            {
                counter.Add(buffer.AsSpan(0, read));
                await take(buffer.AsMemory(0, read));
            }
        }
        catch (Exception e) when (
            e is HttpRequestException or TimeoutException or IOException and not (OutputClosedException or OutputFailedException))
        {
            throw BrokeOff(counter, e is TimeoutException ? e.Message : "the connection was cut");
        }

        if (!counter.IsWhole)
        {
            throw BrokeOff(counter, "the answer has no end");
        }
    }

    private static CommandException BrokeOff(RecordCounter counter, string why) =>
        new(ExitCodes.Failed, $"the export broke off after {counter.Count} sessions: {why}", "the same command again");
}
