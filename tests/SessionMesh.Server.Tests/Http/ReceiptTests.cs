using SessionMesh.Contracts;
using SessionMesh.Core;
using SessionMesh.Core.Audit;
using SessionMesh.Core.Idempotency;
using SessionMesh.Core.State;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Store;
using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.Http;

/// <summary>What is remembered of calls under an <c>Idempotency-Key</c>: also of those that changed nothing.</summary>
public sealed class ReceiptTests
{
    [Fact]
    public async Task Kill_OfADeadAgent_RepeatedUnderItsKey_DoesNotStopTheNextLife()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        await mesh.PostAsync("agents/a/exit", """{"incarnation":1}""");
        var first = await mesh.DeleteAsync("agents/a", idempotencyKey: "k");
        Assert.Equal(("dead", 1), (first.Json["status"]!.GetValue<string>(), first.Json["incarnation"]!.GetValue<int>()));
        await mesh.RegisterAsync("a");
        await ReplayedAsync(mesh, first, () => mesh.DeleteAsync("agents/a", idempotencyKey: "k"));
        Assert.Equal("alive", await mesh.StatusAsync("a"));
    }

    [Fact]
    public async Task Kill_OfAStoppingAgent_RepeatedUnderItsKey_DoesNotStopTheNextLife()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        await mesh.DeleteAsync("agents/a?grace=5");
        var first = await mesh.DeleteAsync("agents/a?grace=30", idempotencyKey: "k");
        Assert.Equal("stopping", first.Json["status"]!.GetValue<string>());
        await mesh.PostAsync("agents/a/exit", """{"incarnation":1}""");
        await mesh.RegisterAsync("a");
        await ReplayedAsync(mesh, first, () => mesh.DeleteAsync("agents/a?grace=30", idempotencyKey: "k"));
        Assert.Equal("alive", await mesh.StatusAsync("a"));
    }

    [Fact]
    public async Task Kill_RepeatedWithWait_AnswersForTheLifeItEnded_AndNotForTheNext()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        await mesh.PostAsync("agents/a/exit", """{"incarnation":1}""");
        var first = await mesh.DeleteAsync("agents/a?wait=40", idempotencyKey: "k");
        await mesh.RegisterAsync("a");
        await ReplayedAsync(mesh, first, () => mesh.DeleteAsync("agents/a?wait=40", idempotencyKey: "k"));
    }

    [Fact]
    public async Task Expire_OfAnExpiredSession_RepeatedUnderItsKey_DoesNotExpireTheRefreshedOne()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.PostAsync("sessions", """{"id":"s","ttl":60}""");
        await mesh.PostAsync("sessions/s/expire");
        var first = await mesh.PostAsync("sessions/s/expire", idempotencyKey: "k");
        Assert.Equal("expired", first.Json["status"]!.GetValue<string>());
        await mesh.PostAsync("sessions/s/refresh");
        await ReplayedAsync(mesh, first, () => mesh.PostAsync("sessions/s/expire", idempotencyKey: "k"));
        Assert.Equal("active", (await mesh.GetAsync("sessions/s")).Json["status"]!.GetValue<string>());
        Assert.NotEmpty(first.Headers["ETag"]);
    }

    [Fact]
    public async Task Renewal_RepeatedUnderItsKey_DoesNotBeginTheNextLife()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a", more: ",\"specializations\":[\"s\"]");
        var first = await mesh.PostAsync("registry", """{"agent_id":"a","specialization":"s"}""", idempotencyKey: "k");
        Assert.Equal(200, first.Status);
        await mesh.PostAsync("agents/a/exit", """{"incarnation":1}""");
        await ReplayedAsync(
            mesh, first, () => mesh.PostAsync("registry", """{"agent_id":"a","specialization":"s"}""", idempotencyKey: "k"));
        Assert.Equal("dead", await mesh.StatusAsync("a"));
    }

    [Fact]
    public async Task Ack_OfWhatIsOver_IsReplayedUnderItsKey()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        await mesh.SteerAsync("a");
        await mesh.PostAsync("agents/a/directives/1/ack", """{"state":"acknowledged"}""");
        var first = await mesh.PostAsync("agents/a/directives/1/ack", """{"state":"acknowledged"}""", idempotencyKey: "k");
        Assert.Equal(200, first.Status);
        await ReplayedAsync(
            mesh, first, () => mesh.PostAsync("agents/a/directives/1/ack", """{"state":"acknowledged"}""", idempotencyKey: "k"));
    }

    [Fact]
    public async Task Ack_OfWhatIsOverAndNotKeptAnyMore_Is404_AndNo500()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        await mesh.SteerAsync("a");
        await mesh.PostAsync("agents/a/directives/1/ack", """{"state":"acknowledged"}""");
        await mesh.SteerAsync("a");
        await mesh.RunSqlAsync($"DELETE FROM directives WHERE seq = 1"); // as a pass of compaction does once it is old
        (await mesh.PostAsync("agents/a/directives/1/ack", """{"state":"acknowledged"}""")).ShouldBeRefused(404, "directive_not_found");
    }

    [Fact]
    public async Task DryRun_IsARead_AndIsLookedAtAnew()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a", more: ",\"specializations\":[\"s\"]");
        const string Body = """{"selector":{"specialization":"s"},"direction":"north","dry_run":true}""";
        var revision = mesh.Revision;
        Assert.Equal(1, (await mesh.PostAsync("steer", Body, idempotencyKey: "k")).Json["matched"]!.GetValue<int>());
        Assert.Equal(revision, mesh.Revision);
        await mesh.RegisterAsync("b", more: ",\"specializations\":[\"s\"]");
        Assert.Equal(2, (await mesh.PostAsync("steer", Body, idempotencyKey: "k")).Json["matched"]!.GetValue<int>());
    }

    [Fact]
    public async Task Receipt_TrimmedBetweenTheLookAndTheReadOfItsAnswer_IsADefinedAnswer_AndActsNotAgain()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        await mesh.PostAsync("steer", """{"agent_id":"a","direction":"north"}""", idempotencyKey: "k");
        await mesh.RunSqlAsync($"DELETE FROM receipts");
        var revision = mesh.Revision;
        (await mesh.PostAsync("steer", """{"agent_id":"a","direction":"north"}""", idempotencyKey: "k"))
            .ShouldBeProblem(409, "answer_not_kept");
        Assert.Equal(revision, mesh.Revision);
    }

    [Fact]
    public async Task Answer_IsKeptOnce_InTheTableOfReceiptsAlone()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        var first = await mesh.PostAsync("steer", """{"agent_id":"a","direction":"north","message":"é"}""", idempotencyKey: "k");
        await using var db = mesh.Service<MeshStore>().OpenReader();
        var row = Assert.Single(db.Receipts.ToList());
        Assert.Equal((first.Text, first.Bytes.Length), (row.Answer, row.Size));
        var entry = Assert.Single(db.Changes.Where(c => c.Kind == ReceiptKept.Name).ToList());
        Assert.DoesNotContain("directive_id", entry.Payload, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Call_WithANewKeyPastTheBound_Is429_AndChangesNothing_AlsoAfterARestart()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a", ttl: 600);
        var key = await mesh.MintAsync("""{"agent_id":"a","scopes":["registry:write"]}""");
        const string Body = """{"specialization":"s"}""";
        var first = await mesh.PostAsync("registry", Body, key, "k");
        await FillAsync(mesh, key[4..16]);
        var revision = mesh.Revision;
        foreach (var restart in new[] { false, true })
        {
            if (restart)
            {
                await mesh.RestartAsync();
            }

            var refused = await mesh.PostAsync("registry", """{"specialization":"t"}""", key, "new");
            refused.ShouldBeProblem(429, "too_many_receipts", ",\"retry_after\":86400");
            Assert.Equal("86400", refused.Headers["Retry-After"]);
            Assert.Equal(first.Text, (await mesh.PostAsync("registry", Body, key, "k")).Text);
            Assert.Equal(revision, mesh.Revision);
        }

        Assert.Equal(200, (await mesh.PostAsync("registry", """{"specialization":"t"}""", key)).Status);
        Assert.Equal(200, (await mesh.PostAsync("registry", """{"agent_id":"a","specialization":"u"}""", idempotencyKey: "new")).Status);
    }

    /// <summary>Ten large answers, as many bytes as the bound of an agent's key.</summary>
    private static async Task FillAsync(MeshHost mesh, string keyId)
    {
        var answer = new byte[Limits.ReceiptBytesPerAgentKey / 10];
        Array.Fill(answer, (byte)' ');
        for (var i = 1; i <= 10; i++)
        {
            var executed = await mesh.Engine.ExecuteAsync(
                new NeedsNoTurn { Actor = keyId }, Origin.Mesh, new IdempotencyToken((UInt128)i, 1), _ => new Answer(200, answer));
            Assert.Null(executed.Outcome.Error);
        }
    }

    private sealed record NeedsNoTurn : Command<bool>
    {
        public override Outcome<bool> Decide(MeshDraft draft) => true;
    }

    private static async Task ReplayedAsync(MeshHost mesh, Reply first, Func<Task<Reply>> again)
    {
        var revision = mesh.Revision;
        foreach (var restart in new[] { false, true })
        {
            if (restart)
            {
                await mesh.RestartAsync();
            }

            var reply = await again();
            Assert.Equal((first.Status, first.Text), (reply.Status, reply.Text));
            Assert.Equal("true", reply.Headers["Idempotency-Replayed"]);
            Assert.Equal(first.Headers.GetValueOrDefault("ETag"), reply.Headers.GetValueOrDefault("ETag"));
            Assert.Equal(revision, mesh.Revision);
        }
    }
}
