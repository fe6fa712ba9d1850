using SessionMesh.Core;
using SessionMesh.Core.Audit;
using SessionMesh.Core.State;
using SessionMesh.Server.Engine;

namespace SessionMesh.Server.Tests.Support;

/// <summary>Holds the engine inside a batch until disposed: what is sent meanwhile queues behind it and is decided in one batch.</summary>
internal sealed class HeldEngine : IAsyncDisposable
{
    private readonly ManualResetEventSlim _release = new();
    private readonly TaskCompletionSource _held = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _turn = Task.CompletedTask;
    private MeshEngine? _engine;

    public static Task<HeldEngine> HoldAsync(MeshHost host) => HoldAsync(host.Engine);

    public static async Task<HeldEngine> HoldAsync(MeshEngine engine)
    {
        var held = new HeldEngine { _engine = engine };
        held._turn = engine.ExecuteAsync(new Hold { Actor = Actors.Mesh, Owner = held }, Origin.Mesh);
        await held._held.Task.WaitAsync(Eventually.Bound);
        return held;
    }

    /// <summary>Returns once so many commands wait behind it.</summary>
    public Task WaitingAsync(int commands) =>
        Eventually.True(() => _engine!.Queued >= commands, () => $"{commands} commands wait, and not {_engine!.Queued}");

    public async ValueTask DisposeAsync()
    {
        _release.Set();
        await _turn;
        _release.Dispose();
    }

    private sealed record Hold : Command<bool>
    {
        public required HeldEngine Owner { get; init; }

        public override Outcome<bool> Decide(MeshDraft draft)
        {
            Owner._held.TrySetResult();
            return Owner._release.Wait(Eventually.Bound);
        }
    }
}
