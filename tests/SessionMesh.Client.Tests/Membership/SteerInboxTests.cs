using SessionMesh.Contracts.Steering;
using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Client.Tests;

/// <summary>Steers that an agent takes when it comes to them.</summary>
public sealed class SteerInboxTests : IAsyncLifetime
{
    private readonly FakeTime _time = new();

    /// <summary>This machine's, which is three hours fast.</summary>
    private readonly FakeTime _ours = new();
    private RealMesh _mesh = null!;
    private MeshAgent _agent = null!;

    public async Task InitializeAsync()
    {
        _mesh = await RealMesh.StartAsync(_time);
        _ours.JumpWall(TimeSpan.FromHours(3));
        _agent = await MeshAgent.ConnectAsync(
            new MeshAgentOptions { AgentId = "a1", Client = _mesh.Options with { TimeProvider = _ours } });
    }

    public async Task DisposeAsync()
    {
        await _agent.DisposeAsync();
        await _mesh.DisposeAsync();
    }

    [Fact]
    public async Task Steers_WaitInOrder_AreHandedOutOnce_AndAnsweredFor()
    {
        string[] told = [await _mesh.TellAsync("a1"), await _mesh.TellAsync("a1"), await _mesh.TellAsync("a1")];
        var taken = await TakeAsync(3);
        Assert.Equal([1, 2, 3], taken.Select(steer => steer.Seq));
        Assert.Empty(_agent.TakeSteers());

        _agent.Reject(taken[1], "not there");
        _agent.Acknowledge(taken[0]);
        _agent.Acknowledge(taken[0], "twice");
        _agent.GiveBack([taken[2], taken[1]]);
        _agent.GiveBack([taken[2]]);

        await _mesh.BecomesAsync(told[0], "acknowledged");
        await _mesh.BecomesAsync(told[1], "rejected");
        Assert.Equal(["steer acknowledged", "steer rejected: not there", "steer delivered"], await _mesh.HistoryAsync("a1"));
        Assert.Equal([3], _agent.TakeSteers().Select(steer => steer.Seq));
    }

    [Fact]
    public async Task Steers_AreTakenUpToABound_AndOneAtLeast()
    {
        for (var i = 0; i < 3; i++)
        {
            await _mesh.BecomesAsync(await _mesh.TellAsync("a1", more: $$""","message":"{{new string('m', 100)}}" """), "delivered");
        }

        await Eventually.True(
            () =>
            {
                var all = _agent.TakeSteers();
                _agent.GiveBack(all);
                return all.Count == 3;
            },
            () => "all are there");
        Assert.Equal([1, 2], _agent.TakeSteers(250).Select(steer => steer.Seq));
        Assert.Equal([3], _agent.TakeSteers(1).Select(steer => steer.Seq));
    }

    /// <summary>By the server's clock, whatever this machine's shows.</summary>
    [Fact]
    public async Task Steer_ThatHasExpired_IsNotTaken()
    {
        var steer = await _mesh.TellAsync("a1", more: ""","ttl":5""");
        await _mesh.BecomesAsync(steer, "delivered");
        _agent.GiveBack(await TakeAsync(1));

        _ours.Advance(TimeSpan.FromSeconds(5));

        Assert.Empty(_agent.TakeSteers());
    }

    private async Task<IReadOnlyList<Directive>> TakeAsync(int count)
    {
        List<Directive> taken = [];
        await Eventually.True(
            () =>
            {
                taken.AddRange(_agent.TakeSteers());
                return taken.Count >= count;
            },
            () => $"{count} are taken");
        return taken;
    }
}
