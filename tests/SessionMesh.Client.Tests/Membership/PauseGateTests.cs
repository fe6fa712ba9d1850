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
        var gate = new PauseGate((directive, _, _) => _acknowledged.Enqueue(directive.Seq), _ => false);
        gate.Pause(Pause(1));
        var passing = Later.Run(() => gate.PassAsync(CancellationToken.None, CancellationToken.None), out var later);
        Assert.Equal([1], _acknowledged);
        gate.Resume();
        gate.Pause(Pause(2));
        Assert.Equal([1], _acknowledged); // whom the first has held is on its way
        await later.GoOnAsync();
        Assert.Equal([1, 2], _acknowledged);
        Assert.True(gate.IsPaused);
        gate.Resume();
        await later.GoOnAsync();
        Assert.True(await passing);
        Assert.Equal([1, 2], _acknowledged);
    }

    /// <summary>Whoever was let go before the next pause is through.</summary>
    [Fact]
    public async Task Pause_AfterAResumeThatWasHeard_HoldsNobody()
    {
        var gate = new PauseGate((directive, _, _) => _acknowledged.Enqueue(directive.Seq), _ => false);
        gate.Pause(Pause(1));
        var passing = gate.PassAsync(CancellationToken.None, CancellationToken.None);
        gate.Resume();
        Assert.True(await passing);
        gate.Pause(Pause(2));
        Assert.Equal([1], _acknowledged);
        Assert.True(gate.IsPaused);
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

    /// <summary>What was awaited goes on when the test says so.</summary>
    private sealed class Later : SynchronizationContext
    {
        private readonly ConcurrentQueue<(SendOrPostCallback Callback, object? State)> _posted = new();

        public static Task<T> Run<T>(Func<Task<T>> begin, out Later later)
        {
            var before = Current;
            SetSynchronizationContext(later = new Later());
            try
            {
                return begin();
            }
            finally
            {
                SetSynchronizationContext(before);
            }
        }

        public override void Post(SendOrPostCallback d, object? state) => _posted.Enqueue((d, state));

        public async Task GoOnAsync()
        {
            (SendOrPostCallback Callback, object? State) next = default;
            await Eventually.True(() => _posted.TryDequeue(out next), () => "it goes on");
            var before = Current;
            SetSynchronizationContext(this);
            try
            {
                next.Callback!(next.State);
            }
            finally
            {
                SetSynchronizationContext(before);
            }
        }
    }
}
