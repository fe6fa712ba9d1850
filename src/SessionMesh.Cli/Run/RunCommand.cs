using System.CommandLine;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Keys;
using SessionMesh.Cli.Options;
using SessionMesh.Cli.Run.Kept;
using SessionMesh.Cli.Run.Orphans;
using SessionMesh.Cli.Run.Process;
using SessionMesh.Cli.Settings;
using SessionMesh.Client;
using SessionMesh.Contracts.Agents;
using SessionMesh.Contracts.Errors;

namespace SessionMesh.Cli.Run;

/// <summary><c>run</c>: a process as an agent, under the mesh from its start to its last descendant.</summary>
internal sealed class RunCommand : MeshCommand
{
    /// <summary>Exit code where we ourselves failed, so that it is not taken for the child's.</summary>
    public const int OwnFailure = 125;

    private readonly Argument<string[]> _command = new("command")
    {
        Description = "The command to run, after --",
        Arity = ArgumentArity.OneOrMore,
        HelpName = "CMD",
    };

    private readonly SupervisorOptions _given = new("exit");
    private readonly Option<SpecializationRequest[]> _spec = SpecOption.Of(
        "What it is good at, how many jobs it takes at once (1 by default), and how good it is (0 to 100, 50 by default); may be repeated");

    private readonly Option<string[]> _scope =
        KeyOptions.Scope("What the command's key may do besides speaking for its agent; may be repeated");

    private readonly Option<string[]> _within = KeyOptions.Within("Which agents --scope is for (default: the agent and all below it)");

    private readonly Option<bool> _noSubAgents = new("--no-sub-agents")
    {
        Description = "The command may not register agents below its own (default: it may, if this key may)",
    };

    private readonly Option<bool> _steerStdin = new("--steer-stdin")
    {
        Description = "Write each steer as a line of JSON to the process's stdin",
    };

    private readonly Option<RestartPolicy?> _restart = RestartOption();

    private readonly Option<int?> _restartDelay =
        Opt.Duration("--restart-delay", "Before the first restart, 1s by default; doubles to 60s", 1, 3600);

    private readonly Option<string?> _orphans = Opt.Choice(
        "--orphans",
        "What to do with processes left by a runner of this agent that is gone (default: refuse)",
        ["refuse", "kill", "leave"]);

    private readonly Option<long?> _keepOutput = Opt.Size(
        "--keep-output",
        "Keep this much of what it last wrote, for 'session-mesh logs' on this machine; its stdout and stderr are then pipes",
        KeptWriter.LeastSize,
        KeptWriter.MostSize,
        "from 64KiB to 10GiB");

    public RunCommand(CliHost host)
        : base(host, "run", "Run a command as an agent: register it, steer it, stop it, report its end.", output: false)
    {
        Option[] options =
        [
            _given.AgentId, _spec, _given.Parent, _given.Label, _given.Cluster, _scope, _within, _noSubAgents, _given.Ttl, _given.Grace,
            _given.OnSteer, _given.SteerFile, _steerStdin, _given.SteerTimeout, _given.ReportTimeout, _restart, _restartDelay, _orphans,
            _keepOutput, _given.Quiet,
        ];
        foreach (var option in options)
        {
            Add(option);
        }

        Add(_command);
        Validators.Add(result =>
        {
            _given.CheckHandlers(result, _steerStdin);
            if (result.GetResult(_within) is not null && result.GetResult(_scope) is null)
            {
                result.AddError("--within says which agents --scope is for: add --scope, such as --scope mesh:read");
            }
        });
        Usage = "[options] -- CMD [ARG…]";
        Examples =
        [
            "session-mesh run --spec data-analysis -- python worker.py",
            "session-mesh run --agent-id w1 --on-steer './steer.sh' -- ./worker --fast",
            "session-mesh run --agent-id planner --scope mesh:read --scope steer --scope kill -- ./planner",
            "session-mesh run --agent-id w1 --restart on-failure:5 --orphans kill -- ./worker",
            "session-mesh run --agent-id w1 --keep-output 10MB -- ./worker",
        ];
        ExitNotes =
        [
            "the command's own code, or 128 plus the signal that ended it",
            "5 another process is alive under that id, or left from a runner that is gone; 125 run itself failed; 126 not "
            + "executable; 127 not found",
        ];
    }

