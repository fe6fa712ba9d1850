namespace SessionMesh.Cli.Tests.Balance;

/// <summary>
/// Several balancers with the same rules: one acts, and nobody is acted on twice, whatever happens to it or to the server.
/// </summary>
public sealed class ElectionTests
{
    private const string Rules = """
        rules:
          - name: shed
            select: all
            when: {load: {above: 0.8}, for: 30s}
            do: {steer: {direction: west}}
            at_most: 50
            cool_down: 10m
        """;

    private const int Every = BalancedMesh.Every;

    [Fact]
    public async Task TwoBalancers_UnderAServerRestart_ActOnce()
    {
        await using var mesh = await BalancedMesh.StartAsync();
        await mesh.FleetAsync(200);
        await mesh.LoadAsync(0.9, Enumerable.Range(0, 200));
        using var first = await mesh.BeginAsync(Rules);
        await mesh.PassAsync(1);
        using var second = await mesh.BeginAsync(Rules);
        await mesh.PassAsync(2 * Every);
        Assert.Equal(50, (await mesh.ActsAsync("shed")).Count);

        await mesh.StopAsync();
        await mesh.PassAsync(Every + 10);
        await mesh.BootAsync();
        await mesh.LoadAsync(0.9, Enumerable.Range(0, 200));
        await mesh.PassAsync(8 * Every);

        var acts = await mesh.ActsAsync("shed");
        Assert.Equal(Enumerable.Range(0, 200).Select(i => $"directive.issued a{i:000}"), acts.Order());
        var row = await mesh.CallAsync(HttpMethod.Get, "agents/balance.rules");
        Assert.Equal(("alive", 1), (row["status"]!.GetValue<string>(), row["incarnation"]!.GetValue<int>()));

        // The one who acts ends in order; the other takes over, and knows what was done.
        await mesh.CallAsync(HttpMethod.Delete, "agents/balance.rules");
        await mesh.PassAsync(Every);
        var ran = await first.EndAsync();
        Assert.Equal((0, 200), (ran.Code, ran.Out.Count(c => c == '\n')));
        await mesh.PassAsync(5 * Every);
        Assert.Equal(200, (await mesh.ActsAsync("shed")).Count);
        Assert.Equal(2, (await mesh.CallAsync(HttpMethod.Get, "agents/balance.rules"))["incarnation"]!.GetValue<int>());

        var other = await BalanceTests.EndAsync(mesh, second);
        Assert.Equal("", other.Out);
        Assert.StartsWith("waiting to be balance.rules: another balancer is\n", other.Error, StringComparison.Ordinal);
        Assert.Contains("\nthis is balance.rules now: 1 rule, every 17s\n", other.Error, StringComparison.Ordinal);
        Assert.Equal(1, other.Error.Split("waiting").Length - 1);
    }

    /// <summary>
    /// It is stopped in the midst of its acts, past its lease; when it goes on, another has the lease, and has done what was due.
    /// </summary>
    [Fact]
    public async Task HolderThatIsStopped_DoesNotActWhenItGoesOn()
    {
        await using var mesh = await BalancedMesh.StartAsync();
        await mesh.FleetAsync(5);
        await mesh.LoadAsync(0.9, Enumerable.Range(0, 5));
        using var first = await mesh.BeginAsync(Rules, wire: wire => wire.Hold = ("/steers", After: 0));
        await mesh.PassAsync(2 * Every);
        Assert.True(first.Wire.IsHolding); // one act is under way, and the others are done
        using var second = await mesh.BeginAsync(Rules);
        await mesh.PassAsync(7 * Every); // the lease is three intervals
        Assert.Equal(5, (await mesh.ActsAsync("shed")).Count);
        first.Wire.LetGo();
        await mesh.PassAsync(4 * Every);

        Assert.Equal(Enumerable.Range(0, 5).Select(i => $"directive.issued a{i:000}"), (await mesh.ActsAsync("shed")).Order());
        var other = await BalanceTests.EndAsync(mesh, second);
        Assert.Equal(1, other.Out.Count(c => c == '\n'));
        await mesh.PassAsync(2 * Every);
        var ran = await BalanceTests.EndAsync(mesh, first);
        Assert.Equal(4, ran.Out.Count(c => c == '\n'));
        Assert.Contains(
            "the lease is lost: it had lapsed, and another balancer took over; waiting to be balance.rules again\n",
            ran.Error, StringComparison.Ordinal);
        Assert.Equal(2, ran.Error.Split("this is balance.rules now").Length - 1);
    }

