using System.Text.Json;
using SessionMesh.Core;
using SessionMesh.Core.Agents;
using SessionMesh.Core.Keys;
using SessionMesh.Core.Steering;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Http;

namespace SessionMesh.Server.A2A;

/// <summary>Finds tasks for a caller, and makes answers of them. Thread-safe.</summary>
internal sealed class A2ATasks(MeshEngine engine, A2ATaskWriter writer, A2AHistory history)
{
    public static string AgentIdIn(HttpContext http) => (string)http.Request.RouteValues["id"]!;

    /// <summary>The agent, if the caller may see it; whether it has a task is another question.</summary>
    public Outcome<AgentSlot> FindAgent(HttpContext http, ScopeSet scope) =>
        http.GetKey().FindAgent(engine.State, scope, AgentIdIn(http));

    /// <summary>The task that the path names, if it is the present life of its agent.</summary>
    public Outcome<A2ATask> Find(HttpContext http, ScopeSet scope)
    {
        var found = FindAgent(http, scope);
        return !found.Succeeded ? found.Error
            : A2ATask.Of(found.Value) is { } task && A2ATaskId.Of(engine.State, task.Agent) == (string)http.Request.RouteValues["task"]!
                ? task
                : A2AErrors.TaskNotFound();
    }

    /// <inheritdoc cref="A2ATaskWriter.StatusAt"/>
    public long StatusAt(Agent agent) => writer.StatusAt(agent);

    /// <summary>
    /// The answer as the log keeps it, from what the command itself knows: it is made while that is decided. What callers are shown comes
    /// from <see cref="AnswerAsync"/>.
    /// </summary>
    public Answer Render(Agent agent, DirectiveRecord? directive = null, bool isSent = true) => Write(json =>
    {
        Open(json, isSent);
        writer.Write(json, agent, directive);
        Close(json, isSent);
    });

    /// <param name="isSent">Whether it answers a message, as <c>{"task": …}</c>.</param>
    public async Task<Answer> AnswerAsync(
        Key key, A2ATask task, int? historyLength, DirectiveRecord? directive = null, bool isSent = false)
    {
        var mayRead = key.Has(ScopeSet.MeshRead);
        var said = mayRead ? await history.ReadAsync(task, historyLength) : [];
        return Write(json =>
        {
            Open(json, isSent);
            writer.Write(json, task.Agent, directive, said, mayRead);
            Close(json, isSent);
        });
    }

    /// <summary>A page of the one task that an agent has, or of none.</summary>
    /// <param name="task">Null if there is none that is asked for.</param>
    public async Task<Answer> PageAsync(A2ATask? task, int pageSize, int? historyLength, bool withArtifacts)
    {
        var said = task is null ? [] : await history.ReadAsync(task, historyLength);
        return Write(json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("tasks");
            if (task is not null)
            {
                writer.Write(json, task.Agent, null, said, withRow: true, withArtifacts);
            }

            json.WriteEndArray();
            json.WriteString("nextPageToken", "");
            json.WriteNumber("pageSize", pageSize);
            json.WriteNumber("totalSize", task is null ? 0 : 1);
            json.WriteEndObject();
        });
    }

    /// <summary>The task as a stream, from what it is now.</summary>
    /// <param name="sent">The directive that the caller sent; null for none.</param>
    public async Task<A2ATaskView> ViewAsync(Key key, A2ATask task, int? historyLength = null, DirectiveRecord? sent = null)
    {
        var first = await AnswerAsync(key, task, historyLength, sent);
        return new A2ATaskView(engine.State, key, task, first.Json, sent);
    }

    private static void Open(Utf8JsonWriter json, bool isSent)
    {
        if (isSent)
        {
            json.WriteStartObject();
            json.WritePropertyName("task");
        }
    }

    private static void Close(Utf8JsonWriter json, bool isSent)
    {
        if (isSent)
        {
            json.WriteEndObject();
        }
    }

    private static Answer Write(Action<Utf8JsonWriter> write) => Answers.Of(StatusCodes.Status200OK, text =>
    {
        using var json = new Utf8JsonWriter(text);
        write(json);
    });
}
