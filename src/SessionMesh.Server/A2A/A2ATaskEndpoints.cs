using SessionMesh.Core.Keys;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Http;
using SessionMesh.Server.Streams;

namespace SessionMesh.Server.A2A;

/// <summary>Shows tasks, cancels one and follows one.</summary>
internal sealed class A2ATaskEndpoints(Mutations mutations, MeshEngine engine, A2ATasks tasks, LogStream stream, ProblemWriter problems)
{
    private const int DefaultPage = 50;
    private const int MaxPage = 100;

    public async Task Get(HttpContext http)
    {
        var check = new Check();
        var historyLength = Read(http, "historyLength").Number("historyLength", ref check, 0, int.MaxValue);
        var found = check.Error is { } error ? error : tasks.Find(http, ScopeSet.MeshRead);
        await (found.Succeeded
            ? Answers.WriteAsync(http, await tasks.AnswerAsync(http.GetKey(), found.Value, (int?)historyLength))
            : problems.WriteAsync(http, found.Error));
    }

    public async Task List(HttpContext http)
    {
        var check = new Check();
        var query = Read(http, "contextId", "status", "pageSize", "pageToken", "historyLength", "statusTimestampAfter", "includeArtifacts");
        var pageSize = (int)(query.Number("pageSize", ref check, 1, MaxPage) ?? DefaultPage);
        var historyLength = (int?)query.Number("historyLength", ref check, 0, int.MaxValue);
        var since = query.Time("statusTimestampAfter", ref check);
        var state = check.OneOf("?status", query["status"], A2ATaskState.All);
        var withArtifacts = query.Flag("includeArtifacts", ref check);
        if (query["pageToken"] is { Length: > 0 })
        {
            check.Fail("?pageToken", "is not of this list, which has one page");
        }

        var found = check.Error is { } error ? error : tasks.FindAgent(http, ScopeSet.MeshRead);
        if (!found.Succeeded)
        {
            await problems.WriteAsync(http, found.Error);
            return;
        }

        var task = A2ATask.Of(found.Value);
        var matches = task is not null
            && (query["contextId"] is null or "" || query["contextId"] == task.Agent.Id)
            && (state is null || state == A2ATaskState.Of(task.Agent))
            && (since is null || tasks.StatusAt(task.Agent) >= since);
        await Answers.WriteAsync(http, await tasks.PageAsync(matches ? task : null, pageSize, historyLength, withArtifacts));
    }

    /// <summary>Asks the agent to stop, with all below it, and lets force follow when the grace is over.</summary>
    public async Task Cancel(HttpContext http)
    {
        var id = A2ATasks.AgentIdIn(http);
        var task = (string)http.Request.RouteValues["task"]!;
        var request = await Mutations.ReadOptionalAsync(http, A2AJson.Default.A2ACancelRequest);
        var kill = request.Bind((key, body) => A2ATaskId.IncarnationOf(engine.State, id, task) is { } incarnation
            ? A2ABinding.Kill(key, id, incarnation, body)
            : tasks.FindAgent(http, ScopeSet.Kill).Error ?? A2AErrors.TaskNotFound());
        var executed = await mutations.ExecuteAsync(request, kill, outcome => tasks.Render(outcome.Agent, isSent: false));
        if (executed.Error is { } error)
        {
            await problems.WriteAsync(http, A2AErrors.OfTask(error));
            return;
        }

        var found = tasks.Find(http, ScopeSet.Kill);
        await mutations.AnswerAsync(
            executed, instead: found.Succeeded ? await tasks.AnswerAsync(http.GetKey(), found.Value, historyLength: 0) : null);
    }

    public async Task Subscribe(HttpContext http)
    {
        var at = engine.State.Revision; // before the task is read: what comes in between is told twice rather than not at all
        var found = tasks.Find(http, ScopeSet.MeshRead);
        if ((found.Error ?? A2AErrors.NothingToFollow(found.Value)) is { } refused)
        {
            await problems.WriteAsync(http, refused);
            return;
        }

        await stream.FollowAsync(http, at, await tasks.ViewAsync(http.GetKey(), found.Value!));
    }

    /// <summary>Parameters that are not known are ignored, as the specification asks for members of messages.</summary>
    private static Query Read(HttpContext http, params ReadOnlySpan<string> known)
    {
        var unknown = new Check();
        return Query.Read(http, ref unknown, known);
    }
}
