using System.CommandLine;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Options;
using SessionMesh.Cli.Output;
using SessionMesh.Cli.Steering;
using SessionMesh.Cli.Targets;
using SessionMesh.Client;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Agents;
using SessionMesh.Contracts.Steering;

namespace SessionMesh.Cli.Agents;

/// <summary>
/// <c>kill</c>: stops an agent, or all that a selector matches, and by default everything below; then follows until the end
/// is confirmed or the grace is over.
/// </summary>
internal sealed class KillCommand : MeshCommand
{
    /// <summary>Seconds past the grace, in which force acts and a runner reports.</summary>
    private const int Slack = 3;

    /// <summary>Seconds for which a forced end may still be confirmed.</summary>
    private const int AfterForce = 2;

    /// <summary>Characters of a path that every server takes.</summary>
    private const int LongestPath = 8000;

    private readonly AgentIdOption _agent;
    private readonly Option<bool> _force = new("--force") { Description = "At once, without grace and without asking" };

    private readonly Option<int?> _grace =
        Opt.Duration("--grace", $"Time to finish in, {Limits.DefaultGrace}s by default", 0, Limits.MaxGrace);

    private readonly Option<string?> _cascade =
        Opt.Choice(
            "--cascade", "What becomes of its descendants: they go, too (the default), or stay, its children under its parent",
            ["descendants", "none"]);

    private readonly Option<string?> _reason = new("--reason") { Description = "Why, for the log and the agent", HelpName = "TEXT" };

    private readonly Option<int?> _wait =
        Opt.Duration("--wait", "How long to wait for the proof (default: the grace, and a little)", 0, Limits.MaxGrace + Limits.MaxWait);

    private readonly Option<bool> _detach = new("--detach") { Description = "Do not wait for the proof" };
    private readonly SelectorOptions _many;
    private readonly Everyone _everyone;

    public KillCommand(CliHost host) : base(host, "kill", "Stop an agent, or many: ask to finish, then force; and say what is proven.")
    {
        _agent = new AgentIdOption(this, host, several: true);
        foreach (var option in new Option[] { _force, _grace, _cascade, _reason, _wait, _detach })
        {
            Add(option);
        }

        _many = new SelectorOptions(this, host);
        _everyone = new Everyone(this, _many);
        Usage = "(AGENT… | SELECTOR | --all) [options]";
        Prints(AgentViews.Kill, json => json.KillReport);
        Prints(DirectiveViews.Many);
        Prints(AgentDetailView.All, json => json.AgentDetail);
        Examples =
        [
            "session-mesh kill --agent-id 456 --force",
            "session-mesh kill 456 --grace 30s --reason 'wrong branch' --yes",
            "session-mesh kill 456 457 458 --yes",
            "session-mesh kill --subtree lead --dry-run",
            "session-mesh kill --spec ocr --cluster blue --expect 12",
            "session-mesh kill --all --expect 40",
        ];
        ExitNotes =
        [
            "0  every end is confirmed; with --detach: told to stop; with --force and no --wait: ended in the mesh",
            "1  told to stop, and nobody confirmed that it did; or the answer to the question was no",
            "2  no terminal to ask on, and neither --yes nor --force; for many: nor --expect",
            "3  no such agent, or the selector matches nobody",
            "5  not as many match as --expect says",
            "7  of many, the end of some is not confirmed, or some are not known",
        ];
    }

    protected override bool TakesPrefixes(CommandContext context) => !context.Get(_force) && !_many.IsAgreed(context);

    protected override async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        var (id, selector) = _everyone.RequireTarget(context, _agent);
        context.Doing = _everyone.IsMeant(context) ? "kill every agent"
            : id is not null ? $"kill agent {id}"
            : $"kill the agents {SelectorOptions.Words(selector!)}";
        if (context.Get(_force) && context.Get(_grace) is not null)
        {
            throw CommandException.Usage("--force cannot be combined with --grace", "leave one of them out");
        }

        if (context.Get(_detach) && context.Get(_wait) is not null)
        {
            throw CommandException.Usage("--detach cannot be combined with --wait", "leave one of them out");
        }

