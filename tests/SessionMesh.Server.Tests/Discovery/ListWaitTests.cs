using SessionMesh.Server.Push;
using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.Discovery;

/// <summary><c>wait</c> and <c>after</c>: an answer that comes when the log changes it.</summary>
public sealed class ListWaitTests
{
    private const string Ocr = "alive?fields=agent_id,paused&specialization=ocr";

    [Theory]
    [InlineData("joins")]
    [InlineData("ends")]
    [InlineData("pauses")]
    [InlineData("learns")]
    [InlineData("lapses")]
    public async Task Wait_EndsWhenTheLogChangesTheAnswer(string what)
    {
        await using var mesh = await FleetAsync();
        await mesh.AdvanceAsync(30);
        await mesh.PostAsync("agents/one/heartbeat");
        var known = await mesh.GetAsync(Ocr + "&wait=0");
        var waiting = mesh.GetAsync($"{Ocr}&wait=60&after={known.Json["as_of"]}");
        await WaitersAsync(mesh, 1);
        switch (what)
        {
            case "joins":
                await mesh.RegisterAsync("new", more: ",\"specializations\":[\"ocr\"]");
                break;
            case "ends":
                await mesh.DeleteAsync("agents/two?force=true");
                break;
            case "pauses":
                await mesh.PostAsync("steer", """{"agent_id":"two","verb":"pause"}""");
                await mesh.PostAsync("agents/two/directives/1/ack", """{"state":"acknowledged"}""");
                break;
            case "learns":
                await mesh.PostAsync("registry", """{"agent_id":"other","specialization":"ocr"}""");
                break;
            case "lapses":
                await mesh.AdvanceAsync(29);
                Assert.False(waiting.IsCompleted);
                await mesh.AdvanceAsync(2);
                break;
        }

        var answer = await waiting;
        Assert.NotEqual(known.Json["sessions"]!.ToJsonString(), answer.Json["sessions"]!.ToJsonString());
        Assert.Equal((await mesh.GetAsync(Ocr)).Json["sessions"]!.ToJsonString(), answer.Json["sessions"]!.ToJsonString());
    }

    /// <summary>Others, reports of load, steers to those in the list: none of it is in the answer.</summary>
    [Fact]
    public async Task Wait_StaysThroughWhatDoesNotChangeTheAnswer_AndAnswersTheSameWhenTheTimeIsUp()
    {
        await using var mesh = await FleetAsync();
        var known = await mesh.GetAsync(Ocr + "&wait=0");
        var waiting = mesh.GetAsync($"{Ocr}&wait=20&after={known.Json["as_of"]}");
        await WaitersAsync(mesh, 1);
        await mesh.RegisterAsync("new", more: ",\"specializations\":[\"sql\"]");
        await mesh.DeleteAsync("agents/other?force=true");
        await mesh.PostAsync("agents/one/heartbeat", """{"load":0.9,"activity":"working","note":"hello"}""");
        await mesh.PostAsync("steer", """{"agent_id":"one","direction":"north"}""");
        await mesh.AdvanceAsync(19);
        Assert.False(waiting.IsCompleted);
        var answer = await mesh.AdvanceUntilAsync(waiting, 1);
        Assert.Equal(known.Json["sessions"]!.ToJsonString(), answer.Json["sessions"]!.ToJsonString());
        var again = mesh.GetAsync($"{Ocr}&wait=20&after={answer.Json["as_of"]}");
        await WaitersAsync(mesh, 1);
        Assert.False(again.IsCompleted);
        await mesh.DeleteAsync("agents/one?force=true");
        Assert.Equal("two", Assert.Single((await again).Json["sessions"]!.AsArray())!["agent_id"]!.GetValue<string>());
    }

    [Fact]
    public async Task Wait_AnswersAtOnce_WhatChangedBetweenTwoCalls()
    {
        await using var mesh = await FleetAsync();
        var known = await mesh.GetAsync(Ocr + "&wait=0");
        await mesh.DeleteAsync("agents/one?force=true");
        Assert.Single((await mesh.GetAsync($"{Ocr}&wait=60&after={known.Json["as_of"]}")).Json["sessions"]!.AsArray());
    }

