using System.Net;
using Microsoft.AspNetCore.Http;
using SessionMesh.Core;
using SessionMesh.Core.State;
using SessionMesh.Server.Audit;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Telemetry;
using SessionMesh.Server.Tests.Support;
using static SessionMesh.Server.Tests.Audit.AuditRig;
using static SessionMesh.Server.Tests.Support.Rows;

namespace SessionMesh.Server.Tests.Audit;

/// <summary>What was refused for want of a right is kept, bounded, beside the log.</summary>
public sealed class RefusalTests
{
    [Fact]
    public async Task Refusal_ForWantOfAScope_NamesTheKeyTheOperationAndTheReason_AndCostsNoEntryOfTheLog()
    {
        await using var mesh = await MeshHost.StartAsync();
        var key = await mesh.MintAsync("""{"scopes":["mesh:read"]}""");
        var revision = mesh.Revision;
        var reply = (await mesh.DeleteAsync("agents/a?reason=r", key)).ShouldBeProblem(403, "missing_scope");
        Assert.Equal(revision, mesh.Revision);
        (await mesh.GetAsync("audit?outcome=refused")).ShouldBe(200, $$"""
            {"entries":[{"revision":null,"at":"{{At(0)}}","actor":"{{key[4..16]}}","operation":"killAgent","subject":"a",
             "outcome":"refused","reason":"This key lacks the scope kill. Use a key that has it.","code":"missing_scope",
             "remote_address":"127.0.0.1","request_id":"{{reply.Headers["X-Request-Id"]}}"}],
             "next_cursor":null,"suppressed":0,"oldest_revision":1}
            """);
    }

    [Fact]
    public async Task Refusal_OfAKeyThatIsNotValid_NamesItOnlyIfItIsWhole()
    {
        await using var mesh = await MeshHost.StartAsync();
        var revoked = await mesh.MintAsync("{}");
        await mesh.RevokeAsync(revoked);
        var stranger = Stranger();
        var revision = mesh.Revision;
        foreach (var (key, actor) in new[]
        {
            (revoked, revoked[4..16]), (stranger, stranger[4..16]), (stranger[..^1] + (stranger[^1] == '0' ? '1' : '0'), null),
            (stranger + "0", null),
            (stranger[..20] + (stranger[20] == '0' ? '1' : '0') + stranger[21..], null), ("smk_", null), ("x", null), ("", null),
        })
        {
            (await mesh.GetAsync("agents/a", key)).ShouldBeProblem(401, "unauthenticated");
            var entry = (await mesh.AuditAsync("?outcome=refused&limit=1"))[0];
            Assert.Equal(
                (actor, "getAgent", "a", "unauthenticated"),
                (entry["actor"]?.GetValue<string>(), entry["operation"]!.GetValue<string>(), entry["subject"]!.GetValue<string>(),
                 entry["code"]!.GetValue<string>()));
        }

        Assert.Equal(revision, mesh.Revision);
    }

    [Fact]
    public async Task Refusal_NeverShowsAPieceOfASecret_WhereverItWasSent()
    {
        await using var mesh = await MeshHost.StartAsync();
        var key = await mesh.MintAsync("""{"scopes":["mesh:read"]}""");
        (await mesh.DeleteAsync("keys/" + key, key)).ShouldBeProblem(403, "missing_scope");
        (await mesh.DeleteAsync("agents/" + key, key)).ShouldBeProblem(403, "missing_scope");
        (await mesh.DeleteAsync("agents/" + key.ToUpperInvariant(), key)).ShouldBeProblem(403, "missing_scope");
        (await mesh.DeleteAsync("keys/" + key.Split('_')[2], key)).ShouldBeProblem(403, "missing_scope");
        (await mesh.GetAsync("alive?key=" + key, key)).ShouldBeProblem(401, "key_in_query");
        (await mesh.GetAsync("alive", key.Replace("smk_", "smk_x", StringComparison.Ordinal))).ShouldBeProblem(401, "unauthenticated");
        var entries = await mesh.AuditAsync("?outcome=refused");
        Assert.Equal(6, entries.Count);
        Assert.All(entries, e => Assert.Null(e["subject"]));
        foreach (var piece in key.Split('_').Skip(2))
        {
            Assert.All(entries, e => Assert.DoesNotContain(piece, e.ToJsonString(), StringComparison.OrdinalIgnoreCase));
        }
    }

