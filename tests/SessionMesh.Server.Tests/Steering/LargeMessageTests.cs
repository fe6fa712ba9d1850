using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using SessionMesh.Core.Steering;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Push;
using SessionMesh.Server.Store;
using SessionMesh.Server.Store.Sqlite;
using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.Steering;

/// <summary>
/// What is long, to many: 64 KiB to 2,400 agents was an answer of 149 MiB, 2 GB of memory and, under an <c>Idempotency-Key</c>, the end of
/// the server.
/// </summary>
public sealed class LargeMessageTests
{
    private const int Fleet = 300;

    [Theory]
    [InlineData(null)]
    [InlineData("key")]
    public async Task Steer_LongToMany_IsKeptOnce_InTheAnswerTheMemoryAndTheStore(string? idempotencyKey)
    {
        await using var mesh = await FleetAsync();
        var before = mesh.Revision;
        var steered = await mesh.PostAsync("steer", Body(), idempotencyKey: idempotencyKey);
        Assert.Equal(200, steered.Status);
        Assert.Equal(Fleet, steered.Json["matched"]!.GetValue<int>());
        Assert.All(
            steered.Json["results"]!.AsArray(),
            result => Assert.Equal(["agent_id", "directive_id", "seq", "state"], result!.AsObject().Select(m => m.Key)));
        Assert.InRange(steered.Text.Length, 1, Fleet * 120);

        var pending = Enumerable.Range(0, Fleet).Select(n => mesh.State.Find($"a{n}")!.Inbox.Pending.Single()).ToList();
        Assert.All(pending, d => Assert.Same(pending[0].Message, d.Message));
        Assert.All(pending, d => Assert.Same(pending[0].Data, d.Data));
        await using var db = mesh.Service<MeshStore>().OpenReader();
        var log = await db.Changes.Where(c => c.Revision > before).Select(c => c.Payload.Length).SumAsync();
        Assert.InRange(log, 50_000, 50_000 + (Fleet * 400));
        Assert.Equal(0, await db.Directives.Select(d => (d.Message ?? "").Length + (d.Data ?? "").Length).SumAsync());
        Assert.Equal(before + 1, (await db.Messages.SingleAsync()).Revision);
        Assert.InRange(mesh.Service<ChangeFeed>().Weight, 1, (Fleet * 4 * 1024) + 100_000);
    }

    [Fact]
    public async Task Steer_LongToMany_IsReadWholeEverywhere_AlsoAfterARestart()
    {
        await using var mesh = await FleetAsync();
        await mesh.PostAsync("steer", Body());
        var at = mesh.Revision;
        var expected = JsonNode.Parse(Body())!;
        for (var round = 0; round < 2; round++)
        {
            foreach (var directive in new[]
            {
                (await mesh.GetAsync($"directives/d-{at}")).Json,
                (await mesh.GetAsync($"agents/a{Fleet - 1}/directives")).Json["directives"]![0]!,
                (await mesh.GetAsync($"agents/a{Fleet - 1}/directives/history")).Json["directives"]![0]!,
                (await mesh.PostAsync($"agents/a{Fleet - 1}/heartbeat")).Json["directives"]![0]!,
                (await EventAsync(mesh, at)).Json,
            })
            {
                Assert.Equal(expected["message"]!.GetValue<string>(), directive["message"]!.GetValue<string>());
                Assert.Equal(expected["data"]!.ToJsonString(), directive["data"]!.ToJsonString());
                Assert.Null(directive["message_at"]);
            }

            await mesh.RestartAsync(); // the second time the events are read from the table
        }

        await using var events = await mesh.ListenAsync($"events?after={at - Fleet - 1}");
        Assert.Equal(at - Fleet + 1, (await events.NextAsync()).Id); // what was kept is the mesh's own bookkeeping
    }

    [Fact]
    public async Task Steer_LongToMany_ByOthersWhileItRuns_WaitForOneTurnAtMost()
    {
        await using var mesh = await FleetAsync();
        Task<Reply>[] calls;
        await using (var held = await HeldEngine.HoldAsync(mesh))
        {
            calls =
            [
                .. Enumerable.Range(0, 20).Select(_ => mesh.PostAsync("steer", Body())),
                mesh.PostAsync("steer", """{"agent_id":"a0","direction":"n"}"""),
            ];
            await held.WaitingAsync(21);
        }

        Assert.All(await Task.WhenAll(calls), reply => Assert.Equal(200, reply.Status));
        Assert.Equal(21, mesh.State.Find("a0")!.Inbox.LastSeq);
    }

