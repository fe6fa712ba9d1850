using System.CommandLine;
using System.Text.Json;
using SessionMesh.Cli.Agents;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Output;
using SessionMesh.Client;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Steering;

namespace SessionMesh.Cli.Steering;

/// <summary><c>steer</c>: one word to one agent, durable when the command returns.</summary>
internal sealed class SteerCommand : MeshCommand
{
    private const int DefaultWait = 30;

    private readonly AgentIdOption _agent;
    private readonly Option<string?> _direction = new("--direction", "-d") { Description = "A token that the agent understands: north, drain, eu-west", HelpName = "TOKEN" };
    private readonly Option<string?> _verb = Opt.Choice("--verb", "Steer by default; pause and resume need no direction", DirectiveVerb.Steerable);
    private readonly Option<string?> _message = new("--message", "-m") { Description = "Text that rides along", HelpName = "TEXT" };
    private readonly Option<string?> _data = new("--data") { Description = "JSON that rides along", HelpName = "JSON" };
    private readonly Option<int?> _ttl = Opt.Duration("--ttl", "How long it may be delivered, 1h by default", 1, Limits.MaxDirectiveTtl);
    private readonly Option<bool> _hold = new("--hold") { Description = "Keep it for an agent that is not alive" };
    private readonly Option<string?> _wait = Opt.Choice("--wait", "Return when the directive has come so far", DirectiveState.Waits);
    private readonly Option<int?> _waitSeconds = Opt.Duration("--wait-seconds", $"Bound of --wait, {DefaultWait}s by default", 1, Limits.MaxWait);

    public SteerCommand(CliHost host) : base(host, "steer", "Redirect an agent, or pause and resume it.")
    {
        _agent = new AgentIdOption(this, host);
        Add(_direction);
        Add(_verb);
        Add(_message);
        Add(_data);
        Add(_ttl);
        Add(_hold);
        Add(_wait);
        Add(_waitSeconds);
        Examples =
        [
            "session-mesh steer --agent-id 123 --direction west",
            "session-mesh steer 123 --direction drain --message 'until the deploy is done' --ttl 1h30m",
            "session-mesh steer 123 --verb pause --wait acknowledged",
        ];
        ExitNotes =
        [
            "0  the directive is durable, and has come as far as --wait asked",
            "1  with --wait: it has not come so far in time, or the agent rejected it",
            "5  the agent is not alive, and --hold was not given",
        ];
    }

    protected override async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        var id = _agent.Require(context);
        context.Doing = $"steer agent {id}";
        var request = RequestOf(context, id);
        var directive = await context.Client.SendAsync(MeshCall.Steer(request), cancellation);
        context.Output.Write(directive, DirectiveViews.One);
        return request.Wait is null ? ExitCodes.Done : Reached(context, request, Json.Text(directive, "state"));
    }

    private SteerRequest RequestOf(CommandContext context, string id)
    {
        var verb = context.Get(_verb);
        var direction = context.Get(_direction);
        if (direction is null && verb is null or DirectiveVerb.Steer)
            throw CommandException.Usage("steering needs a direction", $"session-mesh steer --agent-id {id} --direction north");
        if (direction is not null && verb is DirectiveVerb.Pause or DirectiveVerb.Resume)
            throw CommandException.Usage($"--verb {verb} takes no direction", "leave --direction out");
        if (context.Get(_waitSeconds) is not null && context.Get(_wait) is null)
            throw CommandException.Usage("--wait-seconds bounds --wait, which is not given", "add --wait acknowledged");

        return new SteerRequest
        {
            AgentId = id,
            Direction = direction,
            Verb = verb,
            Message = context.Get(_message),
            Data = DataOf(context),
            Ttl = context.Get(_ttl),
            Hold = context.Get(_hold) ? true : null,
            Wait = context.Get(_wait),
            WaitSeconds = context.Get(_wait) is null ? null : context.Get(_waitSeconds) ?? DefaultWait,
        };
    }

    private JsonElement? DataOf(CommandContext context)
    {
        if (context.Get(_data) is not { } text) return null;
        try
        {
            using var document = JsonDocument.Parse(text);
            return document.RootElement.Clone();
        }
        catch (JsonException e)
        {
            throw CommandException.Usage($"--data is not JSON: {e.Message}", "--data '{\"speed\": 3}'");
        }
    }

    private static int Reached(CommandContext context, SteerRequest request, string? state)
    {
        if (DirectiveState.Waits.Contains(state) && Rank(state) >= Rank(request.Wait)) return ExitCodes.Done;
        context.Note(state is DirectiveState.Queued or DirectiveState.Delivered or DirectiveState.Accepted
            ? $"the directive is {state}, and not {request.Wait} after {request.WaitSeconds} s; it stays in the inbox of agent {request.AgentId}"
            : $"the directive is {state}");
        return ExitCodes.Failed;
    }

    private static int Rank(string? state)
    {
        for (var i = 0; i < DirectiveState.Waits.Count; i++)
            if (DirectiveState.Waits[i] == state) return i;
        return -1;
    }
}
