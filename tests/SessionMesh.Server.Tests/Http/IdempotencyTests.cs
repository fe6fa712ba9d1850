using SessionMesh.Contracts;
using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.Http;

public sealed class IdempotencyTests
{
    /// <summary>Every mutating call that is not idempotent by nature.</summary>
    public static TheoryData<string, string, string?> Calls => new()
    {
        { "POST", "agents", """{"agent_id":"new"}""" },
        { "POST", "agents", null },
        { "POST", "agents", """{"agent_id":"a","takeover":true}""" },
        { "POST", "registry", """{"agent_id":"a","specialization":"s"}""" },
        { "DELETE", "registry?agent_id=a&specialization=t", null },
        { "POST", "steer", """{"agent_id":"a","direction":"north"}""" },
        { "POST", "agents/a/directives/1/ack", """{"state":"acknowledged","note":"é<>\""}""" },
        { "POST", "agents/a/exit", """{"incarnation":1,"exit_code":0}""" },
        { "DELETE", "agents/a?grace=30", null },
        { "DELETE", "agents/a?force=true", null },
        { "DELETE", "keys/$KEY", null },
    };

    [Theory]
    [MemberData(nameof(Calls))]
    public async Task SameKeySameRequest_IsTheFirstAnswerByteForByte_AlsoAfterARestart(string method, string path, string? body)
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a", more: ",\"specializations\":[\"t\"]");
        await mesh.SteerAsync("a");
        path = path.Replace("$KEY", (await mesh.MintAsync("{}"))[4..16], StringComparison.Ordinal);

        var first = await mesh.SendAsync(new HttpMethod(method), path, body, idempotencyKey: "k-1");
        Assert.True(first.Status is 200 or 201, first.Text);
        Assert.False(first.Headers.ContainsKey("Idempotency-Replayed"));
        var revision = mesh.Revision;
        await mesh.AdvanceAsync(2);
        await SameAgainAsync();
        await mesh.RestartAsync();
        await SameAgainAsync();

        async Task SameAgainAsync()
        {
            var again = await mesh.SendAsync(new HttpMethod(method), path, body, idempotencyKey: "k-1");
            Assert.Equal((first.Status, first.Text), (again.Status, again.Text));
            Assert.Equal("application/json", again.Headers["Content-Type"]);
            Assert.Equal("true", again.Headers["Idempotency-Replayed"]);
            Assert.Equal(revision, mesh.Revision);
        }
    }

    [Fact]
    public async Task SameKeySentManyTimesAtOnce_ActsOnce()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        Task<Reply>[] calls;
        await using (await HeldEngine.HoldAsync(mesh))
        {
            calls =
            [
                .. Enumerable.Range(0, 20)
                    .Select(_ => mesh.PostAsync("steer", """{"agent_id":"a","direction":"north"}""", idempotencyKey: "k")),
            ];
        }

        var answers = await Task.WhenAll(calls);
        Assert.Single(answers.Select(a => a.Text).Distinct());
        Assert.Equal(1, (await mesh.GetAsync("agents/a")).Json["pending"]!.GetValue<int>());
    }

    [Fact]
    public async Task SameKeyOtherRequest_Is422_WhateverDiffers()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        await mesh.PostAsync("steer", """{"agent_id":"a","direction":"north"}""", idempotencyKey: "k");
        var revision = mesh.Revision;
        (await mesh.PostAsync("steer", """{"agent_id":"a","direction":"south"}""", idempotencyKey: "k"))
            .ShouldBeProblem(422, "idempotency_key_reused");
        (await mesh.PostAsync("steer", """{"agent_id":"a", "direction":"north"}""", idempotencyKey: "k"))
            .ShouldBeProblem(422, "idempotency_key_reused");
        (await mesh.PostAsync("agents", """{"agent_id":"b"}""", idempotencyKey: "k")).ShouldBeProblem(422, "idempotency_key_reused");
        (await mesh.DeleteAsync("agents/a", idempotencyKey: "k")).ShouldBeProblem(422, "idempotency_key_reused");
        await mesh.RestartAsync();
        (await mesh.DeleteAsync("agents/a?force=true", idempotencyKey: "k")).ShouldBeProblem(422, "idempotency_key_reused");
        Assert.Equal(revision, mesh.Revision);
    }

    [Fact]
    public async Task SameKeyOfAnotherCaller_IsAnotherKey()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        var other = await mesh.MintAsync("{}");
        var mine = await mesh.PostAsync("steer", """{"agent_id":"a","direction":"north"}""", idempotencyKey: "k");
        var theirs = await mesh.PostAsync("steer", """{"agent_id":"a","direction":"north"}""", other, idempotencyKey: "k");
        Assert.Equal((1L, 2L), (mine.Json["seq"]!.GetValue<long>(), theirs.Json["seq"]!.GetValue<long>()));
    }

    [Fact]
    public async Task RefusedCall_IsDecidedAnew()
    {
        await using var mesh = await MeshHost.StartAsync();
        (await mesh.PostAsync("steer", """{"agent_id":"a","direction":"north"}""", idempotencyKey: "k"))
            .ShouldBeProblem(404, "agent_not_found");
        await mesh.RegisterAsync("a");
        Assert.Equal(200, (await mesh.PostAsync("steer", """{"agent_id":"a","direction":"north"}""", idempotencyKey: "k")).Status);
    }

    [Fact]
    public async Task SecretBearingCall_IsNotRepeated_AndSaysWhichKeyItMade()
    {
        await using var mesh = await MeshHost.StartAsync();
        var first = await mesh.PostAsync("keys", """{"session_key":"ci"}""", idempotencyKey: "k");
        Assert.Equal("no-store", first.Headers["Cache-Control"]);
        var revision = mesh.Revision;
        foreach (var restart in new[] { false, true })
        {
            if (restart)
            {
                await mesh.RestartAsync();
            }

            var again = await mesh.PostAsync("keys", """{"session_key":"ci"}""", idempotencyKey: "k");
            again.ShouldBeProblem(409, "secret_not_repeatable", $",\"key_id\":\"{first.Json["key_id"]}\"");
            Assert.Equal(revision, mesh.Revision);
        }

        (await mesh.PostAsync("keys", """{"session_key":"cd"}""", idempotencyKey: "k")).ShouldBeProblem(422, "idempotency_key_reused");
    }

    [Fact]
    public async Task Key_IsRememberedForADay()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a", ttl: 7 * 86_400);
        var first = await mesh.PostAsync("steer", """{"agent_id":"a","direction":"north","ttl":604800}""", idempotencyKey: "k");
        mesh.Time.JumpWall(TimeSpan.FromHours(Limits.IdempotencyHours));
        Assert.Equal(
            first.Text, (await mesh.PostAsync("steer", """{"agent_id":"a","direction":"north","ttl":604800}""", idempotencyKey: "k")).Text);
        mesh.Time.JumpWall(TimeSpan.FromMilliseconds(1));
        var anew = await mesh.PostAsync("steer", """{"agent_id":"a","direction":"north","ttl":604800}""", idempotencyKey: "k");
        Assert.Equal(2, anew.Json["seq"]!.GetValue<long>());
        Assert.Equal(
            anew.Text, (await mesh.PostAsync("steer", """{"agent_id":"a","direction":"north","ttl":604800}""", idempotencyKey: "k")).Text);

        await mesh.AdvanceAsync(60); // once a minute what is too old is dropped, and only that
        await mesh.RestartAsync();
        Assert.Equal(
            anew.Text, (await mesh.PostAsync("steer", """{"agent_id":"a","direction":"north","ttl":604800}""", idempotencyKey: "k")).Text);
    }

    [Fact]
    public async Task Key_Has1To255Characters_AndIsSentOnce()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        string[] paths =
        [
            "agents", "registry", "steer", "keys", "agents/a/heartbeat", "heartbeats", "agents/a/exit", "agents/a/directives/1/ack",
        ];
        foreach (var path in paths)
        {
            var body = path switch { "steer" => """{"agent_id":"a","direction":"d"}""", "heartbeats" => """{"agents":["a"]}""", _ => "{}" };
            (await mesh.PostAsync(path, body, idempotencyKey: new string('k', Limits.IdempotencyKeyLength + 1)))
                .ShouldBeProblem(400, "invalid_request", ",\"errors\":\"*\"").ShouldBlame("/Idempotency-Key");
        }

        Assert.Equal(2, mesh.Revision);
        var longest = new string('k', Limits.IdempotencyKeyLength);
        Assert.Equal(200, (await mesh.PostAsync("steer", """{"agent_id":"a","direction":"d"}""", idempotencyKey: longest)).Status);
        var twice = await mesh.SendRawAsync(
            $"POST /api/session-mesh/agents HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {mesh.RootKey}\r\nConnection: close\r\n"
            + "Idempotency-Key: 1\r\nIdempotency-Key: 2\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 400 ", twice, StringComparison.Ordinal);
        Assert.Contains("\"pointer\":\"/Idempotency-Key\"", twice, StringComparison.Ordinal);
    }
}
