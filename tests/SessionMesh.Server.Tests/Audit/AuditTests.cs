using Microsoft.EntityFrameworkCore;
using SessionMesh.Core;
using SessionMesh.Core.Agents;
using SessionMesh.Core.Audit;
using SessionMesh.Server.Audit;
using SessionMesh.Server.Tests.Support;
using static SessionMesh.Server.Tests.Audit.AuditRig;
using static SessionMesh.Server.Tests.Support.Rows;

namespace SessionMesh.Server.Tests.Audit;

/// <summary><c>GET /audit</c> as pages.</summary>
public sealed class AuditTests
{
    [Fact]
    public async Task Audit_IsTheWholeLogNewestFirst_WithReasons_AndWithoutSecretsOrBookkeeping()
    {
        await using var mesh = await MeshHost.StartAsync();
        var root = mesh.RootKey[4..16];
        await mesh.PostAsync("agents", """{"agent_id":"a"}""", idempotencyKey: "once");
        var token = await mesh.MintAsync("""{"agent_id":"a"}""");
        mesh.Time.Advance(TimeSpan.FromMilliseconds(250));
        await mesh.DeleteAsync("agents/a?grace=5&reason=too+loud");
        await mesh.PostAsync("agents/a/exit", """{"incarnation":1,"exit_code":0}""");

        var reply = await mesh.GetAsync("audit");
        string Entry(long revision, double at, string operation, string subject, string? reason = null, bool ours = false) => $$"""
            {"revision":{{revision}},"at":"{{At(at)}}","actor":"{{(ours ? "mesh" : root)}}","operation":"{{operation}}",
             "subject":"{{subject}}","outcome":"done","reason":{{(reason is null ? "null" : $"\"{reason}\"")}},"code":null,
             "remote_address":{{(ours ? "null" : "\"127.0.0.1\"")}},"request_id":{{(ours ? "null" : "\"*\"")}}}
            """;
        reply.ShouldBe(200, $$"""
            {"entries":[{{string.Join(",",
                Entry(9, 0.25, "key.revoked", token[4..16], "the agent's incarnation ended"),
                Entry(8, 0.25, "agent.dead", "a", "too loud"),
                Entry(7, 0.25, "directive.acknowledged", "a"),
                Entry(6, 0.25, "agent.stopping", "a", "too loud"),
                Entry(5, 0.25, "directive.issued", "a"),
                Entry(4, 0, "key.minted", token[4..16]),
                Entry(2, 0, "agent.registered", "a"),
                Entry(1, 0, "key.minted", root, ours: true))}}],
             "next_cursor":null,"suppressed":0,"oldest_revision":1}
            """);
        Assert.DoesNotContain("hash", reply.Text, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(token.Split('_')[2], reply.Text, StringComparison.Ordinal);
        Assert.Equal(9, mesh.Revision);
    }

    /// <summary>What one message to many agents keeps once is no act of its own.</summary>
    [Fact]
    public async Task Audit_OfALongMessageToMany_ShowsItsDirectivesAlone()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        await mesh.RegisterAsync("b");
        var steered = await mesh.PostAsync(
            "steer", $$"""{"selector":{"cluster":"default"},"expect":2,"direction":"north","message":"{{new string('m', 600)}}"}""");
        Assert.Equal(200, steered.Status);

        var entries = (await mesh.GetAsync("audit")).Json["entries"]!.AsArray();
        Assert.Equal(
            ["directive.issued", "directive.issued", "agent.registered", "agent.registered", "key.minted"],
            entries.Select(entry => entry!["operation"]!.GetValue<string>()));
        (await mesh.GetAsync("audit?operation=message.*")).ShouldBe(200, """
            {"entries":[],"next_cursor":null,"suppressed":0,"oldest_revision":1}
            """);
    }

