using Microsoft.EntityFrameworkCore;
using SessionMesh.Server.Admin;
using SessionMesh.Server.Options;
using SessionMesh.Server.Store;
using SessionMesh.Server.Store.Sqlite;
using SessionMesh.Server.Tests.Engine;
using SessionMesh.Server.Tests.Support;
using SessionMesh.Storage;
using static SessionMesh.Server.Tests.Support.Rows;

namespace SessionMesh.Server.Tests.Admin;

public sealed class CompactionTests
{
    private static readonly string[] s_hours = ["--retain-log", "2h", "--retain-directives", "1h", "--retain-keys", "1h"];

    [Fact]
    public async Task Log_OlderThanIsKept_GoesByItself_AndNothingElse()
    {
        await using var mesh = await MeshHost.StartAsync(options: s_hours);
        await mesh.RegisterAsync("old", ttl: 86_400);
        var old = mesh.Revision;
        mesh.Time.JumpWall(TimeSpan.FromHours(1));
        await mesh.RegisterAsync("young", ttl: 86_400);
        mesh.Time.JumpWall(TimeSpan.FromMinutes(55));
        await PassAsync(mesh); // ten minutes later: the old ones are now five minutes too old
        Assert.Equal([old + 1], Revisions(mesh));
        Assert.Equal(old + 1, mesh.Service<MeshStore>().OldestRevision);
        Assert.Equal("alive", await mesh.StatusAsync("old"));
        Assert.Equal(Projection.OfMemory(mesh.State), Projection.OfMemory(Projection.Reloaded(mesh.Service<MeshStore>())));
    }

    [Theory]
    [InlineData(-120, true)]
    [InlineData(-30, false)]
    public async Task Events_SinceBeforeTheLogBegins_SayThatSomeAreKeptNoLonger_WhateverTheyFilter(int minutes, bool told)
    {
        await using var mesh = await MeshHost.StartAsync(options: s_hours);
        await mesh.RegisterAsync("old", ttl: 86_400);
        mesh.Time.JumpWall(TimeSpan.FromHours(1));
        await mesh.RegisterAsync("young", ttl: 86_400);
        mesh.Time.JumpWall(TimeSpan.FromMinutes(55));
        await PassAsync(mesh);
        await mesh.RegisterAsync("new", ttl: 86_400);
        var since = mesh.Time.GetUtcNow().AddMinutes(minutes).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'");
        await using var events = await mesh.ListenAsync($"events?subject=new&since={since}");
        var first = await events.NextAsync();
        Assert.Equal(told ? "resync" : "agent.registered", first.Name);
        Assert.Equal("new", (told ? await events.NextAsync() : first).Json["subject"]!.GetValue<string>());
    }

    [Fact]
    public async Task Sessions_ThatExpiredLongerAgo_GoByThemselves_AndTheLogSaysWhy()
    {
        await using var mesh = await MeshHost.StartAsync(options: ["--retain-sessions", "1h"]);
        await mesh.PostAsync("sessions", """{"id":"old","ttl":60}""");
        await mesh.PostAsync("sessions", """{"id":"young","ttl":600}""");
        await mesh.PostAsync("sessions", """{"id":"living","ttl":"none"}""");
        mesh.Time.JumpWall(TimeSpan.FromMinutes(55));
        await PassAsync(mesh); // an hour and five minutes: one expired an hour and four ago
        Assert.Equal(["young", "living"], mesh.State.Sessions.After(0).Select(s => s.Id));
        var gone = await mesh.ChangeAsync("session.deleted", "old");
        Assert.Equal(
            ("mesh", "its time of retention was over"), (gone.Json["actor"]!.GetValue<string>(), gone.Json["reason"]!.GetValue<string>()));
    }