    /// <summary>Signals are the child's.</summary>
    protected override bool OwnsSignals(ParseResult parse) => true;

    protected override async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        var log = new RunLog(context.Get(_given.Quiet));
        if (!Platform.IsSupported)
        {
            log.Warn("run needs Linux or macOS");
            return OwnFailure;
        }

        if (!Platform.TracksDescendants)
        {
            log.Say(
                "on this system only the process group is followed: a descendant that leaves it is not stopped, and what a killed "
                + "runner left is not found");
        }

        var options = OptionsOf(context);
        context.Doing = $"run {options.Command[0]}";
        SupervisorOptions.CheckSteerFile(options.SteerFile);
        try
        {
            return await new Runner(context.Client, options, log, context.Host.Time).RunAsync();
        }
        catch (SpawnException e)
        {
            log.Warn(e.Message);
            return e.ShellCode;
        }
        catch (MeshException e)
        {
            Errors.Render(e, context);
            return e.Code == ErrorCodes.AlreadyAlive ? ExitCodes.Conflict : OwnFailure;
        }
    }

    private RunOptions OptionsOf(CommandContext context)
    {
        var defaults = new RunOptions { Command = context.Get(_command) ?? [] };
        return defaults with
        {
            AgentId = context.Get(_given.AgentId),
            Specializations = context.Get(_spec) ?? [],
            Labels = _given.LabelsOf(context),
            ParentId = context.Get(_given.Parent) ?? context.Host.Env(MeshSettings.AgentVariable),
            Cluster = context.Get(_given.Cluster) ?? context.Settings.Cluster,
            Scopes = context.Get(_scope) ?? [],
            Within = context.Get(_within) ?? [],
            SubAgents = !context.Get(_noSubAgents),
            TtlSeconds = context.Get(_given.Ttl),
            Grace = SupervisorOptions.Seconds(context.Get(_given.Grace)) ?? defaults.Grace,
            OnSteer = context.Get(_given.OnSteer),
            SteerFile = context.Get(_given.SteerFile),
            SteerStdin = context.Get(_steerStdin),
            SteerTimeout = SupervisorOptions.Seconds(context.Get(_given.SteerTimeout)) ?? defaults.SteerTimeout,
            ReportTimeout = SupervisorOptions.Seconds(context.Get(_given.ReportTimeout)) ?? defaults.ReportTimeout,
            Restart = context.Get(_restart) ?? defaults.Restart,
            RestartDelay = SupervisorOptions.Seconds(context.Get(_restartDelay)) ?? defaults.RestartDelay,
            Orphans = context.Get(_orphans) is { } answer ? Enum.Parse<OrphanAnswer>(answer, ignoreCase: true) : defaults.Orphans,
            KeepOutput = context.Get(_keepOutput),
            Kept = KeptOutput.Of(context.Host),
        };
    }

    private static Option<RestartPolicy?> RestartOption()
    {
        var option = new Option<RestartPolicy?>("--restart")
        {
            Description = "Start it again when it ends by itself: on-failure or always, at most N times (default: no)",
            HelpName = "on-failure[:N]|always[:N]|no",
            CustomParser = result =>
            {
                var policy = RestartPolicy.Parse(result.Tokens[0].Value);
                if (policy is null)
                {
                    result.AddError(
                        $"--restart takes on-failure, always (both with :N for at most N times) or no, not '{result.Tokens[0].Value}'");
                }

                return policy;
            },
        };
        option.CompletionSources.Add(_ => [new("on-failure"), new("always"), new("no")]);
        return option;
    }
}
