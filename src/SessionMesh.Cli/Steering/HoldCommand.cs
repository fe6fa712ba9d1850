using System.CommandLine;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Options;
using SessionMesh.Cli.Targets;
using SessionMesh.Contracts.Steering;

namespace SessionMesh.Cli.Steering;

/// <summary>
/// What <c>pause</c> and <c>resume</c> share: one verb to one agent, to several, to a selector or to everyone, and then the wait until each
/// has acknowledged it.
/// </summary>
internal abstract class HoldCommand : MeshCommand
{
    private const int DefaultWait = 30;
    private const int LongestWait = 3600;

    private readonly string _verb;
    private readonly AgentIdOption _agent;
    private readonly SelectorOptions _many;
    private readonly Everyone _everyone;
    private readonly Option<string?> _message = new("--message", "-m") { Description = "Text that rides along", HelpName = "TEXT" };

    private readonly Option<string?> _reason = new("--reason") { Description = "Why, for the audit alone", HelpName = "TEXT" };

    private readonly Option<int?> _waitSeconds =
        Opt.Duration("--wait-seconds", $"How long to wait until it is acknowledged, {DefaultWait}s by default", 1, LongestWait);

    private readonly Option<bool> _detach = new("--detach") { Description = "Do not wait" };

    protected HoldCommand(CliHost host, string name, string verb, string description) : base(host, name, description)
    {
        _verb = verb;
        _agent = new AgentIdOption(this, host, several: true);
        _many = new SelectorOptions(this, host);
        _everyone = new Everyone(this, _many);
        foreach (var option in new Option[] { _message, _reason, _waitSeconds, _detach })
        {
            Add(option);
        }

        Prints(DirectiveViews.One, json => json.Directive);
        Prints(DirectiveViews.Many);
        Usage = "(AGENT… | SELECTOR | --all) [options]";
        ExitNotes =
        [
            "0  acknowledged; with --detach: told",
            "1  the answer to the question was no",
            "2  many agents, no terminal to ask on, and neither --expect nor --yes",
            "3  no such agent, or no agent matches",
            "5  the agent is not alive; or not as many are as --expect says",
            "7  of many, some have not acknowledged: they are listed",
            "8  one agent: it rejected it",
            "9  one agent: the directive ended without an ack",
            "10 one agent: not acknowledged when the time was up; it still may be",
        ];
    }

    protected override bool TakesPrefixes(CommandContext context) => true;

    protected override async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        if (context.Get(_detach) && context.Get(_waitSeconds) is not null)
        {
            throw CommandException.Usage("--detach cannot be combined with --wait-seconds", "leave one of them out");
        }

        var seconds = context.Get(_waitSeconds) ?? DefaultWait;
        var request = new SteerRequest
        {
            Verb = _verb,
            Message = context.Get(_message),
            Reason = context.Get(_reason),
            Wait = context.Get(_detach) ? null : DirectiveState.Acknowledged,
        };

        var (id, selector) = _everyone.RequireTarget(context, _agent);
        if (id is not null)
        {
            context.Doing = $"{_verb} agent {id}";
            return _many.IsDryRun(context)
                ? await DryRun.ShowOneAsync(context, id, "nothing was sent", "reached", BulkSteer.Reaches, cancellation)
                : await SteerOne.RunAsync(context, request with { AgentId = id }, seconds, cancellation);
        }

        context.Doing = selector is null ? $"{_verb} every agent" : $"{_verb} the agents {SelectorOptions.Words(selector)}";
        var many = new BulkSteer(context, request, seconds);
        var sent = selector is null
            ? await ToAllAsync(context, many, cancellation)
            : await ToSelectedAsync(context, many, selector, cancellation);
        return sent switch
        {
            { Directives: { } directives } => ManyResults.Write(context, directives, request, seconds, onlyMissing: true),
            _ => sent.Code,
        };
    }

    private async Task<Sent> ToSelectedAsync(CommandContext context, BulkSteer many, AgentSelector selector, CancellationToken cancellation)
    {
        var whom = SelectorOptions.Words(selector);
        if (_many.IsDryRun(context))
        {
            return new(await many.ShowAsync(selector, whom, cancellation));
        }

        if (_many.AreNamed(context, _agent))
        {
            return new(await many.RunNamedAsync(selector.AgentIds!, cancellation));
        }

        var agreed = await _many.AgreeAsync(
            context, whom, () => many.CountAsync(selector, says: !_many.IsAgreed(context), cancellation),
            count => $"{Capital(_verb)} {SelectorOptions.Agents(count)} {whom}?");
        return agreed is { } expect ? new(await many.RunAsync(selector, expect, cancellation)) : Refused(context);
    }

    private async Task<Sent> ToAllAsync(CommandContext context, BulkSteer many, CancellationToken cancellation)
    {
        var ids = await _everyone.AgreeAsync(
            context, "reaches", "nothing was sent", _many.IsAgreed(context), whom => $"{Capital(_verb)} {whom}?", cancellation);
        if (ids is null)
        {
            return Refused(context);
        }

        return _many.IsDryRun(context) ? new(DryRun.Show(context, ids, "")) : new(await many.RunAsync(ids, cancellation));
    }

    private static Sent Refused(CommandContext context)
    {
        context.Note("nothing was sent");
        return new(ExitCodes.Failed);
    }

    private static string Capital(string word) => char.ToUpperInvariant(word[0]) + word[1..];

    /// <summary>What was sent, or with nothing sent the exit code.</summary>
    private readonly record struct Sent(int Code, IReadOnlyList<SentDirective>? Directives = null)
    {
        public Sent(IReadOnlyList<SentDirective> directives) : this(ExitCodes.Done, directives)
        {
        }
    }
}
