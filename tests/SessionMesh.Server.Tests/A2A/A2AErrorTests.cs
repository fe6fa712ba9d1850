using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using SessionMesh.Contracts;
using SessionMesh.Server.A2A;
using SessionMesh.Server.Auth;
using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.A2A;

/// <summary>Every refusal under an A2A path is an error as the specification has it, whoever refuses.</summary>
public sealed class A2AErrorTests
{
    [Theory]
    [InlineData("{}", "message")]
    [InlineData("""{"message":{}}""", "message.messageId,message.role,message.parts")]
    [InlineData("""{"message":{"messageId":"m","role":"ROLE_AGENT","parts":[{"text":"x"}]}}""", "message.role")]
    [InlineData("""{"message":{"messageId":"","role":"ROLE_USER","parts":[{"text":"x"}]}}""", "message.messageId")]
    [InlineData("""{"message":{"messageId":"m","role":"ROLE_USER","parts":[]}}""", "message.parts")]
    [InlineData("""{"message":{"messageId":"m","role":"ROLE_USER","parts":[{"text":"x"},{}]}}""", "message.parts[1]")]
    [InlineData("""{"message":{"messageId":"m","role":"ROLE_USER","parts":[null]}}""", "message.parts[0]")]
    [InlineData("""{"message":{"messageId":"m","role":"ROLE_USER","parts":[{"text":"x","data":1}]}}""", "message.parts[0]")]
    [InlineData("""{"message":{"messageId":"m","role":"ROLE_USER","parts":[{"text":5}]}}""", "message.parts[0].text")]
    [InlineData("""{"message":{"messageId":"m","role":"ROLE_USER","contextId":"b","parts":[{"text":"x"}]}}""", "message.contextId")]
    [InlineData(
        """{"message":{"messageId":"m","role":"ROLE_USER","parts":[{"text":"x"}],"metadata":{"ttl":0,"direction":""}}}""",
        "message.metadata.direction,message.metadata.ttl")]
    [InlineData(
        """{"message":{"messageId":"m","role":"ROLE_USER","parts":[{"text":"x"}]},"configuration":{"historyLength":-1}}""",
        "configuration.historyLength")]
    public async Task Message_ThatIsWrong_IsRefusedByItsMembers(string body, string fields)
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        var refused = await mesh.SayAsync("a", body);
        ShouldBlame(refused, fields.Split(','));
        Assert.Equal(0, (await mesh.GetAsync("agents/a")).Json["pending"]!.GetValue<int>());
    }

    [Fact]
    public async Task Text_AtItsBoundIsTaken_PastItIsRefused()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        string Of(int length, string id) => A2ARig.Message(id, $$"""{"text":"{{new string('x', length)}}"}""");
        Assert.Equal(200, (await mesh.SayAsync("a", Of(Limits.MessageLength, "m1"))).Status);
        ShouldBlame(await mesh.SayAsync("a", Of(Limits.MessageLength + 1, "m2")), "message.parts");
        Assert.Equal(200, (await mesh.SayAsync("a", A2ARig.Message(new string('m', Limits.IdempotencyKeyLength)))).Status);
        ShouldBlame(await mesh.SayAsync("a", A2ARig.Message(new string('m', Limits.IdempotencyKeyLength + 1))), "message.messageId");
        (await mesh.SayAsync("a", A2ARig.Message("m3").PadRight(Limits.BodyBytes + 1)))
            .ShouldBeA2AError(413, "INVALID_ARGUMENT", "BODY_TOO_LARGE");
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("null")]
    public async Task Body_ThatIsNoJsonObject_IsRefused(string body)
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        (await mesh.SayAsync("a", body)).ShouldBeA2AError(400, "INVALID_ARGUMENT", "INVALID_JSON");
    }

    [Theory]
    [InlineData("""{"raw":"aGk=","filename":"x"}""")]
    [InlineData("""{"url":"https://example.com/x.png"}""")]
    [InlineData("""{"text":"x"},{"raw":"aGk="}""")]
    [InlineData("""{"text":"x","mediaType":"application/pdf"}""")]
    [InlineData("""{"data":{},"mediaType":"text/plain"}""")]
    public async Task Part_ThatNoAgentIsSent_IsOfNoSupportedType(string parts)
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        (await mesh.SayAsync("a", A2ARig.Message("m", parts)))
            .ShouldBeNamedByA2A(400, "INVALID_ARGUMENT", "CONTENT_TYPE_NOT_SUPPORTED");
    }

    [Theory]
    [InlineData("POST", "tasks/a.1.1/pushNotificationConfigs")]
    [InlineData("GET", "tasks/a.1.1/pushNotificationConfigs")]
    [InlineData("GET", "tasks/a.1.1/pushNotificationConfigs/c")]
    [InlineData("DELETE", "tasks/a.1.1/pushNotificationConfigs/c")]
    [InlineData("POST", "message:send")]
    public async Task PushNotifications_AreNotSupported(string method, string path)
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        var body = A2ARig.Message("m", beside: ""","configuration":{"taskPushNotificationConfig":{"url":"https://example.com"}}""");
        (await mesh.A2AAsync(new HttpMethod(method), "agents/a/a2a/" + path, method == "POST" ? body : null))
            .ShouldBeNamedByA2A(400, "FAILED_PRECONDITION", "PUSH_NOTIFICATION_NOT_SUPPORTED");
    }

    [Theory]
    [InlineData("agents/a/a2a/extendedAgentCard", "GET")]
    [InlineData("a2a/extendedAgentCard", "GET")]
    [InlineData("a2a/tasks/t", "GET")]
    [InlineData("a2a/message:send", "POST")]
    [InlineData("a2a/tasks/t:cancel", "POST")]
    public async Task WhatNoCardOffers_IsNotSupported(string path, string method)
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        (await mesh.A2AAsync(new HttpMethod(method), path)).ShouldBeNamedByA2A(400, "FAILED_PRECONDITION", "UNSUPPORTED_OPERATION");
    }

    [Theory]
    [InlineData("1.0", true)]
    [InlineData("1.0.1", true)]
    [InlineData(null, true)]
    [InlineData("0.3", false)]
    [InlineData("1.1", false)]
    [InlineData("2.0", false)]
    [InlineData("1", false)]
    [InlineData("x", false)]
    public async Task Version_OtherThanOne_IsNotSupported(string? version, bool isTaken)
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        foreach (var (method, path, body) in new[]
        {
            (HttpMethod.Get, "tasks", null), (HttpMethod.Get, "tasks/a.1.1", null),
            (HttpMethod.Post, "message:send", A2ARig.Message("m")), (HttpMethod.Post, "tasks/a.1.1:cancel", null),
        })
        {
            var reply = await mesh.A2AAsync(method, "agents/a/a2a/" + path, body, version: version);
            if (isTaken)
            {
                Assert.Equal(200, reply.Status);
            }
            else
            {
                reply.ShouldBeNamedByA2A(400, "FAILED_PRECONDITION", "VERSION_NOT_SUPPORTED");
            }
        }

        if (version is not null)
        {
            var asked = await mesh.A2AAsync(HttpMethod.Get, $"agents/a/a2a/tasks?A2A-Version={version}", version: null);
            Assert.Equal(isTaken ? 200 : 400, asked.Status);
        }
    }

    [Theory]
    [InlineData("?pageSize=0", "pageSize")]
    [InlineData("?pageSize=101&historyLength=-5&status=TASK_STATE_RUNNING", "pageSize,historyLength,status")]
    [InlineData("?pageToken=x", "pageToken")]
    [InlineData("?statusTimestampAfter=yesterday", "statusTimestampAfter")]
    [InlineData("?includeArtifacts=perhaps", "includeArtifacts")]
    public async Task List_WithWrongParameters_IsRefusedByTheirNames(string query, string fields)
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        ShouldBlame(await mesh.A2AAsync(HttpMethod.Get, "agents/a/a2a/tasks" + query), fields.Split(','));
    }

    [Theory]
    [InlineData("""{"metadata":{"grace":-1}}""", "metadata.grace")]
    [InlineData("""{"metadata":{"grace":3601}}""", "metadata.grace")]
    [InlineData("""{"metadata":{"reason":5}}""", "metadata.reason")]
    public async Task Cancel_ThatIsWrong_IsRefusedByItsMembers(string body, string field)
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        ShouldBlame(await mesh.A2AAsync(HttpMethod.Post, "agents/a/a2a/tasks/a.1.1:cancel", body), field);
        Assert.Equal("alive", await mesh.StatusAsync("a"));
    }

    /// <summary>What the pipeline refuses before the endpoint is reached has the same shape, and is audited as everywhere.</summary>
    [Fact]
    public async Task Refusal_OfThePipeline_HasTheSameShape()
    {
        await using var mesh = await MeshHost.StartAsync(options: ["--rate-limit", "1"]);
        await mesh.RegisterAsync("a");
        var without = (await mesh.A2AAsync(HttpMethod.Get, "agents/a/a2a/tasks", key: ""))
            .ShouldBeA2AError(401, "UNAUTHENTICATED", "UNAUTHENTICATED");
        Assert.Equal("Bearer realm=\"session-mesh\"", without.Headers["WWW-Authenticate"]);
        (await mesh.A2AAsync(HttpMethod.Get, $"agents/a/a2a/tasks?key={mesh.RootKey}"))
            .ShouldBeA2AError(401, "UNAUTHENTICATED", "KEY_IN_QUERY");
        var key = await mesh.MintAsync("""{"scopes":["mesh:read"]}""");
        var forbidden = (await mesh.A2AAsync(HttpMethod.Post, "agents/a/a2a/tasks/a.1.1:cancel", key: key))
            .ShouldBeA2AError(403, "PERMISSION_DENIED", "MISSING_SCOPE");
        var entry = (await mesh.GetAsync("audit?outcome=refused&limit=1")).Json["entries"]![0]!;
        Assert.Equal(
            ("cancelA2ATask", "a", forbidden.Headers["X-Request-Id"]),
            (entry["operation"]!.GetValue<string>(), entry["subject"]!.GetValue<string>(), entry["request_id"]!.GetValue<string>()));
        Reply limited;
        do
        {
            limited = await mesh.A2AAsync(HttpMethod.Get, "agents/a/a2a/tasks", key: key);
        }
        while (limited.Status == 200);

        limited.ShouldBeA2AError(429, "RESOURCE_EXHAUSTED", "RATE_LIMITED", """
            ,{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"1s"}
            """);
        Assert.Equal("1", limited.Headers["Retry-After"]);
    }

    [Fact]
    public async Task Failure_OfTheServer_HasTheSameShape_AndTellsNothing()
    {
        await using var mesh = await MeshHost.StartAsync(map: app =>
            app.MapGet("/fails", _ => throw new InvalidOperationException("secret")).WithMetadata(Anonymous.Instance, A2AErrors.Form));
        var failed = (await mesh.GetAsync("~/fails", "")).ShouldBeA2AError(500, "INTERNAL", "INTERNAL");
        Assert.DoesNotContain("secret", failed.Text, StringComparison.Ordinal);
    }

    /// <summary>Outside of what A2A has a path for, the API answers as everywhere.</summary>
    [Fact]
    public async Task Path_ThatIsNone_AndAWrongMethod_AreTheApisOwn()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        (await mesh.A2AAsync(HttpMethod.Post, "agents/a/a2a/message:sing", "{}")).ShouldBeProblem(404, "not_found");
        (await mesh.A2AAsync(HttpMethod.Get, "agents/a/a2a/message:send")).ShouldBeProblem(405, "method_not_allowed");
    }

    private static void ShouldBlame(Reply reply, params string[] fields)
    {
        reply.ShouldBeA2AError(400, "INVALID_ARGUMENT", "INVALID_REQUEST", ",\"*\"");
        var violations = reply.Json["error"]!["details"]![1]!;
        Assert.Equal("type.googleapis.com/google.rpc.BadRequest", violations["@type"]!.GetValue<string>());
        Assert.Equal(fields, violations["fieldViolations"]!.AsArray().Select(violation => violation!["field"]!.GetValue<string>()));
        Assert.All(violations["fieldViolations"]!.AsArray(), v => Assert.NotEmpty(v!["description"]!.GetValue<string>()));
    }
}