    [Fact]
    public async Task Steer_ShortToMany_SaysItInEachDirective()
    {
        await using var mesh = await FleetAsync();
        await mesh.PostAsync("steer", $$"""{"selector":{"cluster":"default"},"expect":{{Fleet}},"direction":"north","message":"short"}""");
        await using var db = mesh.Service<MeshStore>().OpenReader();
        Assert.Empty(await db.Messages.ToListAsync());
        Assert.Equal(Fleet, await db.Directives.CountAsync(d => d.Message == "short"));
    }

    [Fact]
    public async Task Inbox_OfLongDirectives_GoesOutInAnswersOfABoundedSize_AndInOrder()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a", ttl: 600);
        var data = new string('d', 60_000);
        for (var n = 0; n < 40; n++)
        {
            await mesh.PostAsync("steer", $$"""{"agent_id":"a","direction":"n","data":"{{data}}"}""");
        }

        var first = (await mesh.PostAsync("agents/a/heartbeat")).Json["directives"]!.AsArray()
            .Select(d => d!["seq"]!.GetValue<int>()).ToList();
        Assert.Equal(Enumerable.Range(1, 17), first);
        Assert.Equal(
            first, (await mesh.GetAsync("agents/a/directives")).Json["directives"]!.AsArray().Select(d => d!["seq"]!.GetValue<int>()));
        var next = (await mesh.GetAsync("agents/a/directives?after=17")).Json["directives"]!.AsArray()
            .Select(d => d!["seq"]!.GetValue<int>());
        Assert.Equal(Enumerable.Range(18, 17), next);
        await mesh.PostAsync("agents/a/directives/1/ack", """{"state":"acknowledged"}""");
        var later = (await mesh.PostAsync("agents/a/heartbeat")).Json["directives"]!.AsArray().Select(d => d!["seq"]!.GetValue<int>());
        Assert.Equal(Enumerable.Range(2, 17), later);
        await using var stream = await mesh.ListenAsync("agents/a/directives");
        for (var n = 2; n <= 40; n++)
        {
            Assert.Equal(n, (await stream.NextAsync("directive")).Id);
        }
    }

    [Fact]
    public async Task Feed_IsBoundedInBytes_AndAReaderThatFellBehindReadsTheTable()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        var body = $$"""{"agent_id":"a","direction":"n","ttl":1,"data":"{{new string('d', 60_000)}}"}""";
        var after = mesh.Revision;
        for (var n = 0; n < 600; n++)
        {
            Assert.Equal(200, (await mesh.PostAsync("steer", body)).Status);
        }

        Assert.InRange(mesh.Service<ChangeFeed>().Weight, ChangeFeed.KeptBytes - 200_000, ChangeFeed.KeptBytes);
        await using var events = await mesh.ListenAsync($"events?after={after}");
        for (var n = 1; n <= 600; n++)
        {
            var next = await events.NextAsync();
            Assert.Equal((after + n, DirectiveIssued.Name), (next.Id!.Value, next.Name));
            Assert.Equal(60_000, next.Json["data"]!.GetValue<string>().Length);
        }
    }

    private static async Task<SseEvent> EventAsync(MeshHost mesh, long revision)
    {
        await using var events = await mesh.ListenAsync($"events?after={revision - 1}");
        return await events.NextAsync();
    }

    private static async Task<MeshHost> FleetAsync()
    {
        var mesh = await MeshHost.StartAsync();
        await Task.WhenAll(Enumerable.Range(0, Fleet).Select(n => mesh.RegisterAsync($"a{n}", ttl: 600)));
        return mesh;
    }

    private static string Body() =>
        $$$"""
        {"selector":{"cluster":"default"},"expect":{{{Fleet}}},"direction":"north","message":"{{{new string('m', 10_000)}}}",
         "data":{"text":"{{{new string('d', 40_000)}}}"}}
        """;
}
