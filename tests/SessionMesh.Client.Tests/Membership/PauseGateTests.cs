using System.Collections.Concurrent;
using SessionMesh.Client.Membership;
using SessionMesh.Contracts.Steering;

namespace SessionMesh.Client.Tests;

public sealed class PauseGateTests
{
    private readonly ConcurrentQueue<long> _acknowledged = new();

    /// <summary>Whoever the first pause held is not held by the second until it has come to the gate again.</summary>
    [Fact]
    public async Task Pause_RightAfterAResume_HoldsAgain_AndIsAcknowledgedForThatAlone()
    {
        for (var round = 0; round < 200; round++)
        {
            _acknowledged.Clear();
            var gate = new PauseGate((directive, _, _) => _acknowledged.Enqueue(directive.Seq), _ => false);
            gate.Pause(Pause(1));
            var passing = gate.PassAsync(CancellationToken.None, CancellationToken.None);
            Assert.Equal([1], _acknowledged);
            gate.Resume();
            gate.Pause(Pause(2));
            await Eventually.True(() => _acknowledged.Contains(2), () => "the second pause holds somebody");
            Assert.True(gate.IsPaused);
            Assert.False(passing.IsCompleted);
            gate.Resume();
            Assert.True(await passing);
            Assert.Equal([1, 2], _acknowledged);
        }
    }

    private static Directive Pause(long seq) => new()
    {
        DirectiveId = $"d-{seq}",
        AgentId = "a",
        Seq = seq,
        Verb = DirectiveVerb.Pause,
        State = DirectiveState.Delivered,
        IssuedBy = "k",
        IssuedAt = DateTimeOffset.UnixEpoch,
        ExpiresAt = DateTimeOffset.UnixEpoch,
    };
}
