using SessionMesh.Server.Engine;
using SessionMesh.Server.Tests.Engine;
using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.Nodes;

/// <summary>
/// <c>GET /admin/digest</c>. That it sees every member is shown beside the records, that applied and loaded states are equal in the
/// engine's property tests.
/// </summary>
public sealed class DigestTests
{
    [Fact]
    public async Task Digest_ChangesWithEachChange_AndWithNothingElse()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        var first = (await mesh.GetAsync("admin/digest")).ShouldBeDigest(mesh.Revision);

        await mesh.PostAsync("agents/a/heartbeat", """{"activity":"working","load":0.5,"note":"n"}""");
        await using (await mesh.ListenAsync("agents/a/directives"))
        {
            await mesh.AdvanceAsync(1);
            Assert.Equal(first, (await mesh.GetAsync("admin/digest")).ShouldBeDigest(mesh.Revision));
        }

        await mesh.SteerAsync("a");
        Assert.NotEqual(first, (await mesh.GetAsync("admin/digest")).ShouldBeDigest(mesh.Revision));
    }

    [Fact]
    public async Task Digest_AfterARestart_IsWhatItWas()
    {
        await using var mesh = await MeshHost.StartAsync();
        await AssertSameAfterARestartAsync(mesh);
    }

    [Fact]
    public async Task Digest_AfterARestartOnPostgres_IsWhatItWas()
    {
        await using var mesh = await MeshHost.StartOnPostgresAsync();
        await AssertSameAfterARestartAsync(mesh);
    }

    /// <summary>Three nodes that write at the same time, and one that loads what they have written.</summary>
    [Fact]
    public async Task Digest_OfNodesThatAllWrite_IsOne()
    {
        await using var one = await MeshHost.StartNodeAsync("one");
        await using var two = await one.StartBesideAsync("two");
        await using var three = await one.StartBesideAsync("three");
        List<MeshHost> nodes = [one, two, three];
        var seed = Random.Shared.Next();
        var commands = nodes.Select((node, i) => new RandomCommands(new Random(seed + i), node.Engine)).ToList();
        for (var round = 0; round < 20; round++)
        {
            var codes = await Task.WhenAll(commands.Select(from => Task.Run(async () =>
            {
                var codes = new List<string?>();
                for (var batch = 0; batch < 10; batch++)
                {
                    codes.AddRange(await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => from.Next())));
                }

                return codes;
            })));
            Assert.DoesNotContain("internal", codes.SelectMany(code => code));
            await AssertOneAsync(nodes, seed);
        }

        await using var four = await one.StartBesideAsync("four");
        await AssertOneAsync([.. nodes, four], seed);
    }

    /// <summary>
    /// A node that followed held the text once for each directive, did not know that it was kept for many, and wrote it into the row of
    /// each that it moved on.
    /// </summary>
    [Fact]
    public async Task Digest_AfterAMessageToMany_IsOne_AndTheOtherNodeShowsTheMessage()
    {
        await using var one = await MeshHost.StartNodeAsync("one");
        await using var two = await one.StartBesideAsync("two");
        await one.RegisterAsync("a");
        await one.RegisterAsync("b");
        var message = new string('m', 2000);
        await using var events = await two.ListenAsync("events?kind=directive.issued");
        (await one.PostAsync("steer", $$"""
            {"selector":{"cluster":"default"},"expect":2,"direction":"north","message":"{{message}}"}
            """)).ShouldBeOk();
        foreach (var agent in new[] { "a", "b" })
        {
            var heard = (await events.NextAsync()).Json;
            Assert.Equal(
                ("directive.issued", agent, message),
                (heard["kind"]!.GetValue<string>(), heard["subject"]!.GetValue<string>(), heard["message"]!.GetValue<string>()));
        }

        await AssertOneAsync([one, two]);
        (await two.PostAsync("agents/a/directives/1/ack", """{"state":"accepted"}""")).ShouldBeOk();
        await using var three = await one.StartBesideAsync("three");
        await AssertOneAsync([one, two, three]);
        Assert.Same(
            two.State.Find("a")!.Inbox.Pending.Single().Message, two.State.Find("b")!.Inbox.Pending.Single().Message);
    }

    [Fact]
    public async Task Digest_OfARevisionToCome_WaitsForIt()
    {
        await using var mesh = await MeshHost.StartAsync();
        var next = mesh.Revision + 1;
        var waiting = mesh.GetAsync($"admin/digest?revision={next}");
        await FollowersAsync(mesh, 1);
        await mesh.RegisterAsync("a");
        Assert.Equal(next, mesh.Revision);
        var digest = (await waiting).ShouldBeDigest(next);
        Assert.Equal(digest, (await mesh.GetAsync($"admin/digest?revision={next}")).ShouldBeDigest(next));
        Assert.Equal(digest, (await mesh.GetAsync("admin/digest")).ShouldBeDigest(next));
        await FollowersAsync(mesh, 0);
    }

    [Fact]
    public async Task Digest_OfARevisionThatDoesNotCome_IsRefusedAfterTwoSeconds()
    {
        await using var mesh = await MeshHost.StartAsync();
        var waiting = mesh.GetAsync($"admin/digest?revision={mesh.Revision + 2}");
        await FollowersAsync(mesh, 1);
        await mesh.RegisterAsync("a"); // a change on the way makes the wait no longer
        await mesh.AdvanceAsync(1);
        Assert.False(waiting.IsCompleted);
        var refused = (await mesh.AdvanceUntilAsync(waiting, 1)).ShouldBeProblem(503, "behind", ",\"retry_after\":1");
        Assert.Equal("1", refused.Headers["Retry-After"]);
        Assert.Contains($"is at revision {mesh.Revision}, and has not reached {mesh.Revision + 1}", refused.Text, StringComparison.Ordinal);
        await FollowersAsync(mesh, 0);
    }

    [Theory]
    [InlineData("x")]
    [InlineData("-1")]
    [InlineData("9223372036854775808")]
    public async Task Digest_OfWhatIsNoRevision_IsRefused(string revision)
    {
        await using var mesh = await MeshHost.StartAsync();
        (await mesh.GetAsync($"admin/digest?revision={revision}")).ShouldBeProblem(400, "invalid_request", ",\"errors\":\"*\"")
            .ShouldBlame("?revision");
    }

    [Fact]
    public async Task Digest_OfARevisionThatIsPast_SaysWhatToDo()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        var refused = (await mesh.GetAsync($"admin/digest?revision={mesh.Revision - 1}")).ShouldBeProblem(409, "revision_passed");
        Assert.Contains($"is at revision {mesh.Revision}, past {mesh.Revision - 1}", refused.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Digest_BesideAnother_IsRefused_AndCommandsGoFirst()
    {
        await using var mesh = await MeshHost.StartAsync();
        Task<Reply> digest;
        Task<Reply> register;
        await using (await HeldEngine.HoldAsync(mesh))
        {
            List<Task<Reply>> both = [mesh.GetAsync("admin/digest"), mesh.GetAsync("admin/digest")];
            var refused = await Task.WhenAny(both).WaitAsync(Eventually.Bound);
            Assert.Equal("1", (await refused).ShouldBeProblem(429, "busy", ",\"retry_after\":1").Headers["Retry-After"]);
            digest = both.Single(call => call != refused);
            register = mesh.PostAsync("agents", """{"agent_id":"a"}""");
            await Eventually.True(() => mesh.Engine.Queued > 0, () => "the command is queued");
        }

        Assert.Equal(201, (await register).Status);
        (await digest).ShouldBeDigest(mesh.Revision);
        (await mesh.GetAsync("admin/digest")).ShouldBeDigest(mesh.Revision);
    }

    private static async Task AssertSameAfterARestartAsync(MeshHost mesh)
    {
        var commands = new RandomCommands(new Random(7), mesh.Engine);
        for (var i = 0; i < 40; i++)
        {
            await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => commands.Next()));
            await mesh.AdvanceAsync(3);
        }

        var (revision, digest) = await DigestAsync(mesh);
        Assert.True(revision > 50, $"{revision} changes");
        await mesh.RestartAsync();
        Assert.Equal((revision, digest), await DigestAsync(mesh));
    }

    /// <summary>Once they stand at one revision, they have one digest. The judge goes on meanwhile, so that it is tried again.</summary>
    private static async Task AssertOneAsync(List<MeshHost> nodes, int seed = 0)
    {
        var digests = new List<(long Revision, string Digest)>();
        await Eventually.True(
            async () =>
            {
                digests = [.. await Task.WhenAll(nodes.Select(DigestAsync))];
                return digests.TrueForAll(digest => digest.Revision == digests[0].Revision);
            },
            () => $"all stand at one revision, and not at {string.Join(", ", digests.Select(digest => digest.Revision))}");
        Assert.True(digests.Distinct().Count() == 1, $"seed {seed}, revision {digests[0].Revision}: {string.Join(", ", digests)}");
    }

    /// <summary>As the call makes it; among the random commands are some that revoke the key to call with.</summary>
    private static async Task<(long Revision, string Digest)> DigestAsync(MeshHost mesh)
    {
        var snapshot = await mesh.Engine.ReadAsync(state => state.Snapshot());
        return (snapshot.Revision, snapshot.Digest());
    }

    private static Task FollowersAsync(MeshHost mesh, int expected) => Eventually.True(
        () => mesh.Service<Server.Push.ChangeFeed>().Followers == expected, () => $"{expected} follow the log");
}

file static class DigestReplies
{
    /// <summary>The digest of that revision.</summary>
    public static string ShouldBeDigest(this Reply reply, long revision)
    {
        Assert.True(reply.Status == 200, reply.Text);
        Assert.Equal(revision, reply.Json["revision"]!.GetValue<long>());
        var digest = reply.Json["digest"]!.GetValue<string>();
        Assert.Matches("^[0-9a-f]{64}$", digest);
        return digest;
    }
}
