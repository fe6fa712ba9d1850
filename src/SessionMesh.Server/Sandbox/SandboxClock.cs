using Microsoft.Data.Sqlite;
using SessionMesh.Contracts;
using SessionMesh.Core.Audit;
using SessionMesh.Server.Admin;
using SessionMesh.Server.Engine;

namespace SessionMesh.Server.Sandbox;

/// <summary>
/// Moves the clock of a sandbox, in the steps in which the server itself looks at it. What a step makes due is durable before the next, so
/// that the engine meets it as if the time had passed by itself.
/// </summary>
public sealed class SandboxClock(
    SandboxTime time, MeshEngine engine, LeaseKeeper keeper, Compactor compactor, IHostApplicationLifetime lifetime)
{
    /// <summary>Whether the clock may move by so much more; see <see cref="Limits.AdvanceDays"/>.</summary>
    public bool HasRoomFor(TimeSpan by) => time.Lead + by <= TimeSpan.FromDays(Limits.AdvanceDays);

    /// <summary>Completes when everything that became due is done and durable. A caller who goes away does not stop it.</summary>
    /// <exception cref="OperationCanceledException">The server is stopping; some of the time has passed.</exception>
    public async Task AdvanceAsync(TimeSpan by)
    {
        await time.AdvanceAsync(by, SettleAsync, lifetime.ApplicationStopping);
        keeper.Tick(); // its own next look may be most of a second away
        await SettleAsync();
        await CompactAsync(by >= Compactor.Every);
    }

    /// <summary>
    /// Completes when what was queued is durable. A step in which nothing is due costs no turn of the engine: in 30 days there are half a
    /// million.
    /// </summary>
    private async ValueTask SettleAsync()
    {
        while (!engine.IsIdle)
        {
            var turn = await engine.ExecuteAsync(new EmptyTurn { Actor = Actors.Mesh }, Origin.Mesh);
            await keeper.Expiring;
            if (turn.Succeeded)
            {
                return;
            }

            lifetime.ApplicationStopping.ThrowIfCancellationRequested();
            await Task.Yield(); // its queue is full
        }

        await keeper.Expiring;
    }

    /// <summary>Waits for the pass that the step began, and makes one for the time that it ended at.</summary>
    private async Task CompactAsync(bool isDue)
    {
        try
        {
            await compactor.Pass;
            if (isDue)
            {
                await compactor.RunAsync();
            }
        }
        catch (SqliteException)
        {
            // The next pass goes on.
        }
    }
}
