using SessionMesh.Client.Streams;
using SessionMesh.Contracts.Events;
using SessionMesh.Contracts.Steering;
using static SessionMesh.Client.Tests.ScriptedServer;

namespace SessionMesh.Client.Tests.Streams;

public sealed class StreamTests
{
    private const string Over = "event: end\ndata: {\"code\":\"superseded\",\"detail\":\"incarnation 2 took over\"}\n\n";

    [Fact]
    public async Task Directives_ComeOnceAndInOrder_AcrossReconnects()
    {
        using var mesh = new Mesh(Stream(Steer(1) + Steer(2)), Broken(), Stream(": beat\n\n" + Steer(2) + Steer(3)), Stream(Over));
        var stream = new DirectiveStream(mesh.Client, "a1");

        var seen = await ToListAsync(stream.ReadAsync());

        Assert.Equal([1, 2, 3], seen.Select(directive => directive.Seq));
        Assert.Equal(3, stream.LastSeq);
        Assert.Equal(new StreamEnd("superseded", "incarnation 2 took over", null), stream.End);
        Assert.Equal([null, "2", "2", "3"], mesh.Server.Requests.Select(LastEventId));
        Assert.All(mesh.Server.Requests, request =>
        {
            Assert.Equal("GET http://mesh.test:7420/api/session-mesh/agents/a1/directives", $"{request.Method} {request.Url}");
            Assert.Equal("text/event-stream", request.Headers["Accept"]);
            Assert.Equal("Bearer smk_abcdefghijkl_secret_check1", request.Headers["Authorization"]);
        });
    }

    [Fact]
    public async Task Audit_EntriesOfTheLogComeOnce_AndRefusalsAsTheyCome_AcrossReconnects()
    {
        using var mesh = new Mesh(
            Stream(Entry(7) + Entry(null) + Entry(null)), Stream(Entry(7) + Entry(null) + Entry(8) + "event: other\ndata: {}\n\n" + Over));
        var stream = new AuditStream(mesh.Client, new AuditQuery { Subject = "a1" });
        var seen = new List<long?>();
        await foreach (var entry in stream.ReadAsync())
        {
            seen.Add(entry.Revision);
        }

        Assert.Equal([7, null, null, null, 8], seen);
        Assert.Equal("superseded", stream.End!.Code);
        Assert.Equal([null, "7"], mesh.Server.Requests.Select(LastEventId));
        Assert.All(mesh.Server.Requests, request => Assert.Equal("http://mesh.test:7420/api/session-mesh/audit?subject=a1", request.Url));

        static string Entry(long? revision) =>
            (revision is null ? "" : $"id: {revision}\n")
            + $"event: audit\ndata: {{\"revision\":{revision?.ToString() ?? "null"},"
            + "\"at\":\"2026-01-02T03:04:05Z\",\"outcome\":\"done\"}\n\n";
    }

    [Fact]
    public async Task Directives_ResumeWhereTheCallerLeftOff()
    {
        using var mesh = new Mesh(Stream(Steer(4) + Steer(5) + Over));
        var stream = new DirectiveStream(mesh.Client, "a1", new MeshStreamOptions { After = 4 });

        Assert.Equal([5], (await ToListAsync(stream.ReadAsync())).Select(directive => directive.Seq));
        Assert.Equal("4", LastEventId(mesh.Server.Requests[0]));
    }

    [Theory]
    [InlineData(401, "unauthenticated")]
    [InlineData(403, "not_your_agent")]
    [InlineData(404, "agent_not_found")]
    [InlineData(409, "tombstoned")]
    public async Task Refusal_EndsTheStreamWithItsReason(int status, string code)
    {
        using var mesh = new Mesh(Stream(Steer(1)), Problem(status, code));
        var stream = new DirectiveStream(mesh.Client, "a1");

        Assert.Single(await ToListAsync(stream.ReadAsync()));
        Assert.Equal(new StreamEnd(code, "because", status, "r1"), stream.End);
    }

    [Theory]
    [InlineData(429)]
    [InlineData(503)]
    public async Task Transient_IsWaitedOut(int status)
    {
        using var mesh = new Mesh(Json(status, "{}", "9"), Stream(Steer(1) + Over));

        Assert.Single(await ToListAsync(new DirectiveStream(mesh.Client, "a1").ReadAsync()));
        Assert.Equal(TimeSpan.FromSeconds(9), mesh.Time.Waits[0]);
    }