    /// <summary>A new kind of change with a reason fails here until the audit shows it.</summary>
    [Fact]
    public void Reason_OfEveryChangeThatHasOne_IsShown()
    {
        var kinds = typeof(Change).Assembly.GetTypes()
            .Where(t => t.IsSubclassOf(typeof(Change)) && t.GetProperty("Reason") is not null).ToList();
        Assert.Contains(typeof(AgentStopping), kinds);
        foreach (var kind in kinds)
        {
            var change = (Change)System.Runtime.CompilerServices.RuntimeHelpers.GetUninitializedObject(kind);
            typeof(Change).GetProperty(nameof(Change.Origin))!.SetValue(change, Origin.Mesh);
            kind.GetProperty("Reason")!.SetValue(change, "why");
            Assert.True(AuditEntries.ToWire(change).Reason == "why", $"the audit leaves out the reason of {kind.Name}");
        }
    }

    [Fact]
    public async Task Filters_TakeWhatMatchesAllOfThem_OfBothRecords()
    {
        await using var mesh = await MeshHost.StartAsync();
        var killer = await mesh.MintAsync("""{"scopes":["registry:write","kill"]}""");
        await mesh.PostAsync("agents", """{"agent_id":"a","ttl":600}""", killer);
        await mesh.RegisterAsync("b", ttl: 600);
        await mesh.DeleteAsync("agents/a", killer);
        await mesh.AdvanceAsync(1);
        await mesh.PostAsync("keys", "{}", killer);
        await mesh.GetAsync("agents/a", killer);
        var id = killer[4..16];

        Assert.Equal(
            ["getAgent a", "createKey ", "agent.stopping a", "directive.issued a", "agent.registered a"],
            (await mesh.AuditAsync($"?actor={id}")).Select(Brief));
        Assert.Equal(
            ["agent.stopping a", "directive.issued a", "agent.registered a"],
            (await mesh.AuditAsync($"?actor={id}&outcome=done")).Select(Brief));
        Assert.Equal(["getAgent a", "createKey "], (await mesh.AuditAsync($"?actor={id}&outcome=refused")).Select(Brief));
        Assert.Equal(["agent.stopping a"], (await mesh.AuditAsync("?operation=agent.stopping")).Select(Brief));
        foreach (var prefix in new[] { "agent.", "agent.*", "agent*" })
        {
            Assert.Equal(
                ["agent.stopping a", "agent.registered b", "agent.registered a"],
                (await mesh.AuditAsync($"?operation={prefix}")).Select(Brief));
        }

        Assert.Equal(["getAgent a"], (await mesh.AuditAsync("?operation=get*")).Select(Brief));
        Assert.Empty(await mesh.AuditAsync("?operation=AGENT."));
        Assert.Empty(await mesh.AuditAsync("?operation=agent"));
        Assert.Equal(["agent.registered b"], (await mesh.AuditAsync("?subject=b")).Select(Brief));
        Assert.Equal(
            ["agent.registered a"], (await mesh.AuditAsync($"?subject=a&operation=agent.registered&actor={id}&outcome=all")).Select(Brief));
        Assert.Empty(await mesh.AuditAsync("?actor=mesh&subject=a"));
    }

