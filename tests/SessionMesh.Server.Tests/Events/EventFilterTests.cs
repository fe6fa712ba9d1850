using SessionMesh.Contracts.Events;
using SessionMesh.Core;
using SessionMesh.Server.Streams;
using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.Events;

/// <summary>What <c>kind</c>, <c>subject</c> and <c>since</c> leave of <c>GET /events</c>.</summary>
public sealed class EventFilterTests
{
    [Fact]
    public void Kinds_AreThoseOfTheLogWithoutItsBookkeeping() =>
        Assert.Equal(ChangeCodec.Kinds.Keys.Except(LogView.Bookkeeping).Order(StringComparer.Ordinal), EventKinds.All);

    [Theory]
    [InlineData("subject=a", "agent.registered a,directive.issued a,directive.issued a", "directive.undeliverable a")]
    [InlineData("subject=a,b&kind=agent.registered", "agent.registered a,agent.registered b", "agent.registered b")]
    [InlineData("kind=agent.st*,agent.d*", "agent.dead a", "agent.dead b")]
    [InlineData("kind=directive.issued", "directive.issued a,directive.issued b,directive.issued a", "directive.issued c")]
    public async Task Events_AreThoseAskedFor_FromMemoryOrTheTable_AndThenAsTheyHappen(string query, string before, string then)
    {
        foreach (var restarted in (bool[])[false, true])
        {
            await using var mesh = await StartAsync();
            if (restarted)
            {
                await mesh.RestartAsync(); // nothing of it is in memory now
            }

            await using var events = await mesh.ListenAsync($"events?after=0&{query}");
            foreach (var expected in before.Split(','))
            {
                Assert.Equal(expected, Words(await events.NextAsync()));
            }

            await mesh.SteerAsync("c");
            await mesh.DeleteAsync("agents/a?forget=true");
            await mesh.RegisterAsync("b", more: ",\"takeover\":true");
            await mesh.DeleteAsync("agents/b?force=true");
            Assert.Equal(then, Words(await events.NextAsync()));
        }
    }

    [Fact]
    public async Task Since_BeginsWithWhatHappenedFromThenOn()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a", ttl: 600);
        mesh.Time.Advance(TimeSpan.FromSeconds(10));
        var then = mesh.Time.GetUtcNow();
        await mesh.RegisterAsync("b", ttl: 600);
        await mesh.RegisterAsync("c", ttl: 600);

        await using var events = await mesh.ListenAsync($"events?since={then:yyyy-MM-dd'T'HH:mm:ss.fff'Z'}");
        Assert.Equal((3, "b"), (await events.NextAsync() is var first ? (first.Id, first.Json["subject"]!.GetValue<string>()) : default));
        Assert.Equal(4, (await events.NextAsync()).Id);
        await using var resumed = await mesh.ListenAsync("events?since=2026-01-01", lastEventId: 3);
        Assert.Equal(4, (await resumed.NextAsync()).Id); // a place that was reached counts more than a time
    }

    [Theory]
    [InlineData("kind=agent.registerd", "'agent.registerd' is no kind of event, nor what one begins with, such as agent.*")]
    [InlineData("kind=agents.*", "'agents.*' is no kind of event, nor what one begins with, such as agent.*")]
    [InlineData("kind=", "'' is no kind of event, nor what one begins with, such as agent.*")]
    [InlineData("subject=a,b/c", "1 to 128 characters")]
    [InlineData("since=yesterday", "is an ISO 8601 time such as")]
    [InlineData("after=1&since=2026-01-01", "cannot be combined with after")]
    public async Task WrongFilter_IsRefusedByName(string query, string words)
    {
        await using var mesh = await MeshHost.StartAsync();
        var reply = await mesh.GetAsync("events?" + query);
        Assert.Equal((400, "invalid_request"), (reply.Status, reply.Json["code"]!.GetValue<string>()));
        Assert.Contains(words, reply.Json["detail"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("kind", "agent.*")]
    [InlineData("subject", "a")]
    public async Task MoreWordsThanAReaderMayName_AreRefused(string name, string word)
    {
        await using var mesh = await MeshHost.StartAsync();
        var reply = await mesh.GetAsync($"events?after=0&{name}={string.Join(',', Enumerable.Repeat(word, 101))}");
        Assert.Equal(400, reply.Status);
        Assert.Equal($"{name}: names at most 100.", reply.Json["detail"]!.GetValue<string>());
    }

    private static string Words(SseEvent next) => $"{next.Name} {next.Json["subject"]!.GetValue<string>()}";

    private static async Task<MeshHost> StartAsync()
    {
        var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a", ttl: 600);
        await mesh.RegisterAsync("b", ttl: 600);
        await mesh.SteerAsync("a");
        await mesh.SteerAsync("b");
        await mesh.DeleteAsync("agents/a?force=true");
        await mesh.RegisterAsync("c", ttl: 600);
        return mesh;
    }
}
