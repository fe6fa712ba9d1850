using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.Agents;

/// <summary>Progress, not only a pulse: becoming stalled and moving again are entries of the log, once each.</summary>
public sealed class StallTests
{
    private const string Stalled = "alive?filter=stalled&fields=agent_id";
    private const string Works = """{"activity":"working","progress":1,"progress_interval":5}""";

    [Fact]
    public async Task Stall_IsOneEntry_AndMovingAgainIsOne_HoweverOftenItBeats()
    {
        await using var mesh = await WorkingAsync("a");
        var start = mesh.Revision;
        await mesh.AdvanceAsync(5);
        Assert.Equal([], await mesh.KindsAsync(start));
        await mesh.AdvanceAsync(2);
        Assert.Equal(["a"], await StalledAsync(mesh));
        for (var i = 0; i < 5; i++)
        {
            await mesh.PostAsync("agents/a/heartbeat", Works);
            await mesh.AdvanceAsync(5);
        }

        Assert.Equal(["agent.stalled"], await mesh.KindsAsync(start));
        await mesh.PostAsync("agents/a/heartbeat", """{"progress":2}""");
        Assert.Equal([], await StalledAsync(mesh));
        await mesh.PostAsync("agents/a/heartbeat", """{"progress":3}""");
        await mesh.AdvanceAsync(4);
        Assert.Equal(["agent.stalled", "agent.progressing"], await mesh.KindsAsync(start));
        await mesh.AdvanceAsync(3);
        Assert.Equal(["agent.stalled", "agent.progressing", "agent.stalled"], await mesh.KindsAsync(start));
    }

    [Theory]
    [InlineData("""{"progress":0}""")]
    [InlineData("""{"activity":"waiting"}""")]
    [InlineData("""{"activity":"idle"}""")]
    [InlineData("""{"progress_interval":0}""")]
    [InlineData("""{"progress_interval":60}""")]
    public async Task Stall_EndsWithAnyWordThatItMoves(string beat)
    {
        await using var mesh = await WorkingAsync("a");
        await mesh.AdvanceAsync(7);
        var start = mesh.Revision;
        await mesh.PostAsync("agents/a/heartbeat", beat);
        Assert.Equal([], await StalledAsync(mesh));
        await mesh.AdvanceAsync(4);
        Assert.Equal(["agent.progressing"], await mesh.KindsAsync(start));
    }

    /// <summary>The engine is held: a heartbeat that needed a turn of it would not be answered.</summary>
    [Theory]
    [InlineData("""{"progress":1}""")]
    [InlineData("""{"activity":"working","progress":1,"progress_interval":5,"note":"still","load":1}""")]
    [InlineData("""{"progress_interval":3}""")]
    [InlineData(null)]
    public async Task Stall_GoesOnThroughWhatIsNoProgress_AndNoneOfItTakesATurnOfTheEngine(string? beat)
    {
        await using var mesh = await WorkingAsync("a");
        await mesh.AdvanceAsync(7);
        await using (await HeldEngine.HoldAsync(mesh))
        {
            Assert.Equal(200, (await mesh.PostAsync("agents/a/heartbeat", beat)).Status);
        }

        Assert.Equal(["a"], await StalledAsync(mesh));
    }

    [Fact]
    public async Task Restart_OfAStalledAgent_TellsItNoSecondTime_AndItsMovingAgainOnce()
    {
        await using var mesh = await WorkingAsync("a");
        await mesh.AdvanceAsync(7);
        await mesh.RestartAsync();
        var start = mesh.Revision;
        Assert.Equal(["a"], await StalledAsync(mesh));
        for (var i = 0; i < 3; i++)
        {
            await mesh.PostAsync("agents/a/heartbeat", Works);
            await mesh.AdvanceAsync(15);
        }

        Assert.Equal(["a"], await StalledAsync(mesh));
        Assert.Equal([], await mesh.KindsAsync(start));
        await mesh.PostAsync("agents/a/heartbeat", """{"activity":"working","progress":2,"progress_interval":5}""");
        await mesh.PostAsync("agents/a/heartbeat", """{"activity":"working","progress":3,"progress_interval":5}""");
        Assert.Equal(["agent.progressing"], await mesh.KindsAsync(start));
    }