    [Fact]
    public async Task Times_BoundBothRecords_SinceInclusive_UntilExclusive()
    {
        await using var mesh = await MeshHost.StartAsync();
        for (var i = 1; i <= 5; i++)
        {
            await mesh.AdvanceAsync(1);
            await mesh.RegisterAsync($"a{i}", ttl: 600);
            await mesh.GetAsync($"agents/a{i}", Stranger());
        }

        async Task ExpectAsync(string query, params int[] seconds)
        {
            var expected = seconds.SelectMany(s => new[] { $"agent.registered a{s}", $"getAgent a{s}" });
            Assert.Equal(
                expected, (await mesh.AuditAsync("?" + query)).Select(Brief).Where(b => !b.StartsWith("key", StringComparison.Ordinal)));
        }

        await ExpectAsync("", 5, 4, 3, 2, 1);
        await ExpectAsync($"since={At(4)}", 5, 4);
        await ExpectAsync($"since={At(3.999)}", 5, 4);
        await ExpectAsync($"since={At(4.001)}", 5);
        await ExpectAsync($"until={At(2)}", 1);
        await ExpectAsync($"since={At(2)}&until={At(4)}", 3, 2);
        await ExpectAsync("since=2026-01-31T10:15:33%2B02:00&until=2026-01-31T08:15:34", 3);
        await ExpectAsync("since=2026-02-01");
        await ExpectAsync("until=2026-01-31");
        await ExpectAsync("since=2026-01-31T08:15Z", 5, 4, 3, 2, 1);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(7)]
    public async Task Pages_OfEverySize_AreTheWholeAndNothingTwice_WhateverHappensMeanwhile(int limit)
    {
        await using var mesh = await MeshHost.StartAsync();
        for (var i = 0; i < 12; i++)
        {
            if (i % 3 != 1)
            {
                await mesh.RegisterAsync($"a{i}", ttl: 600);
            }

            for (var refused = 0; refused < i % 4; refused++)
            {
                await mesh.GetAsync($"agents/r{i}", Stranger());
            }

            await mesh.AdvanceAsync(i % 2);
        }

        var whole = (await mesh.AuditAsync("?limit=1000")).ConvertAll(e => e.ToJsonString());
        Assert.Equal(9 + 18, whole.Count);
        var first = await mesh.GetAsync($"audit?limit={limit}");
        await mesh.RegisterAsync("new");
        await mesh.GetAsync("agents/new", Stranger());
        var pages = Entries(first).ConvertAll(e => e.ToJsonString());
        Assert.Equal(limit, pages.Count);
        var (anew, _) = await mesh.AllAsync($"limit={limit}");
        Assert.Equal(whole, anew.Skip(2));
        for (var cursor = first.Json["next_cursor"]; cursor is not null;)
        {
            var page = await mesh.GetAsync($"audit?limit={limit}&cursor={cursor.GetValue<string>()}");
            pages.AddRange(Entries(page).Select(e => e.ToJsonString()));
            cursor = page.Json["next_cursor"];
        }

        Assert.Equal(whole, pages);
        var times = pages.ConvertAll(p => System.Text.Json.Nodes.JsonNode.Parse(p)!["at"]!.GetValue<string>());
        Assert.Equal(times.OrderDescending(StringComparer.Ordinal), times);
    }

    [Fact]
    public async Task Page_ThatLooksAtTooMuch_EndsEarly_WithACursor_AndNoRefusalOvertakesTheLog()
    {
        const int More = (AuditReader.MostScanned * 2) + 1000;
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a", ttl: 86_400);
        var early = mesh.Revision;
        await mesh.StopAsync();
        await LengthenAsync(mesh, early, More);
        await mesh.RestartAsync();
        await mesh.GetAsync("agents/a", Stranger()); // at the time of the newest
        await mesh.RegisterAsync("b");

        var first = await mesh.GetAsync("audit?operation=agent.registered");
        Assert.Equal(["agent.registered b"], Entries(first).Select(Brief));
        var second = await mesh.GetAsync("audit?operation=agent.registered&cursor=" + first.Json["next_cursor"]!.GetValue<string>());
        Assert.Empty(Entries(second));
        var third = await mesh.GetAsync("audit?operation=agent.registered&cursor=" + second.Json["next_cursor"]!.GetValue<string>());
        Assert.Equal(["agent.registered a"], Entries(third).Select(Brief));
        Assert.Null(third.Json["next_cursor"]);

        var (both, pages) = await mesh.AllAsync("subject=a");
        Assert.Equal(3, pages);
        Assert.Equal(["getAgent a", "agent.registered a"], both.Select(e => Brief(System.Text.Json.Nodes.JsonNode.Parse(e)!)));

        // A time is a place: what is older or newer costs nothing.
        var until = await mesh.GetAsync($"audit?until={At(0.001)}");
        Assert.Equal(["agent.registered a", "key.minted " + mesh.RootKey[4..16]], Entries(until).Select(Brief));
        Assert.Null(until.Json["next_cursor"]);
    }

