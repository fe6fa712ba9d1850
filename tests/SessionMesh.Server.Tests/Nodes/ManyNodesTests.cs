using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.Nodes;

/// <summary>Two nodes on one PostgreSQL are one mesh.</summary>
public sealed class ManyNodesTests
{
    /// <summary>A steer on one node reaches a stream on another, and its ack there ends the wait on the first.</summary>
    [Fact]
    public async Task Steer_OnOneNode_ReachesAStreamOnTheOther_AndItsAckComesBack()
    {
        await using var one = await MeshHost.StartNodeAsync("one");
        await using var two = await one.StartBesideAsync("two");
        await one.RegisterAsync("a");
        await using var stream = await two.ListenAsync("agents/a/directives");

        var steer = one.PostAsync("steer", """{"agent_id":"a","direction":"north","wait":"acknowledged","wait_seconds":20}""");
        var heard = await stream.NextAsync();
        Assert.Equal("north", heard.Json["direction"]!.GetValue<string>());
        (await two.PostAsync($"agents/a/directives/{heard.Id}/ack", """{"state":"acknowledged"}""")).ShouldBeOk();
        Assert.Equal("acknowledged", (await steer).ShouldBeOk().Json["state"]!.GetValue<string>());
    }

    /// <summary>The same where a pooler passes no notices on.</summary>
    [Fact]
    public async Task Nodes_ThatPoll_HearOfEachOther_AndDoNotListen()
    {
        await using var one = await MeshHost.StartNodeAsync("one", options: "--store-poll");
        await using var two = await one.StartBesideAsync("two", "--store-poll");
        await one.RegisterAsync("a");
        await using var stream = await two.ListenAsync("agents/a/directives");

        for (var i = 1; i <= 5; i++)
        {
            await one.SteerAsync("a");
            Assert.Equal(i, (await stream.NextAsync()).Json["seq"]!.GetValue<int>());
        }

        Assert.Equal(0L, await one.OnPostgres.Server.RunAsync(
            $"SELECT count(*) FROM pg_stat_activity WHERE datname = '{one.OnPostgres.Name}' AND query LIKE 'LISTEN%'"));
    }

    /// <summary>What one node has answered is so on the other, at once.</summary>
    [Fact]
    public async Task Writes_AreSoOnTheOtherNodeAtOnce()
    {
        await using var one = await MeshHost.StartNodeAsync("one");
        await using var two = await one.StartBesideAsync("two");
        for (var i = 0; i < 20; i++)
        {
            var (here, there) = i % 2 == 0 ? (one, two) : (two, one);
            await here.RegisterAsync($"a{i}");
            (await there.PostAsync($"agents/a{i}/heartbeat", "{}")).ShouldBeOk();
            (await there.GetAsync($"agents/a{i}")).ShouldBeOk();
            var key = await here.MintAsync("""{"scopes":["mesh:read"]}""");
            (await there.GetAsync("alive", key)).ShouldBeOk();
            await there.RevokeAsync(key);
            Assert.Equal(401, (await there.GetAsync("alive", key)).Status);
        }
    }

    /// <summary>A heartbeat at one node is seen on the other, with what it reported.</summary>
    [Fact]
    public async Task Heartbeat_OnOneNode_IsSeenOnTheOther()
    {
        await using var one = await MeshHost.StartNodeAsync("one");
        await using var two = await one.StartBesideAsync("two");
        await one.RegisterAsync("a");
        (await two.PostAsync("agents/a/heartbeat", """{"activity":"working","load":0.5,"progress":3,"note":"half"}""")).ShouldBeOk();
        await Eventually.True(
            async () => (await one.GetAsync("agents/a")).Json["activity"]?.GetValue<string>() == "working",
            () => "the other node hears of it");
        var row = (await one.GetAsync("agents/a")).Json;
        Assert.Equal(
            (0.5, 3.0, "half"),
            (row["load"]!.GetValue<double>(), row["progress"]!.GetValue<double>(), row["note"]!.GetValue<string>()));
    }

    /// <summary>One of them judges, and the other takes over when it goes.</summary>
    [Fact]
    public async Task Judge_WhoLeaves_IsFollowedByTheOther()
    {
        await using var one = await MeshHost.StartNodeAsync("one");
        await using var two = await one.StartBesideAsync("two");
        Assert.True(one.Engine.IsJudge);
        Assert.False(two.Engine.IsJudge);
        await one.StopAsync();
        await Eventually.True(() => two.Engine.IsJudge, () => "the other node judges");
    }