    [Fact]
    public async Task Loss_Death_AndANewIncarnation_EndTheStallWithoutAnEntryOfTheirOwn()
    {
        await using var mesh = await WorkingAsync("anew", "dead", "lost");
        await mesh.AdvanceAsync(7);
        Assert.Equal(["anew", "dead", "lost"], await StalledAsync(mesh));
        var start = mesh.Revision;
        await mesh.PostAsync("agents/dead/exit", """{"incarnation":1}""");
        await mesh.RegisterAsync("anew", ttl: 600, more: ",\"takeover\":true");
        await mesh.AdvanceAsync(36);
        Assert.Equal(["agent.dead", "agent.registered", "agent.suspect", "agent.lost"], await mesh.KindsAsync(start));
        Assert.All(["lost", "dead", "anew"], id => Assert.Null(mesh.State.Find(id)!.Agent.Stall));
    }

    [Fact]
    public async Task Revival_OfASuspectThatMoved_SaysBoth()
    {
        await using var mesh = await WorkingAsync("a");
        await mesh.AdvanceAsync(22);
        var start = mesh.Revision;
        await mesh.PostAsync("agents/a/heartbeat", """{"progress":2}""");
        Assert.Equal(["agent.alive", "agent.progressing"], await mesh.KindsAsync(start));
    }

    [Fact]
    public async Task Batch_OfBeats_EndsTheStallOfEachThatMoved()
    {
        await using var mesh = await WorkingAsync("a", "b");
        await mesh.AdvanceAsync(7);
        var start = mesh.Revision;
        var answer = await mesh.PostAsync("heartbeats", """{"agents":[{"agent_id":"a","progress":2},{"agent_id":"b","progress":1}]}""");
        Assert.Equal((200, 2), (answer.Status, answer.Json["accepted"]!.GetValue<int>()));
        Assert.Equal(["agent.progressing"], await mesh.KindsAsync(start));
        Assert.Equal(["b"], await StalledAsync(mesh));
    }

    /// <summary>A parent that waits for its working children has nothing to do itself, and is not stuck.</summary>
    [Fact]
    public async Task ParentThatWaitsForItsChildren_IsNeitherIdleNorStalled()
    {
        await using var mesh = await WorkingAsync("a");
        await mesh.RegisterAsync("child", ttl: 600, more: ",\"parent_id\":\"a\"");
        await mesh.PostAsync("agents/child/heartbeat", """{"activity":"working","progress":1,"progress_interval":300}""");
        await mesh.PostAsync("agents/a/heartbeat", """{"activity":"waiting"}""");
        var start = mesh.Revision;
        await mesh.AdvanceAsync(15);
        Assert.Equal([], await mesh.KindsAsync(start));
        Assert.Equal([], await StalledAsync(mesh));
        Assert.Equal([], await NamesAsync(mesh, "alive?filter=idle&fields=agent_id"));
        Assert.Equal(["a"], await NamesAsync(mesh, "alive?filter=waiting&fields=agent_id"));
        Assert.Equal("alive", await mesh.StatusAsync("a"));
    }

    [Fact]
    public async Task Wait_ForTheStalled_EndsWhenOneStalls()
    {
        await using var mesh = await WorkingAsync("a");
        var known = await mesh.GetAsync(Stalled + "&wait=0");
        var waiting = mesh.GetAsync($"{Stalled}&wait=60&after={known.Json["as_of"]}");
        var answer = await mesh.AdvanceUntilAsync(waiting, 7);
        Assert.Equal("""[{"agent_id":"a"}]""", answer.Json["sessions"]!.ToJsonString());
    }

    [Fact]
    public async Task Beat_ThatOvertakesTheDecision_IsHeeded()
    {
        await using var mesh = await WorkingAsync("a");
        var start = mesh.Revision;
        await mesh.AdvanceAsync(5);
        await using (await HeldEngine.HoldAsync(mesh))
        {
            mesh.Time.Advance(TimeSpan.FromSeconds(1)); // found, and queued behind the hold
            await mesh.PostAsync("agents/a/heartbeat", """{"progress":2}""");
        }

        await mesh.AdvanceAsync(3);
        Assert.Equal([], await mesh.KindsAsync(start));
    }

    private static async Task<MeshHost> WorkingAsync(params string[] ids)
    {
        var mesh = await MeshHost.StartAsync();
        foreach (var id in ids)
        {
            await mesh.RegisterAsync(id, ttl: 20);
            await mesh.PostAsync($"agents/{id}/heartbeat", Works);
        }

        return mesh;
    }

    private static Task<List<string>> StalledAsync(MeshHost mesh) => NamesAsync(mesh, Stalled);

    private static async Task<List<string>> NamesAsync(MeshHost mesh, string path) =>
        [.. (await mesh.GetAsync(path)).Json["sessions"]!.AsArray().Select(row => row!["agent_id"]!.GetValue<string>())];
}
