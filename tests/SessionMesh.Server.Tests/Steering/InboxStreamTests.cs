using System.Net.Sockets;
using SessionMesh.Server.Push;
using SessionMesh.Server.Tests.Support;
using static SessionMesh.Server.Tests.Support.Rows;

namespace SessionMesh.Server.Tests.Steering;

public sealed class InboxStreamTests
{
    [Fact]
    public async Task Stream_SendsWhatIsPending_AndThenWhatComes()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        await mesh.SteerAsync("a");
        await using var stream = await mesh.ListenAsync("agents/a/directives");
        Assert.Equal("text/event-stream", stream.Headers["Content-Type"]);
        Assert.Contains("no-store", stream.Headers["Cache-Control"], StringComparison.Ordinal);
        var first = await stream.NextAsync("directive");
        Assert.Equal(1, first.Id);
        JsonAssert.Same(Directive(3, "a", 1), first.Data);
        await mesh.SteerAsync("a");
        var second = await stream.NextAsync("directive");
        Assert.Equal(2, second.Id);
        Assert.Equal("queued", second.Json["state"]!.GetValue<string>());
        await mesh.ChangeAsync("directive.delivered", "a", after: mesh.Revision - 1);
        Assert.True((await mesh.GetAsync("agents/a")).Json["connected"]!.GetValue<bool>());
    }

    [Fact]
    public async Task Stream_ThatMarksWhatItSent_IsNotWokenByItsMark_AndWhoWaitsForTheStateIs()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        await mesh.SteerAsync("a");
        var number = mesh.State.Find("a")!.Agent.Number;
        using var inbox = mesh.Service<Subscriptions>().ListenToInbox(number, "k");
        using var state = mesh.Service<Subscriptions>().Listen(number, "k");
        await using var stream = await mesh.ListenAsync("agents/a/directives");
        await stream.NextAsync("directive");
        await mesh.ChangeAsync("directive.delivered", "a");
        await mesh.SettleAsync();
        Assert.True(state.Changed.Task.IsCompleted);
        Assert.False(inbox.Changed.Task.IsCompleted);
        await mesh.SteerAsync("a");
        Assert.True(inbox.Changed.Task.IsCompleted);
        Assert.Equal(2, (await stream.NextAsync("directive")).Id);
    }

    [Fact]
    public async Task Stream_LastEventId_ResumesBehindIt_AndWinsOverAfter()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        for (var i = 0; i < 4; i++)
        {
            await mesh.SteerAsync("a");
        }

        await using (var stream = await mesh.ListenAsync("agents/a/directives?after=1"))
        {
            Assert.Equal(2, (await stream.NextAsync("directive")).Id);
        }

        await mesh.PostAsync("agents/a/directives/4/ack", """{"state":"acknowledged"}""");
        await using (var stream = await mesh.ListenAsync("agents/a/directives?after=0", lastEventId: 2))
        {
            Assert.Equal(3, (await stream.NextAsync("directive")).Id);
            await mesh.SteerAsync("a");
            Assert.Equal(5, (await stream.NextAsync("directive")).Id);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("?incarnation=1")]
    public async Task Stream_Superseded_Ends(string query)
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        await using var stream = await mesh.ListenAsync("agents/a/directives" + query);
        await mesh.PostAsync("agents", """{"agent_id":"a","takeover":true}""");
        await stream.EndsAsync("superseded");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Stream_ForceKill_SendsTheStopFirst_ThenEnds(bool boundKey)
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        var key = boundKey ? await mesh.MintAsync("""{"agent_id":"a"}""") : null;
        await using var stream = await mesh.ListenAsync("agents/a/directives", key);
        await mesh.DeleteAsync("agents/a?force=true");
        var stop = await stream.NextAsync("directive");
        Assert.Equal("stop", stop.Json["verb"]!.GetValue<string>());
        JsonAssert.Same("""{"grace":0,"force":true}""", stop.Json["data"]!.ToJsonString());
        await stream.EndsAsync("tombstoned");
    }

    [Fact]
    public async Task Stream_ForceKillWhileASlowReaderIsBeingServed_StillSendsTheStopBeforeTheEnd()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        var message = new string('<', 10_000); // 60 kB each once escaped; together more than any socket buffers hold
        await Task.WhenAll(
            Enumerable.Range(0, 300)
                .Select(_ => mesh.PostAsync("steer", $$"""{"agent_id":"a","direction":"north","message":"{{message}}"}""")));

        using var narrow = new SocketsHttpHandler { ConnectCallback = ConnectNarrowAsync };
        using var http = new HttpClient(narrow);
        using var request = mesh.Request(HttpMethod.Get, "agents/a/directives");
        request.Headers.TryAddWithoutValidation("Accept", "text/event-stream");
        await using var stream = await SseReader.OpenAsync(http, request);
        Assert.Equal(1, (await stream.NextAsync("directive")).Id); // the inbox was read, and the rest of it is stuck on its way
        await mesh.DeleteAsync("agents/a?force=true");

        var last = await stream.NextAsync("directive");
        while (last.Json["verb"]!.GetValue<string>() != "stop")
        {
            last = await stream.NextAsync("directive");
        }

        Assert.Equal(301, last.Id);
        await stream.EndsAsync("tombstoned");
    }

    [Fact]
    public async Task Stream_Closed_IsNotConnectedAnyMore()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        await using (await mesh.ListenAsync("agents/a/directives"))
        {
            Assert.Equal(1, mesh.State.Find("a")!.Streams);
        }

        await mesh.SteerAsync("a"); // lost on nobody: it waits in the inbox
        while (mesh.State.Find("a")!.Streams > 0)
        {
            await mesh.SettleAsync();
        }

        Assert.False((await mesh.GetAsync("agents/a")).Json["connected"]!.GetValue<bool>());
        Assert.Equal(1, (await mesh.GetAsync("agents/a")).Json["pending"]!.GetValue<int>());
    }

    private static async ValueTask<Stream> ConnectNarrowAsync(SocketsHttpConnectionContext context, CancellationToken cancellation)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4096 };
        await socket.ConnectAsync(context.DnsEndPoint, cancellation);
        return new NetworkStream(socket, ownsSocket: true);
    }
}