    [Fact]
    public async Task GoAway_Reconnects()
    {
        using var mesh = new Mesh(
            Stream(Steer(1) + "event: goaway\ndata: {\"code\":\"shutdown\",\"detail\":\"restarting\"}\n\n" + Steer(9)),
            Stream(Steer(2) + Over));

        Assert.Equal([1, 2], (await ToListAsync(new DirectiveStream(mesh.Client, "a1").ReadAsync())).Select(directive => directive.Seq));
    }

    [Fact]
    public async Task Resync_StartsAgainWithoutAPositionAndRepeatsNothing()
    {
        using var mesh = new Mesh(
            Stream(Steer(1) + Steer(2) + "event: resync\ndata: {\"code\":\"slow_reader\",\"detail\":\"start again\"}\n\n"),
            Stream(Steer(1) + Steer(2) + Steer(3) + Over));

        var seen = await ToListAsync(new DirectiveStream(mesh.Client, "a1").ReadAsync());

        Assert.Equal([1, 2, 3], seen.Select(directive => directive.Seq));
        Assert.Equal([null, null], mesh.Server.Requests.Select(LastEventId));
    }

    /// <summary>After a restore numbers begin again, and the first directives had those of some that had been seen.</summary>
    [Fact]
    public async Task AnotherEpoch_OrIncarnation_IsHeardFromItsBeginning_WhateverWasSeenBefore()
    {
        using var mesh = new Mesh(
            Of(1, 1, Steer(1) + Steer(2)), Of(1, 1, Steer(2) + Steer(3)),
            Of(2, 1, Steer(4)), Of(2, 1, Steer(1) + Steer(4)), // the first of the two was asked to leave out what came before
            Of(2, 2, ""), Of(2, 2, Steer(1) + Over));
        var seen = await ToListAsync(new DirectiveStream(mesh.Client, "a1").ReadAsync());

        Assert.Equal([1, 2, 3, 1, 4, 1], seen.Select(directive => directive.Seq));
        Assert.Equal([null, "2", "3", null, "4", null], mesh.Server.Requests.Select(LastEventId));
        Assert.Equal(3, mesh.Time.Waits.Count); // the two that were opened anew were not waited for

        static Func<CancellationToken, Task<HttpResponseMessage>> Of(long epoch, int incarnation, string text) => async cancellation =>
        {
            var response = await Stream(text)(cancellation);
            response.Headers.Add("X-Mesh-Epoch", $"{epoch}");
            response.Headers.Add("X-Mesh-Incarnation", $"{incarnation}");
            return response;
        };
    }

    [Fact]
    public async Task Resync_OfAServerThatHasSeenLess_ForgetsWhatWasSeen()
    {
        using var mesh = new Mesh(
            Stream(Steer(1) + Steer(2)),
            Stream("event: resync\ndata: {\"code\":\"ahead\",\"detail\":\"the newest here is 1\"}\n\n"), Stream(Steer(1) + Over));
        Assert.Equal([1, 2, 1], (await ToListAsync(new DirectiveStream(mesh.Client, "a1").ReadAsync())).Select(directive => directive.Seq));
    }