    /// <summary>A node that always queues for the head writes beside one that never does; both have the same in the end.</summary>
    [Fact]
    public async Task Writers_OnBothNodes_OfWhichOneQueues_AllWrite()
    {
        await using var one = await MeshHost.StartNodeAsync("one");
        await using var two = await one.StartBesideAsync("two");
        two.Engine.PatienceInRaces = 0;
        await Task.WhenAll(Enumerable.Range(0, 8).Select(async writer =>
        {
            var node = writer % 2 == 0 ? one : two;
            for (var i = 0; i < 25; i++)
            {
                await node.RegisterAsync($"w{writer}-{i}");
            }
        }));
        Assert.Null(await one.Engine.CatchUpAsync()); // what the other wrote last
        var changes = await one.ChangesAsync(1);
        Assert.Equal(200, changes.Select(change => change.Json["subject"]!.GetValue<string>()).Distinct().Count());
        var digest = (await one.GetAsync("admin/digest")).ShouldBeOk().Json;
        var same = (await two.GetAsync($"admin/digest?revision={digest["revision"]}")).ShouldBeOk().Json;
        Assert.Equal(digest.ToJsonString(), same.ToJsonString());
    }

    /// <summary>A directive whose cancel is answered on one node is never written to a stream on another.</summary>
    [Fact]
    public async Task Cancel_OnOneNode_AndAStreamOnTheOther_DoNotBothHaveADirective()
    {
        await using var one = await MeshHost.StartNodeAsync("one");
        await using var two = await one.StartBesideAsync("two");
        await one.RegisterAsync("a");
        await using var stream = await two.ListenAsync("agents/a/directives");
        var cancelled = new HashSet<long>();
        for (var i = 0; i < 60; i++)
        {
            var steered = (await one.SteerAsync("a")).Json;
            var reply = await one.DeleteAsync($"directives/{steered["directive_id"]}");
            if (reply.Status == 200)
            {
                cancelled.Add(steered["seq"]!.GetValue<long>());
            }
            else
            {
                reply.ShouldBeRefused(409, "already_delivered");
            }
        }

        var last = (await one.SteerAsync("a")).Json["seq"]!.GetValue<long>();
        var heard = new List<long>();
        while (heard is not [.., var newest] || newest < last)
        {
            var next = await stream.NextAsync();
            if (next.Name == "directive")
            {
                heard.Add(next.Id!.Value);
            }
        }

        Assert.Equal([], heard.Intersect(cancelled));
        Assert.Equal(61, heard.Count + cancelled.Count);
    }

    /// <summary>The code of a sign-in is traded at whichever node the page reaches.</summary>
    [Fact]
    public async Task SignInCode_OfOneNode_IsTradedOnTheOther_Once()
    {
        await using var one = await MeshHost.StartNodeAsync("one");
        await using var two = await one.StartBesideAsync("two");
        var code = (await one.PostAsync("keys/codes", "{}")).Json["code"]!.GetValue<string>();
        var traded = await two.PostAsync("keys/codes/trade", $$"""{"code":"{{code}}"}""", "");
        Assert.Equal(201, traded.Status);
        (await one.GetAsync("alive", traded.Json["token"]!.GetValue<string>())).ShouldBeOk();
        (await one.PostAsync("keys/codes/trade", $$"""{"code":"{{code}}"}""", "")).ShouldBeProblem(401, "unauthenticated");
    }

    /// <summary>Whichever node trims the log, each says where it begins.</summary>
    [Fact]
    public async Task Log_ThatIsTrimmedByOneNode_BeginsLaterOnTheOther()
    {
        await using var one = await MeshHost.StartNodeAsync("one");
        await using var two = await one.StartBesideAsync("two");
        for (var i = 0; i < 5; i++)
        {
            await one.RegisterAsync($"a{i}");
        }

        await one.RunSqlAsync($"UPDATE changes SET at = 1 WHERE revision <= 3");
        var oldest = (await one.PostAsync("admin/compact")).ShouldBeOk().Json["oldest_revision"]!.GetValue<long>();
        Assert.Equal(4, oldest);
        await Eventually.True(
            async () => (await two.GetAsync("audit")).Json["oldest_revision"]!.GetValue<long>() == oldest, () => "the other node knows it");
    }
}