    [Fact]
    public async Task Cursor_OfBeforeARestart_GoesOn_AndShowsNoRefusalOfAfterIt()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        await mesh.GetAsync("agents/a", Stranger());
        var first = await mesh.GetAsync("audit?limit=1");
        await mesh.RestartAsync(TimeSpan.FromSeconds(1));
        await mesh.GetAsync("agents/b", Stranger());
        var second = await mesh.GetAsync("audit?cursor=" + first.Json["next_cursor"]!.GetValue<string>());
        Assert.DoesNotContain("getAgent b", Entries(second).Select(Brief));
        Assert.Contains("key.minted " + mesh.RootKey[4..16], Entries(second).Select(Brief));
    }

    [Theory]
    [InlineData("actor=a+b", "?actor")]
    [InlineData("actor=", "?actor")]
    [InlineData("operation=", "?operation")]
    [InlineData("operation=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "?operation")]
    [InlineData("subject=%00", "?subject")]
    [InlineData("outcome=failed", "?outcome")]
    [InlineData("since=yesterday", "?since")]
    [InlineData("since=1h", "?since")]
    [InlineData("since=31.01.2026", "?since")]
    [InlineData("until=2026-01-31T08:15:30+02:00", "?until")]
    [InlineData("since=2026-02-01&until=2026-02-01", "?until")]
    [InlineData("limit=0", "?limit")]
    [InlineData("limit=1001", "?limit")]
    [InlineData("cursor=x", "?cursor")]
    [InlineData("cursor=1", "?cursor")]
    [InlineData("cursor=-1-1", "?cursor")]
    [InlineData("cursor=99999999999999999999-1", "?cursor")]
    [InlineData("kind=agent.dead", "?kind")]
    [InlineData("outcome=x&limit=x", "?outcome", "?limit")]
    public async Task Input_ThatIsWrong_IsBlamedByName(string query, params string[] blamed)
    {
        await using var mesh = await MeshHost.StartAsync();
        (await mesh.GetAsync("audit?" + query)).ShouldBeRefused(400, "invalid_request").ShouldBlame(blamed);
    }

    [Fact]
    public async Task Outcome_ThatIsNone_ShowsWhatIsAllowed()
    {
        await using var mesh = await MeshHost.StartAsync();
        var reply = await mesh.GetAsync("audit?outcome=failed");
        JsonAssert.Same("""["done","refused","all"]""", reply.Json["errors"]![0]!["allowed"]!.ToJsonString());
    }

    [Fact]
    public async Task Cursor_BeyondTheLog_IsItsEnd()
    {
        await using var mesh = await MeshHost.StartAsync();
        Assert.Single(await mesh.AuditAsync("?cursor=9223372036854775807-9223372036854775807"));
        (await mesh.GetAsync("audit?cursor=0-0")).ShouldBe(200, """{"entries":[],"next_cursor":null,"suppressed":0,"oldest_revision":1}""");
    }

    /// <summary>Appends entries to the log of a mesh that is stopped, a minute after its start.</summary>
    private static async Task LengthenAsync(MeshHost mesh, long after, int by)
    {
        await using var db = mesh.OpenStore();
        var at = FakeTime.Start.AddSeconds(60).ToUnixTimeMilliseconds();
        await db.Database.ExecuteSqlAsync($$"""
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {{by}})
            INSERT INTO changes (revision, at, actor, kind, subject, payload)
            SELECT {{after}} + i, {{at}}, 'mesh', 'agent.tombstone_lifted', 'x', '{}' FROM n
            """);
        if (db.Database.IsNpgsql())
        {
            await db.Database.ExecuteSqlAsync($"UPDATE mesh_head SET revision = revision + {by}");
            await db.Database.ExecuteSqlAsync($"UPDATE mesh_batches SET last = last + {by} WHERE last = {after}");
        }
    }
}
