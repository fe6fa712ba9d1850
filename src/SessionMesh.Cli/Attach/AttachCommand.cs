using System.CommandLine;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Options;
using SessionMesh.Cli.Output;
using SessionMesh.Cli.Run;
using SessionMesh.Cli.Run.Process;
using SessionMesh.Cli.Settings;
using SessionMesh.Contracts.Agents;
using SessionMesh.Contracts.Keys;

namespace SessionMesh.Cli.Attach;

/// <summary><c>attach</c>: puts a process that runs already under the mesh, without being its parent.</summary>
internal sealed class AttachCommand : MeshCommand
{
    private static readonly View s_view = new()
    {
        Names = ["agent_id"],
        Table =
        [
            Column.Of("agent", "agent_id"), Column.Of("incarnation"), Column.Of("process", "pid"), Column.Of("watcher", "watcher_pid"),
        ],
    };

    /// <summary>The incarnation that an agent was before may be about to be over: its watcher goes away then.</summary>
    private static readonly TimeSpan s_handover = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan s_between = TimeSpan.FromMilliseconds(100);

    private readonly Option<int?> _pid = Opt.Number("--pid", "The process", 1, int.MaxValue);
    private readonly SupervisorOptions _given = new("end");
    private readonly Option<SpecializationRequest[]> _spec = SpecOption.Of(
        "What it is good at, and how many jobs it takes at once; may be repeated");
    private readonly Option<bool> _detach = new("--detach") { Description = "Watch in the background, and say which process does" };
    private readonly Option<bool> _hooked = new("--hooked") { Hidden = true };
    private readonly Option<string?> _mark = new("--mark") { Hidden = true };
    private readonly Option<string?> _transcript = new("--transcript") { Hidden = true };
    private readonly Option<int?> _incarnation = Opt.Number("--incarnation", "The one that the hook has registered", 1, int.MaxValue);
    private readonly Option<bool> _inBackground = new(Background.Flag) { Hidden = true };

    public AttachCommand(CliHost host) : base(host, "attach", "Put a process that runs already under the mesh, until it ends.")
    {
        Option[] options =
        [
            _pid, _given.AgentId, _spec, _given.Parent, _given.Label, _given.Cluster, _given.Ttl, _given.Grace, _given.OnSteer,
            _given.SteerFile, _given.SteerTimeout, _given.ReportTimeout, _detach, _given.Quiet, _hooked, _incarnation, _mark,
            _transcript, _inBackground,
        ];
        foreach (var option in options)
        {
            Add(option);
        }

        Prints(s_view);
        _incarnation.Hidden = true;
        Validators.Add(result =>
        {
            _given.CheckHandlers(result);
            if (!result.GetValue(_hooked))
            {
                return;
            }

            if (result.GetResult(_given.AgentId) is null || result.GetResult(_incarnation) is null)
            {
                result.AddError("--hooked needs --agent-id and --incarnation: what the hook has registered");
            }

            if (result.GetResult(_given.OnSteer) is not null || result.GetResult(_given.SteerFile) is not null)
            {
                result.AddError("--hooked leaves steers to the hook: it takes neither --on-steer nor --steer-file");
            }
        });
        Usage = "--pid PID [options]";
        Examples =
        [
            "session-mesh attach --pid 4711 --agent-id w1 --spec ocr",
            "session-mesh attach --pid 4711 --agent-id w1 --steer-file /run/w1/steer.json --detach",
        ];
        ExitNotes =
        [
            "3  there is no such process",
            "4  it belongs to another account",
            "5  another attach watches it already, or another process is alive under that id",
            "130  asked to end: the process runs on, and the same command goes on where this one left off",
        ];
    }

    protected override async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        var pid = context.Get(_pid) ?? throw CommandException.Usage("--pid is missing: which process?", "session-mesh attach --pid PID");
        context.Doing = $"attach process {pid}";
        if (!Platform.IsLinux)
        {
            throw CommandException.Usage("attach needs Linux: elsewhere no process can be held that is not one's own child");
        }

        var options = OptionsOf(context);
        var isHooked = options.HookedIncarnation is not null;
        using var process = AttachTarget.Open(pid, startedUs: isHooked);
        if (context.Get(_detach))
        {
            return await DetachAsync(context, pid, cancellation);
        }

        using var record = await TakeRecordAsync(
            context, process, isHooked ? options.Agent.AgentId : null, isHooked ? s_handover : TimeSpan.Zero, cancellation);
        if (record is null)
        {
            return isHooked ? ExitCodes.Done : throw new CommandException(
                ExitCodes.Conflict,
                $"another attach watches process {pid} already",
                "session-mesh list shows the agents; kill that one, or leave this one to it");
        }

        var inBackground = context.Get(_inBackground);
        await CheckKeyAsync(context, options, cancellation);
        var log = new RunLog(context.Get(_given.Quiet) || inBackground) { Sink = SinkOf(context) };
        var watcher = new Watcher(context.Client, process, record, options, log, context.Host.Time);
        if (await watcher.JoinAsync(cancellation) is not { } session)
        {
            return ExitCodes.Done;
        }

        var environment = options.OnSteer is null ? null : await EnvironmentAsync(context, session.AgentId, session.Incarnation);
        if (inBackground)
        {
            Background.Ready(session.AgentId, session.Incarnation);
        }
        else
        {
            Say(context, session.AgentId, session.Incarnation, pid, Environment.ProcessId);
            await context.Host.Out.FlushAsync(cancellation);
        }