    [Fact]
    public async Task Refusal_OfAnotherAgentsKey_IsKept_WithinABatchToo()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        await mesh.RegisterAsync("b");
        var key = await mesh.MintAsync("""{"agent_id":"a"}""");
        (await mesh.PostAsync("agents/b/heartbeat", null, key)).ShouldBeProblem(403, "not_your_agent");
        Assert.Equal(200, (await mesh.PostAsync("heartbeats", """{"agents":["a","b"]}""", key)).Status);
        (await mesh.PostAsync("keys", """{"scopes":["kill"]}""", await mesh.MintAsync("""{"scopes":["keys:mint"]}""")))
            .ShouldBeProblem(403, "missing_scope");
        var entries = await mesh.AuditAsync("?outcome=refused");
        Assert.Equal(["createKey ", "heartbeats b", "heartbeat b"], entries.Select(Brief));
        Assert.Equal(["missing_scope", "not_your_agent", "not_your_agent"], entries.Select(e => e["code"]!.GetValue<string>()));
        Assert.All(entries.Skip(1), e => Assert.Equal(key[4..16], e["actor"]!.GetValue<string>()));
    }

    [Fact]
    public async Task WhatIsNotThere_OrNotVisible_OrMalformed_IsNoRefusal()
    {
        await using var mesh = await MeshHost.StartAsync();
        var key = await mesh.MintAsync("""{"scopes":["keys:mint"]}""");
        (await mesh.DeleteAsync("keys/" + mesh.RootKey[4..16], key)).ShouldBeProblem(404, "key_not_found");
        (await mesh.GetAsync("agents/nobody")).ShouldBeProblem(404, "agent_not_found");
        (await mesh.GetAsync("~/nowhere", "")).ShouldBeProblem(404, "not_found");
        Assert.Equal(400, (await mesh.PostAsync("steer", "{")).Status);
        Assert.Empty(await mesh.AuditAsync("?outcome=refused"));
    }

    [Fact]
    public async Task Refusals_PastFiftyASecond_AreOnlyCounted_UntilTheNext()
    {
        await using var mesh = await MeshHost.StartAsync();
        var revision = mesh.Revision;
        for (var i = 0; i < RefusalLog.PerAddress + 10; i++)
        {
            (await mesh.GetAsync("alive", key: "")).ShouldBeProblem(401, "unauthenticated");
        }

        var page = await mesh.GetAsync("audit?outcome=refused");
        Assert.Equal((RefusalLog.PerAddress, 10), (Entries(page).Count, page.Json["suppressed"]!.GetValue<int>()));
        mesh.Time.Advance(TimeSpan.FromSeconds(1));
        await mesh.GetAsync("alive", key: "");
        page = await mesh.GetAsync("audit?outcome=refused");
        Assert.Equal((RefusalLog.PerAddress + 1, 10), (Entries(page).Count, page.Json["suppressed"]!.GetValue<int>()));
        Assert.Equal(revision, mesh.Revision);
    }

    [Fact]
    public void Refusals_FromManyAddresses_AreBoundedTogether_AndOneThatShoutsSilencesNobodyElse()
    {
        var time = new FakeTime();
        var log = LogAt(time);
        Record(log, "192.0.2.1", RefusalLog.PerAddress * 3);
        Record(log, "::ffff:192.0.2.1", 1); // the same address
        Assert.Equal(RefusalLog.PerAddress, log.After(0, int.MaxValue, _ => true).Count);
        for (var i = 0; i < 1000; i++)
        {
            Record(log, $"10.0.{i / 256}.{i % 256}", 1);
        }

        var kept = log.After(0, int.MaxValue, _ => true);
        Assert.Equal(RefusalLog.PerSecond, kept.Count);
        Assert.Equal(
            RefusalLog.PerSecond - RefusalLog.PerAddress, kept.Count(r => r.RemoteAddress!.StartsWith("10.", StringComparison.Ordinal)));
        Assert.Equal((RefusalLog.PerAddress * 3) + 1 + 1000 - RefusalLog.PerSecond, log.Suppressed);
    }

    [Fact]
    public void Refusals_PastTenThousand_PushTheOldestOut()
    {
        var time = new FakeTime();
        var log = LogAt(time);
        for (var i = 0; i < RefusalLog.Kept + 500; i += RefusalLog.PerAddress)
        {
            Record(log, "192.0.2.1", RefusalLog.PerAddress);
            time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(0, log.Suppressed);
        var oldestFirst = log.After(0, int.MaxValue, _ => true);
        Assert.Equal(RefusalLog.Kept, oldestFirst.Count);
        Assert.Equal(
            Enumerable.Range(0, RefusalLog.Kept).Select(i => log.Newest - RefusalLog.Kept + 1 + i), oldestFirst.Select(r => r.Seq));
        Assert.Equal(oldestFirst.Select(r => r.Seq).Reverse(), log.Before(long.MaxValue, int.MaxValue, _ => true).Select(r => r.Seq));
        Assert.Equal(FakeTime.Start.AddSeconds(10).ToUnixTimeMilliseconds(), oldestFirst[0].At);
        Assert.Empty(log.Before(oldestFirst[0].Seq, 1, _ => true));
        Assert.Equal(2, log.After(log.Newest - 2, int.MaxValue, _ => true).Count);
    }

    [Fact]
    public void Refusal_LongTexts_AreCut()
    {
        var log = LogAt(new FakeTime());
        var http = Http("192.0.2.1");
        http.Request.RouteValues["id"] = new string('a', 129);
        log.Record(http, new MeshError(ErrorKind.Forbidden, "missing_scope", new string('x', 1000)));
        var refusal = Assert.Single(log.After(0, 10, _ => true));
        Assert.Equal((null, RefusalLog.ReasonLength), (refusal.Subject, refusal.Reason.Length));
    }

    private static RefusalLog LogAt(FakeTime time) => new(new MeshClock(time), new LastHour(time, new MeshState()));

    private static void Record(RefusalLog log, string address, int times)
    {
        for (var i = 0; i < times; i++)
        {
            log.Record(Http(address), new MeshError(ErrorKind.Unauthenticated, "unauthenticated", "no"));
        }
    }

    private static DefaultHttpContext Http(string address)
    {
        var http = new DefaultHttpContext();
        http.Connection.RemoteIpAddress = IPAddress.Parse(address);
        return http;
    }
}