    [Fact]
    public async Task Epoch_IsSaidAtEachConnection_AndARestoreEndsTheStream()
    {
        using var mesh = new Mesh(Stream(Steer(1)), Problem(409, "restored"));
        var stream = new DirectiveStream(mesh.Client, "a1", new MeshStreamOptions { Incarnation = 2, Epoch = 7 });
        Assert.Single(await ToListAsync(stream.ReadAsync()));
        Assert.Equal("restored", stream.End!.Code);
        Assert.All(
            mesh.Server.Requests,
            request => Assert.EndsWith("/agents/a1/directives?incarnation=2&epoch=7", request.Url, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Reconnects_WaitLongerAndNeverBeyondTheCeiling()
    {
        using var mesh = new Mesh([.. Enumerable.Repeat(Broken(), 10), Stream(Over)]);

        await ToListAsync(new DirectiveStream(mesh.Client, "a1").ReadAsync());

        Assert.Equal(10, mesh.Time.Waits.Count);
        Assert.InRange(mesh.Time.Waits[0], TimeSpan.FromSeconds(0.25), TimeSpan.FromSeconds(0.5));
        Assert.InRange(mesh.Time.Waits[3], TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(4));
        Assert.InRange(mesh.Time.Waits[9], TimeSpan.FromSeconds(7.5), TimeSpan.FromSeconds(15));
    }

    [Fact]
    public async Task Reconnects_TakeTheServersOwnPace()
    {
        using var mesh = new Mesh(Stream("retry: 2000\n\n" + Steer(1)), Stream(Over));

        await ToListAsync(new DirectiveStream(mesh.Client, "a1").ReadAsync());

        Assert.InRange(Assert.Single(mesh.Time.Waits), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2));
    }

    [Fact]
    public async Task Incarnation_IsSaidAtEachConnection()
    {
        using var mesh = new Mesh(Stream(Steer(1)), Stream(Over));

        await ToListAsync(new DirectiveStream(mesh.Client, "a1", new MeshStreamOptions { Incarnation = 2 }).ReadAsync());

        Assert.All(
            mesh.Server.Requests, request => Assert.EndsWith("/agents/a1/directives?incarnation=2", request.Url, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Events_OfALogThatBecameShorter_AreNotTakenForOldOnes()
    {
        using var mesh = new Mesh(Stream("event: resync\ndata: {\"code\":\"ahead\",\"detail\":\"ends at 3\"}\n\n" + Change(4) + Over));
        var stream = new EventStream(mesh.Client, new MeshStreamOptions { After = 900 });

        Assert.Equal([4], (await ToListAsync(stream.ReadAsync())).Select(entry => entry.Revision));
    }

    [Fact]
    public async Task FirstConnectAttempts_BoundOnlyTheFirstConnection()
    {
        using var absent = new Mesh(Broken());
        var never = new DirectiveStream(absent.Client, "a1", new MeshStreamOptions { FirstConnectAttempts = 3 });
        var error = await Assert.ThrowsAsync<MeshException>(() => ToListAsync(never.ReadAsync()));
        Assert.Equal((MeshFailure.Unreachable, 3), (error.Failure, error.Attempts));
        Assert.Equal(3, absent.Server.Requests.Count);

        using var restarted = new Mesh([Stream(Steer(1)), .. Enumerable.Repeat(Broken(), 5), Stream(Over)]);
        var back = new DirectiveStream(restarted.Client, "a1", new MeshStreamOptions { FirstConnectAttempts = 3 });
        Assert.Single(await ToListAsync(back.ReadAsync()));
    }

    [Fact]
    public async Task SilentConnection_IsTakenForDead()
    {
        using var mesh = new Mesh(
            _ =>
                Task.FromResult(
                    new HttpResponseMessage
                    {
                        Content = new StreamContent(new NeverStream()) { Headers = { ContentType = new("text/event-stream") } },
                    }),
            Stream(Steer(1) + Over));
        var stream = new DirectiveStream(mesh.Client, "a1", new MeshStreamOptions { IdleTimeout = TimeSpan.FromSeconds(30) });

        Assert.Single(await ToListAsync(stream.ReadAsync()));
        Assert.Contains(TimeSpan.FromSeconds(30), mesh.Time.Waits);
    }

    [Fact]
    public async Task AnswerThatIsNoStream_IsNotAMesh()
    {
        using var mesh = new Mesh(Json(200, "{}"));

        var error = await Assert.ThrowsAsync<MeshException>(() => ToListAsync(new DirectiveStream(mesh.Client, "a1").ReadAsync()));

        Assert.Equal(MeshFailure.NotAMesh, error.Failure);
    }

    [Fact]
    public async Task Cancelling_EndsTheEnumerationAsCancelled()
    {
        using var mesh = new Mesh(Stream(Steer(1)), Silent());
        using var cancellation = new CancellationTokenSource();
        var stream = new DirectiveStream(mesh.Client, "a1");
        var reading = ToListAsync(stream.ReadAsync(cancellation.Token), _ => cancellation.Cancel());

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);
        Assert.Null(stream.End);
    }

    [Fact]
    public async Task Events_ResumeByRevision_AndSayWhatWasSkipped()
    {
        var notices = new List<StreamNotice>();
        using var mesh = new Mesh(
            Stream(Change(8)),
            Stream("event: resync\nid: 20\ndata: {\"code\":\"compacted\",\"detail\":\"kept from 21\"}\n\n" + Change(20) + Change(21)),
            Stream(Over));
        var stream = new EventStream(mesh.Client, new MeshStreamOptions { After = 7 }) { Resynced = notices.Add };

        var seen = await ToListAsync(stream.ReadAsync());

        Assert.Equal([8, 21], seen.Select(entry => entry.Revision));
        Assert.Equal("x1", seen[0].Details!["extra"].GetString());
        Assert.Equal(new StreamNotice { Code = "compacted", Detail = "kept from 21" }, Assert.Single(notices));
        Assert.Equal(["7", "8", "21"], mesh.Server.Requests.Select(LastEventId));
        Assert.Equal("http://mesh.test:7420/api/session-mesh/events", mesh.Server.Requests[0].Url);
    }

    /// <summary>A reader that came back before its first event began at the present again, and lost what had happened meanwhile.</summary>
    [Fact]
    public async Task Events_ReaderThatHasSeenNothing_ResumesWhereItsFirstConnectionBegan()
    {
        using var mesh = new Mesh(BeginningAt(7, ""), Broken(), BeginningAt(7, Change(8)), BeginningAt(8, Over));
        var stream = new EventStream(mesh.Client);

        Assert.Equal([8], (await ToListAsync(stream.ReadAsync())).Select(entry => entry.Revision));
        Assert.Equal([null, "7", "7", "8"], mesh.Server.Requests.Select(LastEventId));
    }

    /// <summary>The log became shorter and the connection broke before the next entry: the place is where the new log ended then.</summary>
    [Fact]
    public async Task Events_AfterAResync_ResumeWhereThatConnectionBegan()
    {
        using var mesh = new Mesh(
            BeginningAt(3, "event: resync\ndata: {\"code\":\"ahead\",\"detail\":\"ends at 3\"}\n\n"), BeginningAt(3, Change(4) + Over));
        var stream = new EventStream(mesh.Client, new MeshStreamOptions { After = 900 });

        Assert.Equal([4], (await ToListAsync(stream.ReadAsync())).Select(entry => entry.Revision));
        Assert.Equal(["900", "3"], mesh.Server.Requests.Select(LastEventId));
    }

    [Fact]
    public async Task Audit_ReaderThatHasSeenNothing_ResumesWhereItsFirstConnectionBegan()
    {
        using var mesh = new Mesh(
            BeginningAt(7, "event: audit\ndata: {\"revision\":null,\"at\":\"2026-01-02T03:04:05Z\",\"outcome\":\"refused\"}\n\n"),
            BeginningAt(7, Over));
        var stream = new AuditStream(mesh.Client, new AuditQuery());
        await foreach (var entry in stream.ReadAsync())
        {
            Assert.Null(entry.Revision);
        }

        Assert.Equal([null, "7"], mesh.Server.Requests.Select(LastEventId));
    }

    private static Func<CancellationToken, Task<HttpResponseMessage>> BeginningAt(long revision, string text) => async cancellation =>
    {
        var response = await Stream(text)(cancellation);
        response.Headers.Add("X-Mesh-Revision", $"{revision}");
        return response;
    };

    private static string Steer(long seq) =>
        $"event: directive\nid: {seq}\n"
        + $"data: {{\"directive_id\":\"d{seq}\",\"agent_id\":\"a1\",\"seq\":{seq},\"verb\":\"steer\","
        + "\"direction\":\"west\",\"state\":\"queued\","
        + "\"issued_by\":\"k1\",\"issued_at\":\"2026-01-02T03:04:05Z\",\"expires_at\":\"2026-01-02T04:04:05Z\"}\n\n";

    private static string Change(long revision) =>
        $"event: agent.registered\nid: {revision}\n"
        + $"data: {{\"revision\":{revision},\"at\":\"2026-01-02T03:04:05Z\",\"actor\":\"k1\","
        + $"\"kind\":\"agent.registered\",\"subject\":\"a1\",\"extra\":\"x1\"}}\n\n";

    private static string? LastEventId(SentRequest request) => request.Headers.GetValueOrDefault("Last-Event-ID");

    private static async Task<List<T>> ToListAsync<T>(IAsyncEnumerable<T> items, Action<T>? each = null)
    {
        var list = new List<T>();
        await foreach (var item in items)
        {
            list.Add(item);
            each?.Invoke(item);
        }

        return list;
    }

    /// <summary>A peer that vanished: reading ends only with the token.</summary>
    private sealed class NeverStream : MemoryStream
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
            return 0;
        }
    }
}
