using System.CommandLine;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Options;
using SessionMesh.Cli.Run.Kept;
using SessionMesh.Cli.Targets;

namespace SessionMesh.Cli.Logs;

/// <summary>
/// <c>logs</c>: what <c>run --keep-output</c> kept of an agent's output on this machine. Needs no server where there is some.
/// </summary>
internal sealed class LogsCommand : MeshCommand
{
    private const string HostLabel = "host";

    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(200);

    private readonly AgentIdOption _agent;
    private readonly Option<bool> _follow = new("--follow", "-f") { Description = "Go on while its runner lives" };
    private readonly Option<int?> _tail = Opt.Number("--tail", "Only the last N lines", 0, 10_000_000);
    private readonly Option<PointInTime?> _since = Opt.PointInTime("--since", "Only what it wrote since then, such as 15m");
    private readonly Option<bool> _stdout = new("--stdout") { Description = "Only its standard output" };
    private readonly Option<bool> _stderr = new("--stderr") { Description = "Only its standard error" };
    private readonly Option<bool> _raw = new("--raw") { Description = "Let a terminal obey its control characters" };

    public LogsCommand(CliHost host)
        : base(host, "logs", "Show the output of an agent that 'run --keep-output' kept on this machine.", output: false)
    {
        _agent = new AgentIdOption(this, host, ownByDefault: true);
        foreach (var option in new Option[] { _follow, _tail, _since, _stdout, _stderr, _raw })
        {
            Add(option);
        }

        Validators.Add(result =>
        {
            if (result.GetResult(_stdout) is { Implicit: false } && result.GetResult(_stderr) is { Implicit: false })
            {
                result.AddError("--stdout cannot be combined with --stderr; without them both are shown");
            }
        });
        Usage = "AGENT [options]";
        Examples =
        [
            "session-mesh logs w1",
            "session-mesh logs w1 --follow --tail 20",
            "session-mesh logs w1 --stderr --since 15m",
        ];
        ExitNotes = ["3  no such agent, or nothing of its output is kept on this machine"];
    }

    protected override async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        context.Doing = "show the output of an agent";
        var id = _agent.Require(context);
        context.Doing = $"show the output of agent {id}";
        var kept = KeptOutput.Of(context.Host);
        var directory = kept.DirectoryOf(context.Settings.Url, id);
        if (KeptOutput.Segments(directory).Count == 0)
        {
            throw await NothingKeptAsync(context, kept, id, cancellation);
        }

        var wanted = new LogSelection(
            context.Get(_stdout) ? KeptKind.Stdout : context.Get(_stderr) ? KeptKind.Stderr : null,
            context.Get(_since)?.At(context.Host.Time.GetUtcNow()));
        using var reader = new KeptReader(directory);
        var printer = new LogPrinter(context, isRaw: context.Get(_raw));
        var start = context.Get(_tail) is { } lines ? wanted.LastLines(directory, lines) : default;
        var hasMissed = false;
        while (true)
        {
            // Looked at before the reading: what was written before the runner ended is read after.
            var isLive = context.Get(_follow) && KeptOutput.IsLive(directory);
            while (reader.Next() is { } frame)
            {
                cancellation.ThrowIfCancellationRequested();
                if (reader.HasMissed && !hasMissed)
                {
                    hasMissed = true;
                    printer.Note("some output was removed before it could be read: it comes faster than it is read");
                }

                if (wanted.Takes(frame) && start.Cut(reader.Place, frame.Bytes) is { } bytes)
                {
                    printer.Print(frame with { Bytes = bytes });
                }
            }

            printer.Flush();
            if (!isLive)
            {
                return ExitCodes.Done;
            }

            await Task.Delay(s_interval, context.Host.Time, cancellation);
        }
    }

    /// <summary>Says where to look. For an agent that the mesh does not know, the server's answer says so.</summary>
    private static async Task<CommandException> NothingKeptAsync(
        CommandContext context, KeptOutput kept, string id, CancellationToken cancellation)
    {
        if (kept.ServersOf(id) is [var other, ..])
        {
            return new CommandException(
                ExitCodes.NotFound,
                $"this machine keeps the output of an agent {id} of another server",
                $"session-mesh logs {id} --url {other}");
        }

        var agent = await context.Client.AgentAsync(id, cancellation);
        return new CommandException(
            ExitCodes.NotFound,
            $"no output of agent {id} is kept on this machine",
            agent.Labels.TryGetValue(HostLabel, out var host)
                ? $"look on the host {host}, as its label says: 'session-mesh logs {id}' there, if it runs with --keep-output"
                : "look on the machine that runs it; what its runner keeps when started with --keep-output lies there");
    }
}