        return _everyone.IsMeant(context) ? await KillAllAsync(context, cancellation)
            : selector is not null && SelectorOptions.IsOfIdsAlone(selector)
                ? await KillNamedAsync(context, selector.AgentIds!, cancellation)
            : selector is not null ? await KillManyAsync(context, selector, cancellation)
            : await KillOneAsync(context, id!, cancellation);
    }

    private async Task<int> KillAllAsync(CommandContext context, CancellationToken cancellation)
    {
        var isAgreed = _many.IsAgreed(context) || context.Get(_force);
        if (await _everyone.AgreeAsync(
            context, "stops", KillPreview.Undone, isAgreed, whom => $"Stop {whom}? {Grace(context)}", cancellation) is not { } ids)
        {
            context.Note(KillPreview.Undone);
            return ExitCodes.Failed;
        }

        if (_many.IsDryRun(context))
        {
            return DryRun.Show(context, ids, "", KillPreview.Undone, "stopped");
        }

        return await RunAsync(context, new KillNamed(context, OptionsOf(context)), ids, cancellation);
    }

    private async Task<int> KillOneAsync(CommandContext context, string id, CancellationToken cancellation)
    {
        if (_many.IsDryRun(context))
        {
            return await new KillPreview(context, OptionsOf(context)).ShowOneAsync(id, cancellation);
        }

        var deadBefore = new HashSet<string>();
        if (!context.Get(_force) && !_many.IsAgreed(context) && !await AgreedAsync(context, id, deadBefore, cancellation))
        {
            context.Note(KillPreview.Undone);
            return ExitCodes.Failed;
        }

        var bound = BoundOf(context);
        var follow = new KillFollow(context, id, OptionsOf(context), bound);
        var report = await follow.RunAsync(cancellation);
        if (follow.WasDead)
        {
            deadBefore.Add(id);
        }

        context.Output.Write(report, AgentViews.Kill);
        if (bound == 0 && context.Output.IsTable && deadBefore.Count == 0)
        {
            context.Note($"agent {id} was told to stop; 'session-mesh show {id}' says how it ended");
        }

        var unproven = bound == 0 ? [] : KillVerdict.Unproven(report, Cascades(context));
        if (unproven.Where(row => !deadBefore.Contains(Json.Text(row, "agent_id")!)).ToList() is { Count: > 0 } doubted)
        {
            context.Note(KillVerdict.Words(doubted));
        }

        KillVerdict.SayMore(context, report, Cascades(context), deadBefore);
        return unproven.Count > 0 && ProofIsAskedFor(context) ? ExitCodes.Failed : ExitCodes.Done;
    }

    /// <summary>Several that are named: those who are known and live are stopped, whatever is wrong with the others.</summary>
    private async Task<int> KillNamedAsync(CommandContext context, IReadOnlyList<string> ids, CancellationToken cancellation)
    {
        if (_many.Expected(context) is not null)
        {
            CheckLength(new AgentSelector { AgentIds = ids }, OptionsOf(context)); // a count holds for one call
        }

        var preview = new KillPreview(context, OptionsOf(context));
        if (_many.IsDryRun(context))
        {
            return await preview.ShowNamedAsync(ids, cancellation);
        }

        if (!context.Get(_force) && !_many.IsAgreed(context) && _many.Expected(context) is null)
        {
            if (!context.CanAsk)
            {
                throw SelectorOptions.CannotAsk();
            }

            if (!await preview.AgreedAsync(ids, Grace(context), cancellation))
            {
                context.Note(KillPreview.Undone);
                return ExitCodes.Failed;
            }
        }

        var named = new KillNamed(context, OptionsOf(context)) { AreNamed = true, Expect = _many.Expected(context) };
        return await RunAsync(context, named, ids, cancellation);
    }

    private async Task<int> KillManyAsync(CommandContext context, AgentSelector selector, CancellationToken cancellation)
    {
        var (whom, options) = (SelectorOptions.Words(selector), OptionsOf(context));
        if (selector.Label?.Values.FirstOrDefault(value => value.Contains(',')) is { } label)
        {
            throw CommandException.Usage(
                $"the label '{label}' has a comma, and a kill cannot carry one", "select in another way; --dry-run shows whom");
        }

        CheckLength(selector, options);
        if (_many.IsDryRun(context))
        {
            var matched = await MatchAsync();
            var left = await SelectorOptions.LeftOutAsync(context, selector, matched, cancellation);
            return DryRun.Show(context, matched, whom, KillPreview.Undone, "stopped", left, Below(context));
        }

        var agreed = context.Get(_force) && _many.Expected(context) is null
            ? (await MatchAsync()).Count
            : await _many.AgreeAsync(
                context, whom, async () => (await MatchAsync()).Count,
                count => $"Stop {SelectorOptions.Agents(count)} {whom}{Below(context)}? {Grace(context)}");
        if (agreed is not { } expect)
        {
            context.Note(KillPreview.Undone);
            return ExitCodes.Failed;
        }

        if (expect == 0)
        {
            throw SelectorOptions.NothingMatched(whom);
        }

        var code = await RunOf(context, named: null).RunAsync(
            () => context.Client.SendAsync(MeshCall.KillMany(selector, options, expect), cancellation), cancellation);
        var unknown = selector.AgentIds?.Count > expect
            ? await SelectorOptions.LeftOutAsync(context, selector, matched: [], cancellation)
            : [];
        LeftOut.Say(context, unknown);
        return unknown.Count > 0 ? ExitCodes.Partly : code;

        async Task<List<string>> MatchAsync()
        {
            var matched = await context.Client.SendAsync(MeshCall.KillMany(selector, options, dryRun: true), cancellation);
            return [.. matched.GetProperty("results").EnumerateArray().Select(row => Json.Text(row, "agent_id")).OfType<string>()];
        }
    }

    private static void CheckLength(AgentSelector selector, KillOptions options)
    {
        if (MeshCall.KillMany(selector, options, int.MaxValue).Path.Length > LongestPath)
        {
            throw CommandException.Usage("that is too long for one call", "name fewer agents, or use a label or a subtree");
        }
    }

    private Task<int> RunAsync(CommandContext context, KillNamed named, IReadOnlyList<string> ids, CancellationToken cancellation) =>
        RunOf(context, named).RunAsync(() => named.RunAsync(ids, cancellation), cancellation);

    private KillRun RunOf(CommandContext context, KillNamed? named) =>
        new(context, OptionsOf(context), BoundOf(context), ProofIsAskedFor(context)) { Named = named };

    /// <summary>The question names the agent, what it is doing and how many go with it.</summary>
    /// <param name="deadBefore">Takes the agent where it is dead: then there is nothing to ask, unless others live below it.</param>
    private async Task<bool> AgreedAsync(
        CommandContext context, string id, HashSet<string> deadBefore, CancellationToken cancellation)
    {
        // Before the look-up: without a terminal it is refused anyway.
        if (!context.CanAsk)
        {
            return context.Confirm("", "--yes, or --force,");
        }

        var agent = await context.Client.AgentAsync(id, cancellation);
        if (agent.Status is AgentStatus.Dead)
        {
            deadBefore.Add(id);
            if (agent.Descendants == 0 || !Cascades(context))
            {
                return true;
            }
        }

        var doing = string.Join(
            ", ", new[] { agent.Status, agent.Activity, agent.Note is { Length: > 0 } note ? $"\"{note}\"" : null }.OfType<string>());
        var below = (Cascades(context), agent.Descendants) switch
        {
            (_, 0) => "",
            (false, var n) => "; " + KillPreview.Stays(n),
            (true, 1) => " and its 1 descendant",
            (true, var n) => $" and its {n} descendants",
        };
        return context.Confirm($"Stop agent {id} ({doing}){below}? {Grace(context)}");
    }

    private KillOptions OptionsOf(CommandContext context) => new()
    {
        Force = context.Get(_force),
        Grace = context.Get(_grace),
        Cascade = context.Get(_cascade) ?? "descendants",
        Reason = context.Get(_reason),
    };

    /// <summary>Seconds to follow; 0 for not at all.</summary>
    private int BoundOf(CommandContext context) =>
        context.Get(_detach) ? 0
        : context.Get(_wait) ?? (context.Get(_force) ? AfterForce : (context.Get(_grace) ?? Limits.DefaultGrace) + Slack);

    /// <summary>Force asks for an end in the mesh, not for proof; unless it is to wait for one.</summary>
    private bool ProofIsAskedFor(CommandContext context) => !context.Get(_force) || context.Get(_wait) is not null;

    private bool Cascades(CommandContext context) => context.Get(_cascade) is not "none";

    private string Below(CommandContext context) => Cascades(context) ? " and their descendants" : "";

    private string Grace(CommandContext context) =>
        context.Get(_grace) is 0 ? "No time to finish." : $"{context.Get(_grace) ?? Limits.DefaultGrace} s to finish.";
}