    [Fact]
    public async Task Log_NewestEntry_StaysHoweverOld_SoThatRevisionsNeverFallBack()
    {
        await using var mesh = await MeshHost.StartAsync(options: s_hours);
        await mesh.RegisterAsync("a", ttl: 86_400);
        mesh.Time.JumpWall(TimeSpan.FromDays(90));
        await PassAsync(mesh);
        Assert.Equal([mesh.Revision], Revisions(mesh));
        await mesh.RestartAsync();
        Assert.Equal(2, mesh.Revision);
        Assert.Equal(2, mesh.Service<MeshStore>().OldestRevision);
        Assert.Equal("s-2", (await mesh.GetAsync("agents/a")).Json["session_id"]!.GetValue<string>());
        await mesh.RegisterAsync("b");
        Assert.Equal(3, mesh.Revision);
    }

    [Fact]
    public async Task Log_KeptForEver_IsNeverTouched()
    {
        await using var mesh = await MeshHost.StartAsync(
            options: ["--retain-log", "none", "--retain-keys", "none", "--retain-directives", "none"]);
        await mesh.RegisterAsync("a", ttl: 86_400);
        await mesh.DeleteAsync("keys/" + (await mesh.MintAsync("{}"))[4..16]);
        mesh.Time.JumpWall(TimeSpan.FromDays(4000));
        (await mesh.PostAsync("admin/compact")).ShouldBe(200, """
            {"running":false,"started_at":"*","ended_at":"*","failed":false,"removed":{"changes":0,"directives":0,"keys":0,"agents":0},
             "oldest_revision":1,"bytes":"*","free_bytes":"*",
             "retention":{"log":null,"directives":null,"keys":null,"sessions":2592000,"agents":2592000}}
            """);
        Assert.Equal(mesh.Revision, Revisions(mesh).Count);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Events_ResumedBelowWhatIsKept_ResyncAndGoOnWhereTheLogBegins(bool restarted)
    {
        await using var mesh = await MeshHost.StartAsync(options: s_hours);
        await mesh.RegisterAsync("a", ttl: 86_400);
        mesh.Time.JumpWall(TimeSpan.FromHours(3));
        await mesh.RegisterAsync("b", ttl: 86_400);
        await PassAsync(mesh);
        if (restarted)
        {
            await mesh.RestartAsync(); // memory still had it all
        }

        await using var events = await mesh.ListenAsync("events?after=0");
        if (restarted)
        {
            var notice = (await events.NextAsync("resync")).Json;
            Assert.Equal("compacted", notice["code"]!.GetValue<string>());
            Assert.Contains("begins at revision 3", notice["detail"]!.GetValue<string>(), StringComparison.Ordinal);
        }
        else
        {
            Assert.Equal((1L, 2L), ((await events.NextAsync()).Id!.Value, (await events.NextAsync()).Id!.Value));
        }

        Assert.Equal((3L, "agent.registered"), (await events.NextAsync()) is var e ? (e.Id!.Value, e.Name) : default);
        await mesh.RegisterAsync("c");
        Assert.Equal(4, (await events.NextAsync()).Id);
        await using var exact = await mesh.ListenAsync("events", lastEventId: 2);
        Assert.Equal(3, (await exact.NextAsync()).Id); // what it saw last is gone, and it missed nothing
    }

    [Fact]
    public async Task Audit_SaysWhereItsRecordBegins_AndPagesEndThere()
    {
        await using var mesh = await MeshHost.StartAsync(options: s_hours);
        await mesh.RegisterAsync("a", ttl: 86_400);
        mesh.Time.JumpWall(TimeSpan.FromHours(3));
        await mesh.RegisterAsync("b", ttl: 86_400);
        await PassAsync(mesh);
        foreach (var query in (string[])["", "&since=2020-01-01", "&cursor=4-0"])
        {
            var page = (await mesh.GetAsync("audit?outcome=done" + query)).Json;
            Assert.Equal(3, page["oldest_revision"]!.GetValue<long>());
            Assert.Equal([3L], page["entries"]!.AsArray().Select(e => e!["revision"]!.GetValue<long>()));
            Assert.Null(page["next_cursor"]);
        }

        Assert.Empty((await mesh.GetAsync("audit?outcome=done&cursor=2-0")).Json["entries"]!.AsArray());
        Assert.Empty((await mesh.GetAsync("audit?outcome=done&until=2026-01-31T09:00:00Z")).Json["entries"]!.AsArray());
    }

    [Fact]
    public async Task Directives_ThatAreOver_GoOldestFirst_ButNeverAnAgentsNewest_NorOneThatIsPending()
    {
        await using var mesh = await MeshHost.StartAsync(options: s_hours);
        await mesh.RegisterAsync("a", ttl: 86_400);
        await mesh.RegisterAsync("b", ttl: 86_400);
        await mesh.RegisterAsync("c", ttl: 86_400);
        await SteerAsync(mesh, "a", 1, "acknowledged"); // 5, 6: goes
        await SteerAsync(mesh, "a", 2, null, ttl: 86_400); // 7: pending
        await SteerAsync(mesh, "a", 3, "rejected"); // 8, 9: behind one that is pending
        await SteerAsync(mesh, "a", 4, "acknowledged"); // 10, 11: the newest
        await SteerAsync(mesh, "b", 1, "acknowledged"); // 12, 13: the newest
        await SteerAsync(mesh, "c", 1, "rejected"); // 14, 15: goes
        mesh.Time.JumpWall(TimeSpan.FromHours(2));
        await SteerAsync(mesh, "c", 2, "acknowledged"); // 16, 17: young
        var before = Projection.OfMemory(mesh.State);
        var removed = (await mesh.PostAsync("admin/compact")).Json["removed"]!;
        Assert.Equal(2, removed["directives"]!.GetValue<int>());
        Assert.Equal([7L, 8, 10, 12, 16], Directives(mesh));
        Assert.Equal(WithoutRevision(before), WithoutRevision(Projection.OfMemory(mesh.State)));
        await mesh.RestartAsync();
        (await mesh.GetAsync("agents/a/directives/history?limit=2")).ShouldBe(200, $$"""
            {"directives":[{{Directive(10, "a", 4, differs: Ended("acknowledged"))}},{{Directive(8, "a", 3, differs: Ended("rejected"))}}],
             "next_cursor":"7"}
            """);
        (await mesh.GetAsync("agents/a/directives/history?cursor=7"))
            .ShouldBe(200, $$"""{"directives":[{{Directive(7, "a", 2, ttl: 86_400)}}],"next_cursor":null}""");
        (await mesh.GetAsync("agents/a/directives/history?cursor=5")).ShouldBe(200, """{"directives":[],"next_cursor":null}""");
        (await mesh.GetAsync("directives/d-5")).ShouldBeRefused(404, "directive_not_found");
        Assert.Equal(2, (await SteerAsync(mesh, "b", 2, null)).Json["seq"]!.GetValue<int>());
        Assert.Equal(3, (await SteerAsync(mesh, "c", 3, null)).Json["seq"]!.GetValue<int>());
    }

    [Fact]
    public async Task Keys_ThatAreOver_Go_AndThoseThatAreValidStay()
    {
        await using var mesh = await MeshHost.StartAsync(options: s_hours);
        var revoked = await mesh.MintAsync("""{"ttl":86400}""");
        await mesh.MintAsync("""{"ttl":60}"""); // expires
        var valid = await mesh.MintAsync("""{"ttl":86400}""");
        await mesh.RevokeAsync(revoked);
        await mesh.AdvanceAsync(61);
        mesh.Time.JumpWall(TimeSpan.FromHours(2));
        var late = await mesh.MintAsync("""{"ttl":86400}""");
        await mesh.RevokeAsync(late);
        Assert.Equal(2, (await mesh.PostAsync("admin/compact")).Json["removed"]!["keys"]!.GetValue<int>());
        await using (var db = mesh.Service<MeshStore>().OpenReader())
        {
            Assert.Equal(
                [mesh.RootKey[4..16], valid[4..16], late[4..16]], await db.Keys.OrderBy(k => k.Revision).Select(k => k.Id).ToListAsync());
        }

        await mesh.RestartAsync();
        Assert.Equal(200, (await mesh.GetAsync("keys/self", valid)).Status);
        (await mesh.GetAsync("keys/self", revoked)).ShouldBeProblem(401, "unauthenticated");
    }

    [Fact]
    public async Task Compact_TakesMoreThanOneStep_AndTellsHowItEnded()
    {
        await using var mesh = await MeshHost.StartAsync(options: s_hours);
        (await mesh.GetAsync("admin/compact")).ShouldBe(200, """
            {"running":false,"started_at":null,"ended_at":null,"failed":false,"removed":{"changes":0,"directives":0,"keys":0,"agents":0},
             "oldest_revision":1,"bytes":"*","free_bytes":"*",
             "retention":{"log":7200,"directives":3600,"keys":3600,"sessions":2592000,"agents":2592000}}
            """);
        const int Many = (TrimPass.StepRows * 2) + 17;
        await Task.WhenAll(Enumerable.Range(0, Many).Select(i => mesh.RegisterAsync($"a{i}", ttl: 86_400)));
        mesh.Time.JumpWall(TimeSpan.FromHours(3));
        var said = (await mesh.PostAsync("admin/compact")).ShouldBe(200, $$"""
            {"running":false,"started_at":"{{At(10_800)}}","ended_at":"{{At(10_800)}}","failed":false,
             "removed":{"changes":{{Many + 1}},"directives":0,"keys":0,"agents":0},"oldest_revision":{{Many + 2}},
             "bytes":"*","free_bytes":"*","retention":{"log":7200,"directives":3600,"keys":3600,"sessions":2592000,"agents":2592000} }
            """);
        Assert.True(said.Json["free_bytes"]!.GetValue<long>() > 100_000 || !mesh.Service<MeshStore>().IsFile); // PostgreSQL does not say
        Assert.Equal(said.Text, (await mesh.GetAsync("admin/compact")).Text);
    }

    [Fact]
    public async Task Compact_WhileEightWrite_LosesNothingAndLeavesNoGap()
    {
        await using var mesh = await MeshHost.StartAsync(options: s_hours);
        await Task.WhenAll(Enumerable.Range(0, 3000).Select(i => mesh.RegisterAsync($"old{i}", ttl: 86_400)));
        mesh.Time.JumpWall(TimeSpan.FromHours(3));
        var before = mesh.Revision;
        var compacting = mesh.PostAsync("admin/compact");
        await Task.WhenAll(Enumerable.Range(0, 8).Select(async writer =>
        {
            for (var i = 0; i < 60; i++)
            {
                await mesh.RegisterAsync($"w{writer}-{i}", ttl: 86_400);
            }
        }));
        var report = await compacting;
        Assert.Equal(before, report.Json["removed"]!["changes"]!.GetValue<long>());
        var revisions = Revisions(mesh);
        Assert.Equal((before + 1, mesh.Revision, mesh.Revision - before), (revisions[0], revisions[^1], (long)revisions.Count));
        Assert.Equal(before + 480 + 1, mesh.Revision); // and the call to compact
        Assert.Equal(Projection.OfMemory(mesh.State), Projection.OfMemory(Projection.Reloaded(mesh.Service<MeshStore>())));
    }

    [Fact]
    public async Task Agents_DeadOrLostForLonger_AreForgottenByThemselves_AndTheLogSaysWhy()
    {
        await using var mesh = await MeshHost.StartAsync(options: ["--retain-agents", "1h"]);
        await mesh.RegisterAsync("dead", ttl: 10);
        await mesh.RegisterAsync("lost", ttl: 10);
        await mesh.RegisterAsync("back", ttl: 10);
        await mesh.RegisterAsync("living", ttl: 86_400);
        await mesh.PostAsync("agents", """{"agent_id":"declared","declare":true}""");
        await mesh.PostAsync("agents/dead/exit", """{"incarnation":1}""");
        await mesh.AdvanceAsync(25);
        await mesh.RegisterAsync("back", ttl: 86_400);
        await mesh.RegisterAsync("young", ttl: 86_400);
        mesh.Time.JumpWall(TimeSpan.FromMinutes(55));
        await mesh.PostAsync("agents/young/exit", """{"incarnation":1}""");
        await mesh.RestartAsync();
        var before = mesh.Revision;
        await PassAsync(mesh);
        Assert.Equal(
            ["back", "living", "declared", "young"],
            (await mesh.GetAsync("agents")).Json["sessions"]!.AsArray().Select(row => row!["agent_id"]!.GetValue<string>()));
        Assert.Equal(before + 2, mesh.Revision);
        var gone = await mesh.ChangeAsync("agent.forgotten", "lost");
        Assert.Equal(
            ("mesh", "its time of retention was over"), (gone.Json["actor"]!.GetValue<string>(), gone.Json["reason"]!.GetValue<string>()));
        Assert.Equal(2, (await mesh.GetAsync("admin/compact")).Json["removed"]!["agents"]!.GetValue<int>());
    }

    [Fact]
    public async Task Agents_UnderAnUnconfirmedTombstone_AreNotForgottenHoweverLongTheyAreLost()
    {
        await using var mesh = await MeshHost.StartAsync(options: ["--retain-agents", "1h"]);
        await mesh.RegisterAsync("a", ttl: 10);
        await mesh.AdvanceAsync(25);
        mesh.Time.JumpWall(TimeSpan.FromMinutes(59));
        await mesh.DeleteAsync("agents/a?force=true"); // lost for an hour, and dead without proof for ten minutes when the pass comes
        await PassAsync(mesh);
        Assert.Equal("dead", await mesh.StatusAsync("a"));
        await PassAsync(mesh);
        (await mesh.GetAsync("agents/a")).ShouldBeProblem(404, "agent_not_found");
    }

    [Fact]
    public async Task Agents_KeptForEver_AreNeverForgotten()
    {
        await using var mesh = await MeshHost.StartAsync(options: ["--retain-agents", "none"]);
        await mesh.RegisterAsync("a");
        await mesh.PostAsync("agents/a/exit", """{"incarnation":1}""");
        mesh.Time.JumpWall(TimeSpan.FromDays(4000));
        await PassAsync(mesh);
        Assert.Equal("dead", await mesh.StatusAsync("a"));
    }

    [Fact]
    public async Task Directives_OfAForgottenAgent_GoWithTheirTime_TheNewestToo()
    {
        await using var mesh = await MeshHost.StartAsync(options: s_hours);
        await mesh.RegisterAsync("a", ttl: 86_400);
        await SteerAsync(mesh, "a", 1, "acknowledged");
        await SteerAsync(mesh, "a", 2, null); // ends with its agent
        await mesh.PostAsync("agents/a/exit", """{"incarnation":1}""");
        await mesh.DeleteAsync("agents/a?forget=true");
        await mesh.RegisterAsync("b", ttl: 86_400); // its number
        await SteerAsync(mesh, "b", 1, "acknowledged");
        Assert.Equal(3, Directives(mesh).Count);
        mesh.Time.JumpWall(TimeSpan.FromHours(2));
        await PassAsync(mesh);
        Assert.Single(Directives(mesh));
        Assert.Single((await mesh.GetAsync("agents/b/directives/history")).Json["directives"]!.AsArray());
        Assert.True((await mesh.PostAsync("admin/check")).Json["ok"]!.GetValue<bool>());
    }

    [Fact]
    [Trait("Store", "SQLite")]
    public async Task Compact_StoreThatRefuses_SaysSo_AndTheNextPassDoesIt()
    {
        await using var mesh = await MeshHost.StartAsync(options: s_hours);
        await mesh.RegisterAsync("a", ttl: 86_400);
        mesh.Time.JumpWall(TimeSpan.FromHours(3));
        await mesh.RegisterAsync("b", ttl: 86_400);
        await using (var other = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={mesh.Database};Pooling=False"))
        {
            other.Open();
            await using var held = other.BeginTransaction(); // holds the write lock until it is rolled back
            var failed = Assert.ThrowsAsync<Microsoft.Data.Sqlite.SqliteException>(() => mesh.Service<Compactor>().RunAsync());
            Assert.Equal(5, (await failed).SqliteErrorCode);
            Assert.True((await mesh.GetAsync("admin/compact")).Json["failed"]!.GetValue<bool>());
        }

        Assert.Equal(2, (await mesh.PostAsync("admin/compact")).Json["removed"]!["changes"]!.GetValue<int>());
    }

    [Theory]
    [InlineData("59m")]
    [InlineData("0d")]
    [InlineData("30")]
    [InlineData("-1d")]
    [InlineData("for ever")]
    [InlineData("1.5h")]
    public void Retention_ThatIsNone_IsRefusedInWords(string text)
    {
        var refused = Assert.Throws<StartupException>(() => Hosting("--retain-log", text));
        Assert.Equal(
            $"--retain-log takes a time of at least an hour, such as 30d or 12h, or none to keep everything, not '{text}'.",
            refused.Message);
    }

    [Fact]
    public void Retention_IsThirtyDays_UnlessSaidOtherwise()
    {
        Assert.Equal(
            new Retention
            {
                Log = TimeSpan.FromDays(30),
                Directives = TimeSpan.FromDays(30),
                Keys = TimeSpan.FromDays(30),
                Sessions = TimeSpan.FromDays(30),
                Agents = TimeSpan.FromDays(30),
            },
            Hosting());
        Assert.Equal(
            new Retention { Log = null, Sessions = TimeSpan.FromHours(12) }, Hosting("--retain-log", "none", "--retain-sessions", "12h"));
        Assert.Equal(new Retention { Agents = null }, Hosting("--retain-agents", "none"));
        Assert.Equal(TimeSpan.FromDays(2), Retention.From(Settings.Read([], name => name == "SESSION_MESH_RETAIN_LOG" ? "2d" : null)).Log);
    }

    private static Retention Hosting(params string[] args) => Retention.From(Settings.Read(args, _ => null));

    /// <summary>Lets ten minutes pass, and the compaction that then begins by itself end.</summary>
    private static async Task PassAsync(MeshHost mesh)
    {
        mesh.Time.Advance(Compactor.Every);
        await mesh.Service<Compactor>().Pass.WaitAsync(Eventually.Bound);
    }

    private static async Task<Reply> SteerAsync(MeshHost mesh, string agent, int seq, string? ack, int ttl = 3600)
    {
        var steered = await mesh.SteerAsync(agent, $",\"ttl\":{ttl}");
        if (ack is not null)
        {
            Assert.Equal(200, (await mesh.PostAsync($"agents/{agent}/directives/{seq}/ack", $$"""{"state":"{{ack}}"}""")).Status);
        }

        return steered;
    }

    private static string Ended(string state) =>
        $$""" "state":"{{state}}","acknowledged_at":{{(state == "acknowledged" ? $"\"{At(0)}\"" : "null")}},"ended_at":"{{At(0)}}" """;

    private static List<string> WithoutRevision(List<string> projection) =>
        projection.FindAll(line => !line.StartsWith("revision ", StringComparison.Ordinal));

    private static List<long> Revisions(MeshHost mesh)
    {
        using var db = mesh.Service<MeshStore>().OpenReader();
        return [.. db.Changes.OrderBy(c => c.Revision).Select(c => c.Revision)];
    }

    private static List<long> Directives(MeshHost mesh)
    {
        using var db = mesh.Service<MeshStore>().OpenReader();
        return [.. db.Directives.OrderBy(c => c.Revision).Select(c => c.Revision)];
    }
}
