using System.CommandLine;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Output;
using SessionMesh.Client;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Agents;

namespace SessionMesh.Cli.Agents;

/// <summary><c>kill</c>: stops an agent, and by default everything below it.</summary>
internal sealed class KillCommand : MeshCommand
{
    private readonly AgentIdOption _agent;
    private readonly Option<bool> _force = new("--force") { Description = "At once, without grace and without asking" };
    private readonly Option<int?> _grace = Opt.Duration("--grace", $"Time to finish in, {Limits.DefaultGrace}s by default", 0, Limits.MaxGrace);
    private readonly Option<string?> _cascade = Opt.Choice("--cascade", "What becomes of its descendants; by default they go, too", ["descendants", "none"]);
    private readonly Option<string?> _reason = new("--reason") { Description = "Why, for the log and the agent", HelpName = "TEXT" };
    private readonly Option<int?> _wait = Opt.Duration("--wait", "Wait until the exit is known, at most so long", 0, Limits.MaxWait);
    private readonly Option<bool> _yes = new("--yes", "-y") { Description = "Do not ask" };
    private readonly Option<bool> _dryRun = new("--dry-run") { Description = "Show which agent it would be, and stop nothing" };

    public KillCommand(CliHost host) : base(host, "kill", "Stop an agent: ask it to finish, then force it.")
    {
        _agent = new AgentIdOption(this, host);
        Add(_force);
        Add(_grace);
        Add(_cascade);
        Add(_reason);
        Add(_wait);
        Add(_yes);
        Add(_dryRun);
        Examples =
        [
            "session-mesh kill --agent-id 456 --force",
            "session-mesh kill 456 --grace 30s --wait 40s --yes",
        ];
        ExitNotes =
        [
            "0  the agent is dead, or was asked to stop",
            "1  with --wait: it had not exited when the time was up",
            "2  no terminal to ask on, and neither --yes nor --force",
        ];
    }

    protected override async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        var id = _agent.Require(context);
        context.Doing = $"kill agent {id}";
        var force = context.Get(_force);
        if (force && context.Get(_grace) is not null)
            throw CommandException.Usage("--force leaves no grace, and --grace asks for one", "leave one of the two out");

        if (context.Get(_dryRun)) return await ShowAsync(context, id, cancellation);
        if (!force && !context.Get(_yes) && !await AgreedAsync(context, id, cancellation))
        {
            context.Note("nothing was stopped");
            return ExitCodes.Failed;
        }

        var report = await context.Client.SendAsync(
            MeshCall.Kill(id, new KillOptions
            {
                Force = force,
                Grace = context.Get(_grace),
                Cascade = CascadeOf(context),
                WaitSeconds = context.Get(_wait),
                Reason = context.Get(_reason),
            }),
            cancellation);
        context.Output.Write(report, AgentViews.Kill);

        var stopping = Json.Text(report, "status") is AgentStatus.Stopping;
        if (stopping && context.Get(_wait) is { } seconds)
        {
            context.Note($"agent {id} had not exited after {seconds} s; it is forced when its grace is over");
            return ExitCodes.Failed;
        }

        if (stopping && context.Output.IsTable) context.Note($"agent {id} was asked to stop; 'session-mesh show {id}' says how it ended");
        return ExitCodes.Done;
    }

    private string CascadeOf(CommandContext context) => context.Get(_cascade) ?? "descendants";

    private static async Task<int> ShowAsync(CommandContext context, string id, CancellationToken cancellation)
    {
        context.Output.Write(await context.Client.SendAsync(MeshCall.Agent(id), cancellation), AgentViews.Detail);
        context.Note("a dry run: nothing was stopped");
        return ExitCodes.Done;
    }

    /// <summary>Names what will happen: which agent, what it is doing, how many go with it.</summary>
    private async Task<bool> AgreedAsync(CommandContext context, string id, CancellationToken cancellation)
    {
        // Asked for before the look-up: without a terminal there is no point in one.
        if (!context.CanAsk) return context.Confirm("", "--yes, or --force,");

        var agent = await context.Client.AgentAsync(id, cancellation);
        var doing = string.Join(", ", new[] { agent.Status, agent.Activity, agent.Note is { Length: > 0 } note ? $"\"{note}\"" : null }.OfType<string>());
        var below = (CascadeOf(context), agent.Descendants) switch
        {
            (_, 0) => "",
            ("none", var n) => $"; its {n} {Plural(n)} stay, under its parent",
            (_, var n) => $" and its {n} {Plural(n)}",
        };
        return context.Confirm($"Stop agent {id} ({doing}){below}? It has {context.Get(_grace) ?? Limits.DefaultGrace} s to finish.");
    }

    private static string Plural(int count) => count == 1 ? "descendant" : "descendants";
}
