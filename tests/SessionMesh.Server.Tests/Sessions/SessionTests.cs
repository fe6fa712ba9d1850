using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.Sessions;

public sealed class SessionTests
{
    [Fact]
    public async Task Create_SeedsExample_AnswersTheWholeSession()
    {
        await using var mesh = await MeshHost.StartAsync();
        var reply = await mesh.PostAsync("sessions", """{"user":"alice","ttl":3600,"meta":{"theme":"dark","plan":"pro"}}""");
        reply.ShouldBe(201, $$"""
            {"id":"*","user":"alice","status":"active","ttl":3600,"meta":{"theme":"dark","plan":"pro"},"created_at":"2026-01-31T08:15:30Z",
             "last_access":"2026-01-31T08:15:30Z","expires_at":"2026-01-31T09:15:30Z","expired_at":null,"agent_id":null,
             "version":{{mesh.Revision}}}
            """);
        Assert.Matches("^[0-9a-f]{12}$", Id(reply));
        Assert.Equal($"\"{mesh.Revision}\"", reply.Headers["ETag"]);
        var read = await mesh.GetAsync("sessions/" + Id(reply));
        Assert.Equal((reply.Text, reply.Headers["ETag"]), (read.Text, read.Headers["ETag"]));
        await mesh.RestartAsync();
        Assert.Equal(reply.Text, (await mesh.GetAsync("sessions/" + Id(reply))).Text);
    }

    [Fact]
    public async Task Create_WithoutABody_IsAnonymousForAnHour_AndNoneIsForEver()
    {
        await using var mesh = await MeshHost.StartAsync();
        (await mesh.PostAsync("sessions")).ShouldBe(201, """
            {"id":"*","user":"anonymous","status":"active","ttl":3600,"meta":{},"created_at":"*","last_access":"*",
             "expires_at":"2026-01-31T09:15:30Z","expired_at":null,"agent_id":null,"version":2}
            """);
        (await mesh.PostAsync("sessions", """{"id":42,"ttl":"none"}""")).ShouldBe(201, """
            {"id":"42","user":"anonymous","status":"active","ttl":null,"meta":{},"created_at":"*","last_access":"*","expires_at":null,
             "expired_at":null,"agent_id":null,"version":3}
            """);
        mesh.Time.Suspend(TimeSpan.FromDays(400)); // and not 34 million ticks
        await mesh.AdvanceAsync(3);
        Assert.Equal("active", await StatusAsync(mesh, "42"));
        (await mesh.PostAsync("sessions", """{"id":"42"}""")).ShouldBeProblem(409, "session_exists");
    }

