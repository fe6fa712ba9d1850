using SessionMesh.Server.Push;
using SessionMesh.Server.Tests.Support;
using static SessionMesh.Server.Tests.Support.Rows;

namespace SessionMesh.Server.Tests.Events;

public sealed class EventStreamTests
{
    [Fact]
    public async Task Events_WithoutAPlace_BeginNow()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        await using var events = await mesh.ListenAsync("events");
        await mesh.RegisterAsync("b");
        Assert.Equal((3L, "agent.registered"), ((await events.NextAsync()) is var e ? (e.Id!.Value, e.Name) : default));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Events_ResumedAtEveryPlace_HaveNoGap_FromMemoryOrFromTheTable(bool restarted)
    {
        await using var mesh = await MeshHost.StartAsync();
        await Task.WhenAll(Enumerable.Range(0, 300).Select(i => mesh.RegisterAsync($"a{i}", ttl: 600)));
        if (restarted)
        {
            await mesh.RestartAsync(); // nothing of it is in memory now
        }

        foreach (var after in new[] { 0, 1, 150, 255, 256, 257, 300 })
        {
            await using var events = await mesh.ListenAsync("events?after=7", lastEventId: after);
            var last = mesh.Revision;
            for (var expected = after + 1L; expected <= last; expected++)
            {
                Assert.Equal(expected, (await events.NextAsync()).Id);
            }

            var late = await mesh.PostAsync("steer", """{"agent_id":"a0","direction":"north"}""");
            Assert.Equal($"d-{(await events.NextAsync()).Id}", late.Json["directive_id"]!.GetValue<string>());
        }
    }

    [Fact]
    public async Task Events_OlderThanMemoryKeeps_ComeFromTheTable_ThenFromMemory()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a", ttl: 600);
        while (mesh.Revision < ChangeFeed.Kept + 600)
        {
            // A steer and its answer are two changes each; many in one heartbeat.
            await Task.WhenAll(Enumerable.Range(0, 500).Select(_ => mesh.SteerAsync("a")));
            var pending = mesh.State.Find("a")!.Inbox.Pending;
            var acks = string.Join(",", pending.Select(d => $$"""{"seq":{{d.Seq}},"state":"rejected"}"""));
            await mesh.PostAsync("agents/a/heartbeat", $$"""{"acks":[{{acks}}]}""");
        }

        await using var events = await mesh.ListenAsync("events?after=3");
        var last = mesh.Revision;
        for (var expected = 4L; expected <= last; expected++)
        {
            Assert.Equal(expected, (await events.NextAsync()).Id);
        }
    }

    [Fact]
    public async Task Events_AheadOfTheLog_ResyncFirst()
    {
        await using var mesh = await MeshHost.StartAsync();
        await using var events = await mesh.ListenAsync("events", lastEventId: 1000);
        JsonAssert.Same("""{"code":"ahead","detail":"*"}""", (await events.NextAsync("resync")).Data);
        await mesh.RegisterAsync("a");
        Assert.Equal(2, (await events.NextAsync("agent.registered")).Id);
    }

    /// <summary>Where a reader resumes that has seen nothing yet.</summary>
    [Theory]
    [InlineData("events", null, 2)]
    [InlineData("events?kind=agent.lost", null, 2)]
    [InlineData("events?after=1", null, 1)]
    [InlineData("events?since=2000-01-01T00:00:00Z", null, 0)]
    [InlineData("events", 1, 1)]
    [InlineData("events", 1000, 2)]
    [InlineData("audit", null, 2)]
    [InlineData("audit?outcome=refused", null, 2)]
    [InlineData("audit", 1, 1)]
    public async Task Streams_SayWhereTheyBegin(string path, int? lastEventId, long expected)
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        await using var events = await mesh.ListenAsync(path, lastEventId: lastEventId);
        Assert.Equal($"{expected}", events.Headers["X-Mesh-Revision"]);
    }

    [Fact]
    public async Task Events_KeyRevoked_CutsTheStream()
    {
        await using var mesh = await MeshHost.StartAsync();
        var key = await mesh.MintAsync("""{"scopes":["mesh:read"]}""");
        await using var events = await mesh.ListenAsync("events", key);
        await mesh.RevokeAsync(key);
        var next = await events.NextAsync();
        Assert.Equal("end", next.Name == "key.revoked" ? (await events.NextAsync()).Name : next.Name);
        await events.NextAsync("(end)");
    }
}
