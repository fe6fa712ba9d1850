using System.CommandLine;
using System.CommandLine.Parsing;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Keys;
using SessionMesh.Cli.Options;
using SessionMesh.Cli.Run.Handlers;
using SessionMesh.Cli.Run.Kept;
using SessionMesh.Cli.Run.Orphans;
using SessionMesh.Cli.Run.Process;
using SessionMesh.Cli.Settings;
using SessionMesh.Client;
using SessionMesh.Contracts;
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

    private readonly Option<string?> _agentId = Opt.Id("--agent-id", "Id of the agent (default: the server chooses one)");
    private readonly Option<SpecializationRequest[]> _spec = SpecOption.Of(
        "What it is good at, how many jobs it takes at once (1 by default), and how good it is (0 to 100, 50 by default); may be repeated");

    private readonly Option<string?> _parent =
        Opt.Id("--parent", $"Agent above it (default: {MeshSettings.AgentVariable}, when run inside an agent)");

    private readonly Option<string[]> _label = new("--label")
    {
        Description = "A label; may be repeated, or with commas",
        HelpName = "KEY=VALUE",
    };

    private readonly Option<string?> _cluster = new("--cluster")
    {
        Description = "Cluster (default: the selected context's)",
        HelpName = "NAME",
    };

    private readonly Option<string[]> _scope =
        KeyOptions.Scope("What the command's key may do besides speaking for its agent; may be repeated");

    private readonly Option<string[]> _within = KeyOptions.Within("Which agents --scope is for (default: the agent and all below it)");

    private readonly Option<bool> _noSubAgents = new("--no-sub-agents")
    {
        Description = "The command may not register agents below its own (default: it may, if this key may)",
    };

    private readonly Option<int?> _ttl =
        Opt.Duration("--ttl", $"Lease, {Limits.DefaultAgentTtl}s by default", Limits.MinAgentTtl, Limits.MaxAgentTtl);

    private readonly Option<int?> _grace =
        Opt.Duration("--grace", $"Between TERM and KILL, {Limits.DefaultGrace}s by default, where a stop does not say", 0, Limits.MaxGrace);

    private readonly Option<string?> _onSteer = new("--on-steer")
    {
        Description = "Shell command to run for each steer; exit 0 acknowledges it",
        HelpName = "CMD",
    };

    private readonly Option<string?> _steerFile = new("--steer-file")
    {
        Description = "Write each steer to this file; a .jsonl file is appended to",
        HelpName = "FILE",
    };

    private readonly Option<bool> _steerStdin = new("--steer-stdin")
    {
        Description = "Write each steer as a line of JSON to the process's stdin",
    };

    private readonly Option<int?> _steerTimeout = Opt.Duration("--steer-timeout", "Bound of a steer handler, 30s by default", 1, 3600);

    private readonly Option<int?> _reportTimeout =
        Opt.Duration("--report-timeout", "How long to report the exit to a server that is away, 30s by default", 0, 86_400);

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

    private readonly Option<bool> _quiet = new("--quiet", "-q") { Description = "Say nothing while all is well" };

    public RunCommand(CliHost host)
        : base(host, "run", "Run a command as an agent: register it, steer it, stop it, report its end.", output: false)
    {
        Option[] options =
        [
            _agentId, _spec, _parent, _label, _cluster, _scope, _within, _noSubAgents, _ttl, _grace,
            _onSteer, _steerFile, _steerStdin, _steerTimeout, _reportTimeout, _restart, _restartDelay, _orphans, _keepOutput,
            _quiet,
        ];
        foreach (var option in options)
        {
            Add(option);
        }

        Add(_command);
        Validators.Add(result =>
        {
            OptionResult?[] handlers = [result.GetResult(_onSteer), result.GetResult(_steerFile), result.GetResult(_steerStdin)];
            if (handlers.Count(given => given is { Implicit: false }) > 1)
            {
                result.AddError("--on-steer, --steer-file and --steer-stdin cannot be combined");
            }

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
        var log = new RunLog(context.Get(_quiet));
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
        if (options.SteerFile is { } file && SteerFileHandler.Obstacle(file) is { } obstacle)
        {
            throw CommandException.Usage($"--steer-file {file}: {obstacle}", "a file in a directory that is there and can be written to");
        }

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
            AgentId = context.Get(_agentId),
            Specializations = context.Get(_spec) ?? [],
            Labels = LabelsOf(context.Get(_label) ?? []),
            ParentId = context.Get(_parent) ?? context.Host.Env(MeshSettings.AgentVariable),
            Cluster = context.Get(_cluster) ?? context.Settings.Cluster,
            Scopes = context.Get(_scope) ?? [],
            Within = context.Get(_within) ?? [],
            SubAgents = !context.Get(_noSubAgents),
            TtlSeconds = context.Get(_ttl),
            Grace = Seconds(context.Get(_grace)) ?? defaults.Grace,
            OnSteer = context.Get(_onSteer),
            SteerFile = context.Get(_steerFile),
            SteerStdin = context.Get(_steerStdin),
            SteerTimeout = Seconds(context.Get(_steerTimeout)) ?? defaults.SteerTimeout,
            ReportTimeout = Seconds(context.Get(_reportTimeout)) ?? defaults.ReportTimeout,
            Restart = context.Get(_restart) ?? defaults.Restart,
            RestartDelay = Seconds(context.Get(_restartDelay)) ?? defaults.RestartDelay,
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

    private static TimeSpan? Seconds(int? seconds) => seconds is { } given ? TimeSpan.FromSeconds(given) : null;

    private static Dictionary<string, string> LabelsOf(string[] labels)
    {
        var parsed = new Dictionary<string, string>();
        foreach (var (key, value) in LabelWords.Read(labels))
        {
            parsed[key] = value;
        }

        return parsed;
    }
}
