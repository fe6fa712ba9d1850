using SessionMesh.Server.Tests.Support;
using static SessionMesh.Server.Tests.A2A.A2ARig;

namespace SessionMesh.Server.Tests.A2A;

/// <summary>A message that comes again, when the key, its reach or the task is not what it was.</summary>
public sealed class A2AReplayTests
{
    /// <summary>What the key saw then it is shown again; of what has been since it sees nothing.</summary>
    [Fact]
    public async Task Message_ToAnAgentThatTheKeyReachesNoMore_IsAnsweredAsItWasThen()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("lead", 600);
        await mesh.RegisterAsync("a", 600, ",\"parent_id\":\"lead\"");
        var key = await mesh.MintAsync("""{"scopes":["mesh:read","steer"],"within":["subtree:lead"]}""");
        var first = await mesh.SayAsync("a", Message("m"), key);
        Assert.Equal(200, first.Status);
        await mesh.PostAsync("agents/a/move", """{"parent_id":null}""");
        await mesh.PostAsync("steer", """{"agent_id":"a","message":"a secret of the operator"}""");
        await mesh.PostAsync("agents/a/heartbeat", """{"note":"another secret"}""");

        var again = await mesh.SayAsync("a", Message("m"), key);
        Assert.Equal(200, again.Status);
        Assert.Equal(first.Json["task"]!["id"]!.ToJsonString(), again.Json["task"]!["id"]!.ToJsonString());
        Assert.Null(again.Json["task"]!["history"]);
        Assert.Null(again.Json["task"]!["metadata"]!["agent"]?["note"]);
        var streamed = await mesh.A2AAsync(HttpMethod.Post, "agents/a/a2a/message:stream", Message("m"), key);
        Assert.Equal(404, streamed.Status);
        Assert.DoesNotContain("secret", again.Text + streamed.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stream_OfATaskThatIsOver_IsRefused_AndHoldsNoPlace()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a", 600);
        Assert.Equal(200, (await mesh.SayAsync("a", Message("m"))).Status);
        await mesh.PostAsync("agents/a/exit", """{"incarnation":1,"exit_code":0}""");
        (await mesh.A2AAsync(HttpMethod.Post, "agents/a/a2a/message:stream", Message("m")))
            .ShouldBeNamedByA2A(400, "FAILED_PRECONDITION", "UNSUPPORTED_OPERATION");
    }

    [Fact]
    public async Task Message_WhoseKeyEndsWhileItWaits_IsToldNothingMore()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a", 600);
        var key = await mesh.MintAsync("""{"scopes":["mesh:read","steer"]}""");
        var waiting = mesh.SayAsync("a", Message("m", beside: ""), key);
        await mesh.Time.ArmedAsync(TimeSpan.FromSeconds(60));
        await mesh.RevokeAsync(key);
        (await waiting).ShouldBeA2AError(401, "UNAUTHENTICATED", "UNAUTHENTICATED");
        Assert.Equal("queued", (await mesh.GetAsync("agents/a/directives/history")).Json["directives"]![0]!["state"]!.GetValue<string>());
    }
}