    [Fact]
    public async Task Update_SetsAndTakesAway_KeepsOrder_AndTouchesTheAccess()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.PostAsync("sessions", """{"id":"a","meta":{"one":"1","two":"2","three":"3"}}""");
        await mesh.AdvanceAsync(5);
        var reply = await PatchAsync(mesh, "a", """{"meta":{"two":null,"one":"I","four":"4","absent":null}}""");
        Assert.Equal("""{"one":"I","three":"3","four":"4"}""", reply.Json["meta"]!.ToJsonString());
        Assert.Equal(("2026-01-31T08:15:30Z", "2026-01-31T08:15:35Z"), (Text(reply, "created_at"), Text(reply, "last_access")));
        Assert.Equal(3600, reply.Json["ttl"]!.GetValue<int>());
        var change = await mesh.ChangeAsync("session.updated", "a");
        Assert.Equal("""{"two":null,"one":"I","four":"4"}""", change.Json["meta"]!.ToJsonString());
        await mesh.RestartAsync();
        Assert.Equal(reply.Text, (await mesh.GetAsync("sessions/a")).Text);
    }

    [Fact]
    public async Task IfMatch_SomebodyElseWasFaster_ChangesNothing()
    {
        await using var mesh = await MeshHost.StartAsync();
        var created = await mesh.PostAsync("sessions", """{"id":"a"}""");
        var etag = created.Headers["ETag"];
        var first = await PatchAsync(mesh, "a", """{"meta":{"k":"1"}}""", etag);
        Assert.Equal(200, first.Status);
        var revision = mesh.Revision;
        foreach (var (method, path, body) in new[]
        {
            ("PATCH", "sessions/a", """{"meta":{"k":"2"}}"""), ("POST", "sessions/a/refresh", "{}"), ("POST", "sessions/a/expire", null),
            ("DELETE", "sessions/a", null),
        })
        {
            var refused = await SendAsync(mesh, method, path, body, etag);
            refused.ShouldBeProblem(412, "precondition_failed");
        }

        foreach (var wrong in new[] { "x", "\"x\"", "W/\"1\"", "1", "\"1\", \"2\"" })
        {
            (await PatchAsync(mesh, "a", """{"meta":{"k":"3"}}""", wrong))
                .ShouldBeProblem(400, "invalid_request", ",\"errors\":\"*\"")
                .ShouldBlame("/If-Match");
        }

        Assert.Equal(revision, mesh.Revision);
        Assert.Equal(200, (await PatchAsync(mesh, "a", """{"meta":{"k":"4"}}""", "*")).Status);
        Assert.Equal(200, (await PatchAsync(mesh, "a", """{"meta":{"k":"5"}}""", $"\"{mesh.Revision}\"")).Status);
    }

    [Fact]
    public async Task ThirtyTwoWriters_OnOneSession_LoseNoUpdate()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.PostAsync("sessions", """{"id":"a","meta":{"count":"0"}}""");
        await Task.WhenAll(Enumerable.Range(0, 32).Select(async writer =>
        {
            for (var done = 0; done < 10;)
            {
                var read = await mesh.GetAsync("sessions/a");
                var next = int.Parse(read.Json["meta"]!["count"]!.GetValue<string>(), null) + 1;
                var wrote = await PatchAsync(
                    mesh, "a", $$$"""{"meta":{"count":"{{{next}}}","w{{{writer}}}":"{{{done}}}"}}""", read.Headers["ETag"]);
                Assert.True(wrote.Status is 200 or 412, wrote.Text);
                done += wrote.Status == 200 ? 1 : 0;
            }
        }));
        var meta = (await mesh.GetAsync("sessions/a")).Json["meta"]!.AsObject();
        Assert.Equal("320", meta["count"]!.GetValue<string>());
        Assert.Equal(33, meta.Count);
        Assert.All(meta.Where(e => e.Key[0] == 'w'), e => Assert.Equal("9", e.Value!.GetValue<string>()));
    }

    [Fact]
    public async Task Expiry_IsExact_IsInTheLogByTheNextTick_AndAClockSetBackRevivesNothing()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.PostAsync("sessions", """{"id":"a","ttl":10}""");
        await mesh.AdvanceAsync(9);
        mesh.Time.Advance(TimeSpan.FromMilliseconds(999));
        Assert.Equal("active", await StatusAsync(mesh, "a"));
        mesh.Time.Suspend(TimeSpan.FromMilliseconds(1)); // before anybody has looked
        Assert.Equal("expired", await StatusAsync(mesh, "a"));
        Assert.Contains("\"expired\"", (await mesh.GetAsync("sessions/export")).Text, StringComparison.Ordinal);
        Assert.Equal(2, mesh.Revision);
        await mesh.AdvanceAsync(2);
        var change = await mesh.ChangeAsync("session.expired", "a");
        Assert.False(change.Json["by_hand"]!.GetValue<bool>());
        Assert.Equal(3, mesh.Revision);
        mesh.Time.JumpWall(TimeSpan.FromHours(-2));
        Assert.Equal("expired", await StatusAsync(mesh, "a"));
        await mesh.RestartAsync(TimeSpan.FromHours(-1));
        Assert.Equal("expired", await StatusAsync(mesh, "a"));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(60)]
    [InlineData(86_400)]
    [InlineData(31_536_000)]
    public async Task Ttl_FromASecondToAYear_IsObeyed(int ttl)
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.PostAsync("sessions", $$"""{"id":"a","ttl":{{ttl}}}""");
        mesh.Time.Suspend(TimeSpan.FromSeconds(ttl) - TimeSpan.FromMilliseconds(1));
        Assert.Equal("active", await StatusAsync(mesh, "a"));
        await mesh.AdvanceAsync(3);
        Assert.Equal("expired", await StatusAsync(mesh, "a"));
        await mesh.ChangeAsync("session.expired", "a");
    }

    [Fact]
    public async Task Refresh_RevivesWhatExpired_AndMayChangeTheTtl()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.PostAsync("sessions", """{"id":"a","ttl":10}""");
        var expired = await mesh.PostAsync("sessions/a/expire");
        Assert.Equal(("expired", "2026-01-31T08:15:30Z"), (Text(expired, "status"), Text(expired, "expired_at")));
        await mesh.AdvanceAsync(20);
        Assert.Equal("2026-01-31T08:15:50Z", Text(await mesh.PostAsync("sessions/a/expire"), "expired_at"));
        (await mesh.PostAsync("sessions/a/refresh")).ShouldBe(200, """
            {"id":"a","user":"anonymous","status":"active","ttl":10,"meta":{},"created_at":"2026-01-31T08:15:30Z",
             "last_access":"2026-01-31T08:15:50Z","expires_at":"2026-01-31T08:16:00Z",
             "expired_at":"2026-01-31T08:15:50Z","agent_id":null,"version":5}
            """);
        Assert.Equal("2026-01-31T08:17:30Z", Text(await mesh.PostAsync("sessions/a/refresh", """{"ttl":100}"""), "expires_at"));
        Assert.Null((await mesh.PostAsync("sessions/a/refresh", """{"ttl":"none"}""")).Json["expires_at"]);
        await mesh.AdvanceAsync(200);
        Assert.Equal("active", await StatusAsync(mesh, "a"));
    }

    [Fact]
    public async Task Delete_IsForGood_AndTheIdIsFreeAgain()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.PostAsync("sessions", """{"id":"a","meta":{"k":"v"}}""");
        (await mesh.DeleteAsync("sessions/a")).ShouldBe(200, """{"deleted":"a"}""");
        (string, string, string?)[] calls =
        [
            ("GET", "sessions/a", null), ("DELETE", "sessions/a", null), ("PATCH", "sessions/a", """{"meta":{"a":"b"}}"""),
            ("POST", "sessions/a/refresh", null), ("POST", "sessions/a/expire", null),
        ];
        foreach (var (method, path, body) in calls)
        {
            (await SendAsync(mesh, method, path, body)).ShouldBeProblem(404, "session_not_found");
        }

        Assert.Equal("{}", (await mesh.PostAsync("sessions", """{"id":"a"}""")).Json["meta"]!.ToJsonString());
        await mesh.RestartAsync();
        Assert.Equal("{}", (await mesh.GetAsync("sessions/a")).Json["meta"]!.ToJsonString());
    }

    [Fact]
    public async Task List_FiltersPagesAndKeepsTheOrder()
    {
        await using var mesh = await MeshHost.StartAsync();
        for (var i = 0; i < 7; i++)
        {
            await mesh.PostAsync("sessions", $$$"""
                {"id":"s{{{i}}}","user":"{{{(i % 2 == 0 ? "ann" : "bob")}}}","ttl":{{{(i == 3 ? 5 : 900)}}},
                 "meta":{"plan":"{{{(i < 4 ? "pro" : "free")}}}"}}
                """);
        }

        await mesh.AdvanceAsync(6);
        Assert.Equal(["s0", "s1", "s2", "s3", "s4", "s5", "s6"], Ids(await mesh.GetAsync("sessions")));
        Assert.Equal(["s3"], Ids(await mesh.GetAsync("sessions?status=expired")));
        Assert.Equal(["s1", "s5"], Ids(await mesh.GetAsync("sessions?status=active&user=bob")));
        Assert.Equal(["s0", "s2"], Ids(await mesh.GetAsync("sessions?user=ann&meta=plan=pro")));
        var first = await mesh.GetAsync("sessions?limit=3");
        Assert.Equal(["s0", "s1", "s2"], Ids(first));
        await mesh.DeleteAsync("sessions/s2");
        var second = await mesh.GetAsync("sessions?limit=3&cursor=" + first.Json["next_cursor"]);
        Assert.Equal(["s3", "s4", "s5"], Ids(second));
        var third = await mesh.GetAsync("sessions?limit=3&cursor=" + second.Json["next_cursor"]);
        Assert.Equal(["s6"], Ids(third));
        Assert.Null(third.Json["next_cursor"]);
        (await mesh.GetAsync("sessions/stats"))
            .ShouldBe(200, """{"total_sessions":6,"active":5,"expired":1,"unique_users":2,"average_ttl_seconds":750.8}""");
    }

    [Fact]
    public async Task Alive_ShowsPlainSessionsWhereAskedFor_PagedBehindTheAgents()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        await mesh.RegisterAsync("b");
        await mesh.PostAsync("sessions", """{"id":"x","user":"ann"}""");
        await mesh.PostAsync("sessions", """{"id":"y","ttl":5}""");
        Assert.Equal(2, (await mesh.GetAsync("alive")).Json["count"]!.GetValue<int>());
        (await mesh.GetAsync("alive?kind=session")).ShouldBe(200, $$"""
            {"sessions":[
              {"agent_id":null,"session_id":"x","incarnation":0,"status":"active","paused":false,"activity":null,"load":null,
               "progress":null,"progress_interval":null,"note":null,"specializations":[],
               "labels":{},"cluster":null,"parent_id":null,"user":"ann","direction":null,"connected":false,"created_at":"{{Rows.At(0)}}",
               "last_heartbeat_at":null,"last_progress_at":null,"expires_at":"{{Rows.At(3600)}}","epoch":null,"gone_at":null,"skills":[]},
              {"agent_id":null,"session_id":"y","incarnation":0,"status":"active","paused":false,"activity":null,"load":null,
               "progress":null,"progress_interval":null,"note":null,"specializations":[],
               "labels":{},"cluster":null,"parent_id":null,"user":"anonymous","direction":null,"connected":false,
               "created_at":"{{Rows.At(0)}}","last_heartbeat_at":null,"last_progress_at":null,"expires_at":"{{Rows.At(5)}}",
               "epoch":null,"gone_at":null,"skills":[]}],
             "count":2,"next_cursor":null,"as_of":"{{mesh.Revision}}"}
            """);
        var seen = new List<string>();
        var cursor = "";
        do
        {
            var page = await mesh.GetAsync("alive?kind=all&limit=1&fields=session_id" + cursor);
            seen.Add(Assert.Single(page.Json["sessions"]!.AsArray())!["session_id"]!.GetValue<string>());
            cursor = page.Json["next_cursor"] is { } next ? "&cursor=" + next : "";
        }
        while (cursor.Length > 0);
        Assert.Equal(["s-2", "s-3", "x", "y"], seen);
        await mesh.AdvanceAsync(6);
        Assert.Equal(1, (await mesh.GetAsync("alive?kind=session")).Json["count"]!.GetValue<int>());
        Assert.Equal(2, (await mesh.GetAsync("alive?kind=session&filter=all")).Json["count"]!.GetValue<int>());
        Assert.Equal(0, (await mesh.GetAsync("alive?kind=session&filter=lost")).Json["count"]!.GetValue<int>());
        Assert.Equal(0, (await mesh.GetAsync("alive?kind=session&cluster=default")).Json["count"]!.GetValue<int>());
    }

    [Fact]
    public async Task Cleanup_RemovesWhatIsOver_InSteps_AndADryRunNothing()
    {
        await using var mesh = await MeshHost.StartAsync();
        foreach (var (id, ttl) in new[] { ("a", 5), ("b", 900), ("c", 20), ("d", 5) })
        {
            await mesh.PostAsync("sessions", $$"""{"id":"{{id}}","ttl":{{ttl}}}""");
        }

        await mesh.AdvanceAsync(30);
        var revision = mesh.Revision;
        (await mesh.PostAsync("sessions/cleanup", """{"dry_run":true}"""))
            .ShouldBe(200, """{"dry_run":true,"removed_count":3,"remaining_count":1,"removed_ids":["a","c","d"],"more":false}""");
        Assert.Equal(revision, mesh.Revision);
        (await mesh.PostAsync("sessions/cleanup", """{"before":"2026-01-31T08:15:40Z","limit":1}"""))
            .ShouldBe(200, """{"dry_run":false,"removed_count":1,"remaining_count":3,"removed_ids":["a"],"more":true}""");
        (await mesh.PostAsync("sessions/cleanup", """{"before":"2026-01-31T08:15:40Z","limit":1}"""))
            .ShouldBe(200, """{"dry_run":false,"removed_count":1,"remaining_count":2,"removed_ids":["d"],"more":false}""");
        (await mesh.PostAsync("sessions/cleanup"))
            .ShouldBe(200, """{"dry_run":false,"removed_count":1,"remaining_count":1,"removed_ids":["c"],"more":false}""");
        Assert.Equal(["b"], Ids(await mesh.GetAsync("sessions")));
        await mesh.RestartAsync();
        Assert.Equal(["b"], Ids(await mesh.GetAsync("sessions")));
    }

    internal static Task<Reply> PatchAsync(MeshHost mesh, string id, string body, string? ifMatch = null, string? key = null) =>
        SendAsync(mesh, "PATCH", "sessions/" + id, body, ifMatch, key);

    internal static async Task<Reply> SendAsync(
        MeshHost mesh, string method, string path, string? body, string? ifMatch = null, string? key = null)
    {
        using var request = mesh.Request(new HttpMethod(method), path, key);
        if (body is not null)
        {
            request.Content = new StringContent(body);
        }

        if (ifMatch is not null)
        {
            request.Headers.TryAddWithoutValidation("If-Match", ifMatch);
        }

        return await mesh.SendAsync(request);
    }

    internal static IEnumerable<string> Ids(Reply reply) => reply.Json["sessions"]!.AsArray().Select(row => Text(row!, "id"));

    private static string Id(Reply reply) => Text(reply, "id");

    private static async Task<string> StatusAsync(MeshHost mesh, string id) => Text(await mesh.GetAsync("sessions/" + id), "status");

    private static string Text(Reply reply, string member) => Text(reply.Json, member);

    private static string Text(System.Text.Json.Nodes.JsonNode json, string member) => json[member]!.GetValue<string>();
}
