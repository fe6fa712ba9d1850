using System.Text.Json.Nodes;
using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.Steering;

/// <summary>Why somebody steered is for the audit alone.</summary>
public sealed class ReasonTests
{
    [Fact]
    public async Task Reason_IsInTheAudit_AndNowhereElse()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        await mesh.RegisterAsync("b");
        var one = await mesh.PostAsync(
            "steer", """{"agent_id":"a","direction":"x","data":{"reason":"mine"},"reason":"the \"first\""}""");
        one.ShouldBeOk();
        (await mesh.PostAsync("steers", """{"steers":[{"agent_id":"a","verb":"pause","reason":"second"}]}""")).ShouldBeOk();
        var kept = new string('m', 600);
        var toBoth = $$"""{"selector":{"cluster":"default"},"expect":2,"direction":"y","message":"{{kept}}","reason":"third"}""";
        (await mesh.PostAsync("steer", toBoth)).ShouldBeOk();
        (await mesh.PostAsync("steer", """{"agent_id":"b","direction":"z","data":{"reason":"mine"}}""")).ShouldBeOk();

        var entries = (await mesh.GetAsync("audit?operation=directive.issued")).Json["entries"]!.AsArray();
        Assert.Equal([null, "third", "third", "second", "the \"first\""], entries.Select(entry => entry!["reason"]?.GetValue<string>()));
        Assert.False(one.Json.AsObject().ContainsKey("reason"));
        Assert.All(
            Directives(await mesh.GetAsync("agents/a/directives/history")), directive => Assert.False(directive.ContainsKey("reason")));
        var events = (await mesh.GetAsync("agents/a?events=10")).Json["events"]!.AsArray()
            .Concat((await mesh.GetAsync("agents/b?events=10")).Json["events"]!.AsArray())
            .Select(entry => entry!.AsObject()).Where(entry => entry["kind"]!.GetValue<string>() == "directive.issued").ToList();
        Assert.Equal(5, events.Count);
        Assert.All(events, entry => Assert.False(entry.ContainsKey("reason")));
        Assert.Equal(2, events.Count(entry => entry["data"]?["reason"]?.GetValue<string>() == "mine"));
    }

    [Fact]
    public async Task TooLong_IsRefused()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        var refused = await mesh.PostAsync("steer", $$"""{"agent_id":"a","direction":"x","reason":"{{new string('r', 1025)}}"}""");
        Assert.Equal((400, "/reason"), (refused.Status, refused.Json["errors"]![0]!["pointer"]!.GetValue<string>()));
    }

    private static IEnumerable<JsonObject> Directives(Reply reply) =>
        reply.Json["directives"]!.AsArray().Select(directive => directive!.AsObject());
}
