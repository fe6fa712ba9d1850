using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using SessionMesh.Contracts;
using SessionMesh.Server.Auth.Limiting;
using SessionMesh.Server.Push;
using SessionMesh.Server.Streams;
using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.Auth.Limiting;

/// <summary>Streams and held answers, of which a key may have so many at once.</summary>
public sealed class HeldAnswerTests
{
    [Fact]
    public async Task AgentKey_HasSixteen_AndThePlaceOfOneThatEndsIsFree()
    {
        await using var mesh = await MeshHost.StartAsync(options: ["--rate-limit", "0"]);
        await mesh.RegisterAsync("a", ttl: 600);
        await mesh.RegisterAsync("b", ttl: 600);
        var (key, other) = (await mesh.MintAsync("""{"agent_id":"a"}"""), await mesh.MintAsync("""{"agent_id":"b"}"""));
        var open = new List<SseReader>();
        for (var i = 0; i < Limits.StreamsPerAgentKey; i++)
        {
            open.Add(await mesh.ListenAsync("agents/a/directives", key));
        }

        foreach (var path in new[] { "agents/a/directives", "agents/a/directives?wait=10" })
        {
            var refused = (await mesh.GetAsync(path, key)).ShouldBeProblem(429, "too_many_streams", ",\"retry_after\":3");
            Assert.Contains("16 streams", refused.Detail, StringComparison.Ordinal);
            Assert.Equal("3", refused.Headers["Retry-After"]);
        }

        Assert.Equal(200, (await mesh.PostAsync("agents/a/heartbeat", "{}", key)).Status);
        Assert.Equal(200, (await mesh.GetAsync("agents/b/directives", other)).Status);
        Assert.Equal(200, (await mesh.GetAsync("agents/a/directives")).Status); // the operator's key has its own
        await open[0].DisposeAsync();
        await EventuallyServedAsync(() => mesh.GetAsync("agents/a/directives", key));
        foreach (var stream in open)
        {
            await stream.DisposeAsync();
        }
    }

    [Fact]
    public async Task OtherKeys_HaveAsManyAsTheServerIsToldTo_WhateverTheyHold()
    {
        await using var mesh = await MeshHost.StartAsync(options: ["--max-streams-per-key", "3", "--rate-limit", "0"]);
        await mesh.RegisterAsync("a", ttl: 600);
        var key = await mesh.MintAsync("""{"scopes":["mesh:read","registry:write","steer","kill"]}""");
        await using var events = await mesh.ListenAsync("events", key);
        await using var directives = await mesh.ListenAsync("agents/a/directives", key);
        var poll = mesh.GetAsync("agents/a/directives?wait=60&after=1000", key);
        await mesh.Time.ArmedAsync(TimeSpan.FromSeconds(60));
        (await mesh.GetAsync("events", key)).ShouldBeProblem(429, "too_many_streams", ",\"retry_after\":3");
        (await mesh.GetAsync("agents/a/directives", key)).ShouldBeProblem(429, "too_many_streams", ",\"retry_after\":3");

        // What waits for proof does what was asked, and answers at once with what is true.
        var steered = await mesh.PostAsync(
            "steer", """{"agent_id":"a","direction":"north","wait":"acknowledged","wait_seconds":60}""", key);
        Assert.Equal((200, "queued"), (steered.Status, steered.Json["state"]!.GetValue<string>()));
        var killed = await mesh.DeleteAsync("agents/a?wait=60", key);
        Assert.Equal((200, "stopping"), (killed.Status, killed.Json["status"]!.GetValue<string>()));
        mesh.Time.Advance(TimeSpan.FromSeconds(60));
        Assert.Equal(200, (await poll).Status);
        await EventuallyServedAsync(() => mesh.GetAsync("agents/a/directives", key));
    }

    [Fact]
    public async Task AgentKey_HasNoMoreThanOthers_WhereThoseHaveFew()
    {
        await using var mesh = await MeshHost.StartAsync(options: ["--max-streams-per-key", "1"]);
        await mesh.RegisterAsync("a", ttl: 600);
        var key = await mesh.MintAsync("""{"agent_id":"a"}""");
        await using var stream = await mesh.ListenAsync("agents/a/directives", key);
        (await mesh.GetAsync("agents/a/directives", key)).ShouldBeProblem(429, "too_many_streams", ",\"retry_after\":3");
    }

    [Fact]
    public async Task Route_ThatMayHoldItsAnswer_IsMarked_AndAStreamElsewhereIsAFaultOfTheServer()
    {
        await using var mesh = await MeshHost.StartAsync(
            map: app => app.MapGet(Routes.Prefix + "/unmarked", Sse.BeginAsync).WithMetadata(Server.Auth.Anonymous.Instance));
        (await mesh.GetAsync("unmarked")).ShouldBeProblem(500, "internal");
        var marked = mesh.Service<IEnumerable<EndpointDataSource>>().SelectMany(s => s.Endpoints).OfType<RouteEndpoint>()
            .Where(r => r.Metadata.GetMetadata<HoldsAnswers>() is not null).Select(r => r.RoutePattern.RawText).Order();
        Assert.Superset(new HashSet<string?> { Routes.Agents + "/{id}/directives", Routes.Events }, marked.ToHashSet());
    }

    /// <summary>The server learns of a reader's end, and gives its place back, a moment after the reader does.</summary>
    private static Task EventuallyServedAsync(Func<Task<Reply>> ask) => Eventually.True(
        async () =>
        {
            var reply = await ask();
            return reply.Status == 200 || reply.ShouldBeRefused(429, "too_many_streams").Status == 0;
        },
        () => "the place is given back");
}
