using System.Text.Json;
using SessionMesh.Contracts;
using SessionMesh.Core.Keys;
using SessionMesh.Core.Steering;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Http;
using SessionMesh.Server.Steering;
using SessionMesh.Server.Streams;

namespace SessionMesh.Server.A2A;

/// <summary>
/// <c>message:send</c> and <c>message:stream</c>: a message is a steer, and joins the task that the agent's present life is. It is executed
/// once for its <c>messageId</c>.
/// </summary>
internal sealed class A2AMessageEndpoints(
    Mutations mutations, MeshEngine engine, A2ATasks tasks, DirectiveReader history, DirectiveWaits waits, LogStream stream,
    ProblemWriter problems)
{
    public async Task Send(HttpContext http)
    {
        var (request, sent) = await SteerAsync(http);
        if (sent.Error is { } error)
        {
            await problems.WriteAsync(http, A2AErrors.OfTask(error));
            return;
        }

        var configuration = request.Body.Configuration;
        var directive = await DirectiveOfAsync(sent);
        if (directive is not null && configuration?.ReturnImmediately != true)
        {
            var most = TimeSpan.FromSeconds(Limits.MaxWait);
            directive = await waits.UntilAsync(http, directive, DeliveryState.Acknowledged, most) ?? directive;
            if (http.GetKey().CheckStillValid(engine) is { } over)
            {
                await problems.WriteAsync(http, over); // it was sent, and the key that could be told more has ended meanwhile
                return;
            }
        }

        // An agent that the key does not reach any more shows nothing of its present: then the answer is what it was when it was sent.
        var reaches = tasks.FindAgent(http, ScopeSet.Steer).Succeeded;
        var task = directive is null || !reaches ? null : TaskOf(sent, directive);
        await mutations.AnswerAsync(sent, instead: task is null
            ? null
            : await tasks.AnswerAsync(http.GetKey(), task, configuration?.HistoryLength, directive, isSent: true));
    }

    public async Task Stream(HttpContext http)
    {
        var (request, sent) = await SteerAsync(http);
        var directive = sent.Error is null ? await DirectiveOfAsync(sent) : null;
        if ((sent.Error is { } error ? A2AErrors.OfTask(error) : directive is null ? A2AErrors.TaskNotFound() : null) is { } refused)
        {
            await problems.WriteAsync(http, refused);
            return;
        }

        // What happens from here on is in the log after this place; the task that is shown first may have some of it already.
        var at = sent.Value is null ? engine.State.Revision : directive!.Revision;
        var task = TaskOf(sent, directive!);
        if ((tasks.FindAgent(http, ScopeSet.Steer).Error ?? A2AErrors.NothingToFollow(task)) is { } unseen)
        {
            await problems.WriteAsync(http, unseen);
            return;
        }

        var view = await tasks.ViewAsync(http.GetKey(), task!, request.Body.Configuration?.HistoryLength, directive);
        await stream.FollowAsync(http, at, view);
    }

    private async Task<(MutationRequest<A2ASendRequest> Request, MutationResult<SteerOutcome> Sent)> SteerAsync(HttpContext http)
    {
        var id = A2ATasks.AgentIdIn(http);
        var request = await Mutations.ReadAsync(http, A2AJson.Default.A2ASendRequest);
        var steer = request.Bind((key, body) => A2ABinding.Steer(engine.State, key, id, body));
        if (steer is { Succeeded: true, Value: SteerAgent command })
        {
            request.OnceBy($"a2a\n{id}\n{request.Body.Message!.MessageId}", A2ABinding.HashOf(command));
        }

        return (request, await mutations.ExecuteAsync(request, steer, sent => tasks.Render(sent.Agent!, sent.One)));
    }

    /// <summary>The directive that the message is, issued now or when it first came; null if it is no longer kept.</summary>
    private async Task<DirectiveRecord?> DirectiveOfAsync(MutationResult<SteerOutcome> sent)
    {
        if (sent.Value is { One: { } issued })
        {
            return issued;
        }

        using var first = JsonDocument.Parse(sent.Earlier!.Json);
        var named = first.RootElement.GetProperty("task").GetProperty("metadata").GetProperty("directive");
        return DirectiveId.TryParse(named.GetProperty("directive_id").GetString()!, out var revision)
            ? await history.FindAsync(revision)
            : null;
    }

    /// <summary>The task that the message joined, while it is the one that the agent has; null once another life has begun.</summary>
    private A2ATask? TaskOf(MutationResult<SteerOutcome> sent, DirectiveRecord directive)
    {
        if (engine.State.SlotSince(directive.Agent, directive.Revision) is not { } slot || A2ATask.Of(slot) is not { } task)
        {
            return null;
        }

        if (sent.Value is { Agent: { } agent })
        {
            return task.Agent.Incarnation == agent.Incarnation ? task : null;
        }

        using var first = JsonDocument.Parse(sent.Earlier!.Json);
        return first.RootElement.GetProperty("task").GetProperty("id").GetString() == A2ATaskId.Of(engine.State, task.Agent) ? task : null;
    }
}
