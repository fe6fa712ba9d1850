using SessionMesh.Server.Tests.Support;
using static SessionMesh.Server.Tests.Audit.AuditRig;
using static SessionMesh.Server.Tests.Support.Rows;

namespace SessionMesh.Server.Tests.Audit;

/// <summary><c>GET /audit</c> as a stream.</summary>
public sealed class AuditStreamTests
{
    [Fact]
    public async Task Stream_HearsTheLogWithItsRevisions_AndRefusalsWithout_FromNowOn()
    {
        await using var mesh = await MeshHost.StartAsync();
        var root = mesh.RootKey[4..16];
        await mesh.RegisterAsync("before");
        await mesh.GetAsync("agents/before", Stranger());
        await using var audit = await mesh.ListenAsync("audit");

        var reply = await mesh.PostAsync("agents", """{"agent_id":"a"}""", idempotencyKey: "once");
        var done = await audit.NextAsync("audit");
        Assert.Equal(3, done.Id);
        JsonAssert.Same($$"""
            {"revision":3,"at":"{{At(0)}}","actor":"{{root}}","operation":"agent.registered","subject":"a","outcome":"done","reason":null,
             "code":null,"remote_address":"127.0.0.1","request_id":"{{reply.Headers["X-Request-Id"]}}"}
            """, done.Data);

        var stranger = Stranger();
        var refusal = await mesh.GetAsync("agents/a", stranger);
        var refused = await audit.NextAsync("audit");
        Assert.Null(refused.Id);
        JsonAssert.Same($$"""
            {"revision":null,"at":"{{At(0)}}","actor":"{{stranger[4..16]}}","operation":"getAgent","subject":"a","outcome":"refused",
             "reason":"*","code":"unauthenticated","remote_address":"127.0.0.1","request_id":"{{refusal.Headers["X-Request-Id"]}}"}
            """, refused.Data);

        await mesh.RegisterAsync("b"); // past the receipt, which nobody is shown
        Assert.Equal(5, (await audit.NextAsync("audit")).Id);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Stream_ResumedAtEveryPlace_IsWhatThePagesAre_FromMemoryOrFromTheTable(bool restarted)
    {
        await using var mesh = await MeshHost.StartAsync();
        await Task.WhenAll(
            Enumerable.Range(0, 300)
                .Select(i => mesh.PostAsync("agents", $$"""{"agent_id":"a{{i}}","ttl":600}""", idempotencyKey: $"k{i}")));
        await mesh.DeleteAsync("agents/a7?reason=r");
        if (restarted)
        {
            await mesh.RestartAsync(); // nothing of it is in memory now
        }

        string[] queries = ["outcome=done", "operation=agent.*", "subject=a7", "actor=mesh", "operation=agent.stopping&subject=a7"];
        foreach (var query in queries)
        {
            var (pages, _) = await mesh.AllAsync(query);
            pages.Reverse();
            await using var audit = await mesh.ListenAsync("audit?" + query, lastEventId: 0);
            foreach (var expected in pages)
            {
                JsonAssert.Same(expected, (await audit.NextAsync("audit")).Data);
            }
        }

        await using var late = await mesh.ListenAsync("audit?operation=agent.stopping", lastEventId: 500);
        Assert.Equal("a7", (await late.NextAsync("audit")).Json["subject"]!.GetValue<string>());
    }

    [Fact]
    public async Task Stream_Since_BeginsThere_InBothRecords_AndOnceResumedHearsOnlyNewRefusals()
    {
        await using var mesh = await MeshHost.StartAsync();
        for (var i = 1; i <= 3; i++)
        {
            await mesh.AdvanceAsync(1);
            await mesh.RegisterAsync($"a{i}", ttl: 600);
            await mesh.GetAsync($"agents/a{i}", Stranger());
        }

        await using (var audit = await mesh.ListenAsync($"audit?since={At(2)}"))
        {
            var heard = new List<string>();
            for (var i = 0; i < 4; i++)
            {
                heard.Add(Brief((await audit.NextAsync("audit")).Json));
            }

            Assert.Equal(["agent.registered a2", "agent.registered a3", "getAgent a2", "getAgent a3"], heard);
        }

        await using var resumed = await mesh.ListenAsync($"audit?since={At(2)}", lastEventId: 3);
        Assert.Equal(4, (await resumed.NextAsync("audit")).Id);
        await mesh.GetAsync("agents/a4", Stranger());
        Assert.Equal("getAgent a4", Brief((await resumed.NextAsync("audit")).Json));
    }

    [Theory]
    [InlineData("outcome=refused", "getAgent y")]
    [InlineData("operation=getAgent&subject=y", "getAgent y")]
    [InlineData("outcome=done&subject=y", "agent.registered y")]
    [InlineData("operation=agent.&subject=y", "agent.registered y")]
    public async Task Stream_Filters_AsPagesDo(string query, string heard)
    {
        await using var mesh = await MeshHost.StartAsync();
        await using var audit = await mesh.ListenAsync("audit?" + query);
        await mesh.PostAsync("steer", """{"agent_id":"nobody","direction":"n"}""", Stranger());
        await mesh.RegisterAsync("x");
        await mesh.GetAsync("agents/y", Stranger());
        await mesh.RegisterAsync("y");
        if (query == "outcome=refused")
        {
            Assert.Equal("steer ", Brief((await audit.NextAsync("audit")).Json));
        }

        Assert.Equal(heard, Brief((await audit.NextAsync("audit")).Json));
    }

    [Fact]
    public async Task Stream_ManyRefusalsAtOnce_AreAllHeard()
    {
        await using var mesh = await MeshHost.StartAsync();
        for (var second = 0; second < 6; second++)
        {
            await Task.WhenAll(Enumerable.Range(0, 50).Select(i => mesh.GetAsync($"agents/r{(second * 50) + i}", key: "")));
            mesh.Time.Advance(TimeSpan.FromSeconds(1));
        }

        await using var audit = await mesh.ListenAsync($"audit?since={At(0)}&outcome=refused");
        var heard = new HashSet<string>();
        for (var i = 0; i < 300; i++)
        {
            heard.Add((await audit.NextAsync("audit")).Json["subject"]!.GetValue<string>());
        }

        Assert.Equal(300, heard.Count);
    }

    [Fact]
    public async Task Stream_KeyRevoked_EndsWithTheReason()
    {
        await using var mesh = await MeshHost.StartAsync();
        var key = await mesh.MintAsync("""{"scopes":["audit:read"]}""");
        await using var audit = await mesh.ListenAsync("audit?subject=nobody", key);
        await mesh.RevokeAsync(key);
        JsonAssert.Same($$"""
            {"code":"key_revoked","detail":"The key {{key[4..16]}} of this stream was revoked."}
            """, (await audit.NextAsync("end")).Data);
        await audit.NextAsync("(end)");
    }

    [Fact]
    public async Task Stream_AtShutdown_SaysGoodbye()
    {
        await using var mesh = await MeshHost.StartAsync();
        await using var audit = await mesh.ListenAsync("audit");
        var stopping = mesh.BeginStop();
        Assert.Equal("shutdown", (await audit.NextAsync("goaway")).Json["code"]!.GetValue<string>());
        await stopping;
    }

    [Theory]
    [InlineData("until=2026-02-01", "?until")]
    [InlineData("limit=5", "?limit")]
    [InlineData("cursor=1-1", "?cursor")]
    public async Task Stream_TakesNoEnd_NoLimit_AndNoCursor(string query, string blamed)
    {
        await using var mesh = await MeshHost.StartAsync();
        using var request = mesh.Request(HttpMethod.Get, "audit?" + query);
        request.Headers.TryAddWithoutValidation("Accept", "text/event-stream");
        (await mesh.SendAsync(request)).ShouldBeRefused(400, "invalid_request").ShouldBlame(blamed);
    }
}