        try
        {
            await watcher.RunAsync(session, environment, cancellation);
        }
        catch (OperationCanceledException)
        {
            log.Warn(
                $"process {pid} runs on, and agent {session.AgentId} is no longer kept: its lease ends by itself. "
                + "The same command goes on with it");
            throw;
        }

        return ExitCodes.Done;
    }

    /// <summary>Null where another watcher has it, and goes on having it for so long.</summary>
    /// <param name="hooked">The agent that a hook has registered; null where the process is to be an agent as a whole.</param>
    private static async Task<AttachRecord?> TakeRecordAsync(
        CommandContext context, HeldProcess process, string? hooked, TimeSpan atMost, CancellationToken cancellation)
    {
        var time = context.Host.Time;
        var began = time.GetTimestamp();
        while (true)
        {
            if (AttachRecord.Take(context.Host, context.Client.Options.BaseUrl, process.Seen, hooked) is { } record)
            {
                return record;
            }

            if (time.GetElapsedTime(began) >= atMost)
            {
                return null;
            }

            await Task.Delay(s_between, time, cancellation);
        }
    }

    private async Task<int> DetachAsync(CommandContext context, int pid, CancellationToken cancellation)
    {
        if (context.Settings.KeySource is "stdin")
        {
            throw CommandException.Usage(
                "--detach starts a second process, which cannot read the key from stdin again", "--key-file FILE, or SESSION_API_KEY");
        }

        var arguments = context.Parse.Tokens.Select(token => token.Value).Where(word => word != _detach.Name).ToList();
        var (watcher, agent, incarnation, code) = await Background.StartAsync(context.Host.Program(), arguments, cancellation);
        if (agent is null)
        {
            return code; // it has said why
        }

        Say(context, agent, incarnation, pid, watcher);
        return ExitCodes.Done;
    }

    private static void Say(CommandContext context, string agent, int incarnation, int pid, int watcher) => context.Output.Write(
        Json.Build(json =>
        {
            json.WriteString("agent_id"u8, agent);
            json.WriteNumber("incarnation"u8, incarnation);
            json.WriteNumber("pid"u8, pid);
            json.WriteNumber("watcher_pid"u8, watcher);
        }),
        s_view);

    /// <summary>In a test the lines go where the tool's own go.</summary>
    private static Action<string>? SinkOf(CommandContext context) =>
        context.Host.TakesSignals ? null : line => context.Host.Error.WriteLine("session-mesh: " + line);

    private AttachOptions OptionsOf(CommandContext context)
    {
        var file = context.Get(_given.SteerFile) is { } given ? Path.GetFullPath(given) : null;
        SupervisorOptions.CheckSteerFile(file);
        var labels = _given.LabelsOf(context);
        var defaults = new AttachOptions { Agent = new RegisterAgentRequest() };
        return defaults with
        {
            Mark = ProcessMark.Parse(context.Get(_mark)),
            Transcript = context.Get(_transcript),
            HookedIncarnation = context.Get(_hooked) ? context.Get(_incarnation) : null,
            Agent = context.Get(_hooked) ? new() { AgentId = context.Get(_given.AgentId), Ttl = context.Get(_given.Ttl) } : new()
            {
                AgentId = context.Get(_given.AgentId),
                ParentId = context.Get(_given.Parent) ?? context.Host.Env(MeshSettings.AgentVariable),
                Cluster = context.Get(_given.Cluster) ?? context.Settings.Cluster,
                Specializations = context.Get(_spec) is { Length: > 0 } specs ? specs : null,
                Labels = labels.Count == 0 ? null : labels,
                Ttl = context.Get(_given.Ttl),
            },
            Grace = SupervisorOptions.Seconds(context.Get(_given.Grace)) ?? defaults.Grace,
            OnSteer = context.Get(_given.OnSteer) is { } command ? Here(command) : null,
            SteerFile = file,
            SteerTimeout = SupervisorOptions.Seconds(context.Get(_given.SteerTimeout)) ?? defaults.SteerTimeout,
            ReportTimeout = SupervisorOptions.Seconds(context.Get(_given.ReportTimeout)) ?? defaults.ReportTimeout,
        };
    }

    /// <summary>Before anything is registered: a handler of steers gets a key of its own, which this one must be able to mint.</summary>
    private static async Task CheckKeyAsync(CommandContext context, AttachOptions options, CancellationToken cancellation)
    {
        if (options.OnSteer is null)
        {
            return;
        }

        var own = await context.Client.OwnKeyAsync(cancellation);
        if (!own.Scopes.Contains(Scopes.Admin) && !own.Scopes.Contains(Scopes.KeysMint))
        {
            throw new CommandException(
                ExitCodes.NotAllowed,
                $"--on-steer gives its command a key of its own, and this key may not mint one (it has no {Scopes.KeysMint})",
                "--steer-file FILE, or a key with that scope");
        }
    }

    /// <summary>What a handler of steers needs to speak for the agent: a key of its own, and not the operator's.</summary>
    private static async Task<Dictionary<string, string?>> EnvironmentAsync(CommandContext context, string agentId, int incarnation)
    {
        var key = await ChildKey.MintAsync(context.Client, agentId, new RunOptions { Command = [], SubAgents = false });
        return ChildEnvironment.For(context.Client.Options.BaseUrl, agentId, incarnation, key.Token, ChildEnvironment.OwnNames());
    }

    /// <summary>The command in the directory in which this one was typed, wherever the watcher is then.</summary>
    private static string Here(string command) =>
        $"cd -- '{Directory.GetCurrentDirectory().Replace("'", "'\\''", StringComparison.Ordinal)}' || exit 1\n{command}";

}
