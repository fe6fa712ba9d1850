using System.CommandLine;
using System.Text.Json;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Options;
using SessionMesh.Cli.Output;
using SessionMesh.Cli.Targets;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Steering;

namespace SessionMesh.Cli.Steering;

/// <summary><c>steer</c>: one directive to one agent, or to all that a selector matches; durable when the command returns.</summary>
internal sealed class SteerCommand : MeshCommand
{
    private const int DefaultWait = 30;
    private const int LongestWait = 3600;

    private readonly AgentIdOption _agent;

    private readonly Option<string?> _direction = new("--direction", "-d")
    {
        Description = "A token that the agent understands: north, drain, eu-west",
        HelpName = "TOKEN",
    };

    private readonly Option<string?> _verb =
        Opt.Choice("--verb", "Steer by default; pause and resume need no direction", DirectiveVerb.Steerable);

    private readonly Option<string?> _message = new("--message", "-m") { Description = "Text that rides along", HelpName = "TEXT" };
    private readonly Option<string?> _data = new("--data") { Description = "JSON that rides along", HelpName = "JSON" };
    private readonly Option<string?> _reason = new("--reason") { Description = "Why, for the audit alone", HelpName = "TEXT" };
    private readonly Option<int?> _ttl = Opt.Duration("--ttl", "How long it may be delivered, 1h by default", 1, Limits.MaxDirectiveTtl);
    private readonly Option<bool> _hold = new("--hold") { Description = "Keep it for an agent that is not alive" };
    private readonly Option<string?> _wait = Opt.Choice(
        "--wait", $"Return when the directive has come so far, {DirectiveState.Acknowledged} where no word follows", DirectiveState.Waits);

    private readonly Option<int?> _waitSeconds =
        Opt.Duration("--wait-seconds", $"Bound of --wait, {DefaultWait}s by default", 1, LongestWait);

    private readonly SelectorOptions _many;

    public SteerCommand(CliHost host) : base(host, "steer", "Redirect an agent, or many; or pause and resume them.")
    {
        _agent = new AgentIdOption(this, host, several: true);
        _wait.Arity = ArgumentArity.ZeroOrOne;
        foreach (var option in new Option[] { _direction, _verb, _message, _data, _reason, _ttl, _hold, _wait, _waitSeconds })
        {
            Add(option);
        }

        _many = new SelectorOptions(this, host);
        Usage = "(AGENT… | SELECTOR) --direction TOKEN [options]";
        Prints(DirectiveViews.One, json => json.Directive);
        Prints(DirectiveViews.Many);
        Examples =
        [
            "session-mesh steer --agent-id 123 --direction west",
            "session-mesh steer 123 --direction drain --message 'until the deploy is done' --ttl 1h30m",
            "session-mesh steer 123 --direction west --wait",
            "session-mesh steer 123 124 --direction west",
            "session-mesh steer --spec ocr --label zone=eu --direction drain --dry-run",
            "session-mesh steer --spec ocr --label zone=eu --direction drain --expect 12 --wait acknowledged",
        ];
        ExitNotes =
        [
            "0  the directive is durable, and has come as far as --wait asked",
            "1  the answer to the question was no",
            "2  a selector, no terminal to ask on, and neither --expect nor --yes",
            "3  no such agent, or the selector matches nobody",
            "5  the agent is not alive, and --hold was not given; or not as many match as --expect says",
            "7  of many, some were not told, or with --wait did not come so far",
            "8  with --wait, of one: the agent rejected it",
            "9  with --wait, of one: it expired, was cancelled or could not be delivered",
            "10 with --wait, of one: it had not come so far when the time was up; it still may",
        ];
    }

    protected override bool TakesPrefixes(CommandContext context) => true;

    protected override async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        var (id, selector) = _many.RequireTarget(context, _agent);
        context.Doing = id is not null ? $"steer agent {id}" : $"steer the agents {SelectorOptions.Words(selector!)}";
        var request = RequestOf(context, id);
        var seconds = context.Get(_waitSeconds) ?? DefaultWait;
        if (selector is not null)
        {
            return await SteerManyAsync(context, selector, request, seconds, cancellation);
        }

        if (_many.IsDryRun(context))
        {
            return await DryRun.ShowOneAsync(
                context, id!, "nothing was sent", "reached",
                status => context.Get(_hold) || BulkSteer.Reaches(status), cancellation);
        }

        return await SteerOne.RunAsync(context, request, seconds, cancellation);
    }

    private async Task<int> SteerManyAsync(
        CommandContext context, AgentSelector selector, SteerRequest request, int seconds, CancellationToken cancellation)
    {
        var many = new BulkSteer(context, request, seconds);
        var whom = SelectorOptions.Words(selector);
        if (_many.IsDryRun(context))
        {
            return await many.ShowAsync(selector, whom, cancellation);
        }

        if (_many.AreNamed(context, _agent))
        {
            return ManyResults.Write(
                context, await many.RunNamedAsync(selector.AgentIds!, cancellation), request, seconds, onlyMissing: false);
        }

        var word = request.Verb is DirectiveVerb.Pause or DirectiveVerb.Resume ? request.Verb : $"steer {request.Direction}";
        var agreed = await _many.AgreeAsync(
            context, whom, () => many.CountAsync(selector, says: !_many.IsAgreed(context), cancellation),
            count => $"Tell {SelectorOptions.Agents(count)} {whom}: {word}?");
        if (agreed is not { } expect)
        {
            context.Note("nothing was sent");
            return ExitCodes.Failed;
        }

        return ManyResults.Write(context, await many.RunAsync(selector, expect, cancellation), request, seconds, onlyMissing: false);
    }

    private SteerRequest RequestOf(CommandContext context, string? id)
    {
        var verb = context.Get(_verb);
        var direction = context.Get(_direction);
        if (direction is null && verb is null or DirectiveVerb.Steer)
        {
            throw CommandException.Usage(
                "steering needs a direction",
                id is null ? "add --direction north" : $"session-mesh steer --agent-id {id} --direction north");
        }

        if (direction is not null && verb is DirectiveVerb.Pause or DirectiveVerb.Resume)
        {
            throw CommandException.Usage($"--verb {verb} takes no direction", "leave --direction out");
        }

        if (context.Get(_waitSeconds) is not null && WaitOf(context) is null)
        {
            throw CommandException.Usage("--wait-seconds bounds --wait, which is not given", "add --wait");
        }

        return new SteerRequest
        {
            AgentId = id,
            Direction = direction,
            Verb = verb,
            Message = context.Get(_message),
            Data = DataOf(context),
            Reason = context.Get(_reason),
            Ttl = context.Get(_ttl),
            Hold = context.Get(_hold) ? true : null,
            Wait = WaitOf(context),
        };
    }

    /// <summary>The state to wait for; <c>--wait</c> alone means the proof.</summary>
    private string? WaitOf(CommandContext context) =>
        context.Get(_wait) ?? (context.Parse.GetResult(_wait) is not null ? DirectiveState.Acknowledged : null);

    private JsonElement? DataOf(CommandContext context)
    {
        if (context.Get(_data) is not { } text)
        {
            return null;
        }

        try
        {
            using var document = JsonDocument.Parse(text);
            return document.RootElement.Clone();
        }
        catch (JsonException e)
        {
            throw CommandException.Usage($"--data {JsonWords.Of(e, text)}", "--data '{\"speed\": 3}'");
        }
    }
}