    /// <summary>Of a call that did not wait, only the revision is known: what changed since is a reason to answer.</summary>
    [Fact]
    public async Task Wait_AfterAnAnswerThatDidNotWait_GoesByTheRevision()
    {
        await using var mesh = await FleetAsync();
        var known = await mesh.GetAsync(Ocr);
        var waiting = mesh.GetAsync($"{Ocr}&wait=60&after={known.Json["as_of"]}");
        await WaitersAsync(mesh, 1);
        Assert.False(waiting.IsCompleted);
        await mesh.DeleteAsync("agents/one?force=true");
        await waiting;
        Assert.Single((await mesh.GetAsync($"{Ocr}&wait=60&after={known.Json["as_of"]}")).Json["sessions"]!.AsArray());
    }

    /// <summary>Versions begin anew with the process: an answer of the one before is never taken for this one's.</summary>
    [Fact]
    public async Task Wait_AfterAnAnswerOfTheProcessBefore_AnswersAtOnce()
    {
        await using var mesh = await FleetAsync();
        var known = await mesh.GetAsync(Ocr + "&wait=0");
        await mesh.RestartAsync();
        Assert.Equal(200, (await mesh.GetAsync($"{Ocr}&wait=60&after={known.Json["as_of"]}")).Status);
    }

    /// <summary>Neither its own record nor anything else of it changes when its parent ends.</summary>
    [Theory]
    [InlineData("alive?filter=orphaned&fields=agent_id", "child")]
    [InlineData("agents?subtree=top&fields=agent_id", "top,root,child")]
    public async Task Wait_EndsWhenAnotherAgentBringsOneIntoTheList(string path, string then)
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("top");
        await mesh.RegisterAsync("root");
        await mesh.RegisterAsync("child", more: ",\"parent_id\":\"root\"");
        var known = await mesh.GetAsync(path + "&wait=0");
        var waiting = mesh.GetAsync($"{path}&wait=60&after={known.Json["as_of"]}");
        await WaitersAsync(mesh, 1);
        if (path.Contains("orphaned", StringComparison.Ordinal))
        {
            await mesh.PostAsync("agents/root/exit", """{"incarnation":1}""");
        }
        else
        {
            await mesh.PostAsync("agents", """{"agent_id":"root","incarnation":1,"parent_id":"top"}""");
        }

        var found = (await waiting).Json["sessions"]!.AsArray().Select(row => row!["agent_id"]!.GetValue<string>());
        Assert.Equal(then, string.Join(',', found));
    }

    [Fact]
    public async Task Wait_CountsAsAHeldAnswer_AndEndsWithItsKey()
    {
        await using var mesh = await MeshHost.StartAsync(options: ["--max-streams-per-key", "1"]);
        var minted = (await mesh.PostAsync("keys", """{"scopes":["mesh:read"]}""")).Json;
        var key = minted["token"]!.GetValue<string>();
        var waiting = mesh.GetAsync("alive?wait=60", key);
        await WaitersAsync(mesh, 1);
        (await mesh.GetAsync("alive?wait=60", key)).ShouldBeProblem(429, "too_many_streams", ",\"retry_after\":\"*\"");
        Assert.Equal(200, (await mesh.GetAsync("alive?wait=0", key)).Status);
        await mesh.DeleteAsync($"keys/{minted["key_id"]}");
        (await waiting).ShouldBeProblem(401, "unauthenticated");
    }

    [Fact]
    public async Task Wait_EndsWhenTheServerGoes()
    {
        await using var mesh = await FleetAsync();
        var waiting = mesh.GetAsync(Ocr + "&wait=60");
        await WaitersAsync(mesh, 1);
        await mesh.BeginStop();
        Assert.Equal(200, (await waiting).Status);
    }

    private static async Task<MeshHost> FleetAsync()
    {
        var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("one", more: ",\"specializations\":[\"ocr\"]");
        await mesh.RegisterAsync("two", more: ",\"specializations\":[\"ocr\"]");
        await mesh.RegisterAsync("other", more: ",\"specializations\":[\"sql\"]");
        return mesh;
    }

    private static Task WaitersAsync(MeshHost mesh, int count) =>
        Eventually.True(() => mesh.Service<ChangeFeed>().Followers == count, () => "nobody waits");
}