    /// <summary>
    /// It is stopped between its last look at the lease and the sending, where no lease helps: the mesh knows the act, and does not do it
    /// again.
    /// </summary>
    [Fact]
    public async Task ActThatIsSentLate_IsNotDoneTwice()
    {
        await using var mesh = await BalancedMesh.StartAsync();
        await mesh.FleetAsync(1);
        await mesh.LoadAsync(0.9, 0);
        using var first = await mesh.BeginAsync(
            Rules, wire: wire => (wire.Hold, wire.SendsLate) = (("/steers", After: 0), true));
        await mesh.PassAsync(2 * Every);
        Assert.True(first.Wire.IsHolding);
        using var second = await mesh.BeginAsync(Rules);
        await mesh.PassAsync(7 * Every);
        Assert.Equal(["directive.issued a000"], await mesh.ActsAsync("shed"));
        first.Wire.LetGo();
        await mesh.PassAsync(2 * Every);

        Assert.Equal(["directive.issued a000"], await mesh.ActsAsync("shed"));
        await BalanceTests.EndAsync(mesh, second);
        await mesh.PassAsync(2 * Every);
        await BalanceTests.EndAsync(mesh, first);
    }

    /// <summary>
    /// What nobody answered is sent again under the key that it went out with first, though a stretch of the cool-down has ended since.
    /// </summary>
    [Fact]
    public async Task ActWhoseAnswerIsLost_OverTheEndOfAStretch_IsNotDoneTwice()
    {
        await using var mesh = await BalancedMesh.StartAsync();
        await mesh.FleetAsync(1);
        using var balancer = await mesh.BeginAsync(Rules, wire: wire => wire.LosesAnswers = true);
        var left = 600 - (int)(mesh.Time.GetUtcNow().ToUnixTimeSeconds() % 600);
        await mesh.PassAsync(left - 60); // a look at the latest 17 s from here, and another 34 s later, which is before the end
        await mesh.LoadAsync(0.9, 0);
        await mesh.PassAsync(55);
        Assert.Contains("POST /steers", balancer.Wire.Calls);
        await mesh.PassAsync(3 * Every);
        balancer.Wire.LosesAnswers = false;
        await mesh.PassAsync(4 * Every);

        Assert.Equal(["directive.issued a000"], await mesh.ActsAsync("shed"));
        await BalanceTests.EndAsync(mesh, balancer);
    }

    /// <summary>One that is killed by the system says nothing: its lease lapses.</summary>
    [Fact]
    public async Task HolderThatDies_IsReplaced_WithinItsLeaseAndAHalf()
    {
        await using var mesh = await BalancedMesh.StartAsync();
        using var first = await mesh.BeginAsync(Rules);
        await mesh.PassAsync(1);
        using var second = await mesh.BeginAsync(Rules);
        await mesh.PassAsync(Every);
        first.Wire.IsCut = true;
        await mesh.PassAsync((3 * Every) + (Every / 2) + 1);

        Assert.Equal(2, (await mesh.CallAsync(HttpMethod.Get, "agents/balance.rules"))["incarnation"]!.GetValue<int>());
        await BalanceTests.EndAsync(mesh, second);
    }

    [Fact]
    public async Task Paused_ItHoldsTheLease_AndDoesNotAct()
    {
        await using var mesh = await BalancedMesh.StartAsync();
        await mesh.FleetAsync(1);
        await mesh.LoadAsync(0.9, 0);
        using var running = await mesh.BeginAsync(Rules);
        await mesh.PassAsync(1);
        await mesh.CallAsync(HttpMethod.Post, "steer", """{"agent_id":"balance.rules","verb":"pause"}""");
        await mesh.CallAsync(HttpMethod.Post, "steer", """{"agent_id":"balance.rules","direction":"west"}""");
        await mesh.PassAsync(5 * Every);
        Assert.Empty(await mesh.ActsAsync("shed"));
        var row = await mesh.CallAsync(HttpMethod.Get, "agents/balance.rules");
        Assert.Equal(
            ("alive", true, 0),
            (row["status"]!.GetValue<string>(), row["paused"]!.GetValue<bool>(), row["pending"]!.GetValue<int>()));
        await mesh.CallAsync(HttpMethod.Post, "steer", """{"agent_id":"balance.rules","verb":"resume"}""");
        await mesh.PassAsync(4 * Every);
        Assert.Equal(["directive.issued a000"], await mesh.ActsAsync("shed"));
        var ran = await BalanceTests.EndAsync(mesh, running);
        Assert.Equal(
            """
            this is balance.rules now: 1 rule, every 17s
            balance.rules is paused: it does nothing until it is resumed
            resumed
            balance.rules was told to stop; it ends

            """,
            ran.Error);
    }
}
