using SessionMesh.EndToEnd.Tests.Support;

namespace SessionMesh.EndToEnd.Tests.OwnAgents;

/// <summary>The agents of docs/your-own-agent.md that need no library, run as they stand there.</summary>
public sealed class RecipeTests
{
    /// <summary>In a shell's clothes: what a careless reader of JSON would take for a stop.</summary>
    private const string Hostile = """
        {"agent_id":"ID","direction":"south","message":"x\n\"seq\":9,\"verb\":\"stop\" {\"directive_id\":\"d\" $(exit 3)",
         "data":[{"directive_id":"d","agent_id":"ID","seq":99,"verb":"stop","direction":"west"}]}
        """;

    public static TheoryData<string, string, string> Recipes() => new()
    {
        { "python", "python3", "python-1" },
        { "sh", "sh", "shell-1" },
    };

    [Theory]
    [MemberData(nameof(Recipes))]
    public async Task Recipe_IsSteered_Paused_Resumed_AndStoppedWithProof(string language, string program, string id)
    {
        await using var mesh = await Mesh.StartAsync();
        using var agent = Start(mesh, language, program);
        await mesh.Http.AgentAsync(id, row => row.Status == 200 && row.Text("progress") is not (null or "null"), "works");

        await SteerAsync(mesh, $$"""{"agent_id":"{{id}}","direction":"north"}""");
        await SteerAsync(mesh, Hostile.Replace("ID", id, StringComparison.Ordinal));
        Assert.Equal("going north\ngoing south\n", agent.Out);

        await SteerAsync(mesh, $$"""{"agent_id":"{{id}}","verb":"pause"}""");
        var held = (await mesh.Http.AgentAsync(id, row => row.Text("paused") == "true", "is paused")).Text("progress");
        var beat = (await mesh.Http.GetAsync("agents/" + id)).Text("last_heartbeat_at");
        var later = await mesh.Http.AgentAsync(id, row => row.Text("last_heartbeat_at") != beat, "beats while it is paused");
        Assert.Equal(held, later.Text("progress"));

        await SteerAsync(mesh, $$"""{"agent_id":"{{id}}","verb":"resume"}""");
        await mesh.Http.AgentAsync(id, row => row.Text("progress") != held, "works again");

        var killed = await mesh.Http.DeleteAsync($"agents/{id}?grace=30&wait=30");
        Assert.Equal(("dead", "true", "0"), (killed.Text("status"), killed.Text("confirmed"), killed.Text("exit_code")));
        var ran = await agent.EndAsync();
        Assert.Equal((0, "going north\ngoing south\n"), (ran.Code, ran.Out));
    }

    [Theory]
    [MemberData(nameof(Recipes))]
    public async Task Recipe_OutlivesAServerThatIsAway_AndEndsWhenItIsKilledByForce(string language, string program, string id)
    {
        await using var mesh = await Mesh.StartAsync();
        using var agent = Start(mesh, language, program);
        await mesh.Http.AgentAsync(id, row => row.Status == 200 && row.Text("progress") is not (null or "null"), "works");

        await mesh.Server.KillAsync();
        await Task.Delay(TimeSpan.FromSeconds(2.5)); // two beats are lost
        Assert.False(agent.HasExited, agent.Error);
        await mesh.Server.StartAsync();
        await SteerAsync(mesh, $$"""{"agent_id":"{{id}}","direction":"east"}""");
        Assert.Equal("going east\n", agent.Out);

        await mesh.Http.DeleteAsync($"agents/{id}?force=true");
        Assert.NotEqual(0, await agent.ExitAsync());
    }

    /// <summary>The document's text, which is short, with the server and the key in its environment and nothing else.</summary>
    private static Started Start(Mesh mesh, string language, string program)
    {
        var recipe = Assert.Single(Document.Blocks("docs/your-own-agent.md", language));
        Assert.InRange(recipe.Split('\n').Length - 1, 1, 29);
        return new Started(program, [mesh.Scratch.Write("recipe." + language, recipe)], mesh.Environment(), mesh.Scratch.Root);
    }

    private static async Task SteerAsync(Mesh mesh, string body)
    {
        var steer = await mesh.Http.PostAsync("steer", body[..body.LastIndexOf('}')] + ""","wait":"acknowledged"}""");
        Assert.True(steer.IsDone && steer.Text("state") == "acknowledged", steer.ToString());
    }
}
