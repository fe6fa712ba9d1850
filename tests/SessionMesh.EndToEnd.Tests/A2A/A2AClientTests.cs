using SessionMesh.EndToEnd.Tests.Agents;
using SessionMesh.EndToEnd.Tests.Support;
using SessionMesh.EndToEnd.Tests.Workers;

namespace SessionMesh.EndToEnd.Tests.A2A;

/// <summary>A client that nobody here wrote (<c>@a2a-js/sdk</c>) and a real process, with nothing between them but the mesh.</summary>
public sealed class A2AClientTests(Mesh mesh) : IClassFixture<Mesh>
{
    private const int Working = 2;
    private const int Canceled = 5;

    [SkippableFact]
    public async Task Client_ReadsCards_Sends_Follows_AndCancels()
    {
        var (node, sdk) = await AgentPrograms.A2ASdkAsync();
        using var worker = Worker.Start(
            mesh, "worker-1", "trap 'exit 0' TERM; while :; do sleep 0.1; done",
            "--spec", "image/ocr", "--on-steer", "echo \"$SESSION_MESH_DIRECTION $SESSION_MESH_MESSAGE\" >> steered");
        await worker.AliveAsync();
        var key = (await mesh.Http.PostAsync("keys", """{"scopes":["mesh:read","steer","kill"]}""")).Text("token")!;
        var environment = new Dictionary<string, string>(mesh.Scratch.Environment())
        {
            ["SDK"] = sdk,
            ["MESH"] = mesh.Server.Url,
            ["AGENT"] = "worker-1",
            ["KEY"] = key,
        };
        var script = Path.Combine(AppContext.BaseDirectory, "A2A", "client.mjs");
        using var client = new Started(node, [script], environment, mesh.Scratch.Root);
        var ran = await client.EndAsync();
        Assert.True(ran.Code == 0, ran.ToString());
        var printed = ran.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => Members.Parse(line))
            .ToLookup(line => line.Text("what")!, line => line.GetProperty("value"));

        Is("""["Session Mesh","HTTP+JSON"]""", "mesh");
        Is("""["worker-1",["image/ocr"]]""", "card");
        Is($"""["worker-1.1.1","worker-1",{Working},"acknowledged"]""", "sent");
        Is("""["worker-1.1.1"]""", "listed");
        Is("""["worker-1.1.1",2]""", "streamed");
        Is("""{"name":"ContentTypeNotSupportedError","status":400}""", "file");
        Is("""{"name":"TaskNotFoundError","status":404}""", "unknown");
        Is($"{Working}", "cancelled");
        var events = printed["event"].Select(next => next.GetRawText()).ToList();
        Assert.Equal($"""["task",{Working}]""", events[0]);
        Assert.Equal($"""["statusUpdate",{Canceled}]""", events[^1]);
        Assert.All(events[1..^1], next => Assert.Equal($"""["statusUpdate",{Working}]""", next));
        Is($"""[{Canceled},"The agent ended with exit code 0: stopped by directive"]""", "over");
        Is("""{"name":"TaskNotCancelableError","status":400}""", "again");
        Is("""{"name":"UnsupportedOperationError","status":400}""", "late");

        Assert.Equal(["east take the east", "message "], await File.ReadAllLinesAsync(worker.File("steered")));
        Assert.Equal(0, await worker.ExitAsync());
        var exit = (await mesh.Http.GetAsync("agents/worker-1")).Json.GetProperty("last_exit");
        Assert.Equal("true", exit.Text("confirmed"));

        void Is(string expected, string what) => Assert.Equal(expected, Assert.Single(printed[what]).GetRawText());
    }
}
