using System.CommandLine;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Options;
using SessionMesh.Cli.Output;
using SessionMesh.Contracts;

namespace SessionMesh.Cli.Simulate;

/// <summary><c>simulate</c>: a fleet of honest, imperfect agents over real HTTP, for trying the product and for load.</summary>
internal sealed class SimulateCommand : MeshCommand
{
    private const int MostAgents = 1_000_000;
    private const int DefaultStreams = 500;

    private static readonly View s_view = View.Single("agents",
    [
        "agents", "registered", "alive_at_end", "seconds", "heartbeats", "heartbeats_per_second", "heartbeats_refused",
        "directives_heard", "acknowledged", "rejected", "exits_reported", "errors", "last_error",
    ]);

    private readonly Option<int?> _agents = Opt.Number("--agents", "How many", 1, MostAgents);
    private readonly Option<string?> _prefix = Opt.Id("--prefix", "Ids are PREFIX-1, PREFIX-2…; sim by default");

    private readonly Option<string?> _spec = new("--spec")
    {
        Description = "What they are good at, drawn from this list",
        HelpName = "a,b,c",
    };

    private readonly Option<int?> _clusters = Opt.Number("--clusters", "Spread over this many clusters, 1 by default", 1, 1000);
    private readonly Option<int?> _beat = Opt.Duration("--beat", "Between two beats of an agent (default: as the server asks)", 2, 3600);
    private readonly Option<int?> _duration = Opt.Duration("--duration", "End after this time (default: at Ctrl+C)", 1, 7 * 86_400);

    private readonly Option<string?> _listen = Opt.Choice(
        "--listen", "How they hear: by streams as far as --streams goes, or by their beats; stream by default", ["stream", "beat"]);

    private readonly Option<int?> _streams =
        Opt.Number("--streams", $"How many hold a stream open, {DefaultStreams} at most by default", 0, 100_000);

    private readonly Option<int?> _concurrency = Opt.Number("--concurrency", "Calls under way at once, 64 by default", 1, 4096);
    private readonly Option<int?> _seed = Opt.Number("--seed", "The same seed plays the same characters; 1 by default", 0, int.MaxValue);

    private readonly Option<bool> _leave = new("--leave")
    {
        Description = "At the end let the leases lapse, instead of reporting each exit",
    };

    public SimulateCommand(CliHost host) : base(host, "simulate", "Play a fleet of agents against the server.")
    {
        _agents.Required = true;
        Option[] options =
        [
            _agents, _prefix, _spec, _clusters, _beat, _duration, _listen, _streams, _concurrency, _seed, _leave,
        ];
        foreach (var option in options)
        {
            Add(option);
        }

        Prints(s_view, "last_error");
        Examples =
        [
            "session-mesh simulate --agents 100",
            "session-mesh simulate --agents 100000 --listen beat --duration 5m -o json",
        ];
        ExitNotes = ["0 also at Ctrl+C, where no --duration was given", "7 some agents could not be registered"];
    }

    protected override async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        var options = OptionsOf(context);
        context.Doing = $"simulate {options.Agents} agents";
        using var simulation = new Simulation(context.Client, options, context.Host.Time);
        var began = context.Host.Time.GetTimestamp();
        await simulation.RehearseAsync(context.Client, cancellation);

        using var shown = new CancellationTokenSource();
        var showing = context.Output.IsTable
            ? new SimulationProgress(context.Host, simulation.Tally).ShowAsync(shown.Token)
            : Task.CompletedTask;
        await simulation.PlayAsync(cancellation);
        var took = context.Host.Time.GetElapsedTime(began);
        var alive = simulation.Tally.Alive;
        if (!options.Leave)
        {
            await simulation.LeaveAsync(CancellationToken.None);
        }

        await shown.CancelAsync();
        await showing;

        context.Output.Write(simulation.Tally.ToJson(took, alive), s_view);
        if (simulation.Tally.Registered < options.Agents && !cancellation.IsCancellationRequested)
        {
            return ExitCodes.Partly;
        }

        return cancellation.IsCancellationRequested && options.Duration is not null ? ExitCodes.Interrupted : ExitCodes.Done;
    }

    private SimulateOptions OptionsOf(CommandContext context)
    {
        var agents = context.Get(_agents) ?? 1;
        var defaults = new SimulateOptions { Agents = agents };
        var byBeat = context.Get(_listen) is "beat";
        return defaults with
        {
            Prefix = context.Get(_prefix) ?? defaults.Prefix,
            Specializations = SpecializationsOf(context) ?? defaults.Specializations,
            Clusters = context.Get(_clusters) ?? defaults.Clusters,
            BeatSeconds = context.Get(_beat),
            Duration = context.Get(_duration) is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
            Streams = byBeat ? 0 : Math.Min(agents, context.Get(_streams) ?? DefaultStreams),
            Concurrency = context.Get(_concurrency) ?? defaults.Concurrency,
            Seed = (ulong)(context.Get(_seed) ?? 1),
            Leave = context.Get(_leave),
        };
    }

    private string[]? SpecializationsOf(CommandContext context)
    {
        if (context.Get(_spec) is not { } text)
        {
            return null;
        }

        var names = text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return names.Length > 0 && names.All(name => name.Length <= Limits.NameLength)
            ? names
            : throw CommandException.Usage($"--spec takes names of at most {Limits.NameLength} characters, separated by commas");
    }
}
