using Microsoft.Data.Sqlite;
using SessionMesh.Contracts.Errors;
using SessionMesh.Core;
using SessionMesh.Core.Audit;
using SessionMesh.Core.State;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.Engine;

public sealed class UpkeepTests
{
    [Fact]
    public async Task Upkeep_LetsTheCommandsThatWaitGoFirst()
    {
        await using var mesh = await MeshHost.StartAsync();
        Task<long> upkeep;
        Task<Outcome<bool>>[] commands;
        await using (await HeldEngine.HoldAsync(mesh))
        {
            upkeep = mesh.Engine.UpkeepAsync(() => mesh.Revision);
            commands = [
                .. Enumerable.Range(0, 5).Select(_ => mesh.Engine.ExecuteAsync(
                    new NoteAdmin { Actor = Actors.Mesh, Operation = "check" }, Origin.Mesh)),
            ];
        }

        await Task.WhenAll(commands);
        Assert.Equal(6, await upkeep.WaitAsync(Eventually.Bound));
    }

    [Fact]
    public void Upkeep_BehindCommandsWithoutEnd_HasItsTurnAllTheSame()
    {
        using var queue = new WorkQueue(capacity: 10, bytes: 100);
        var upkeep = new UpkeepItem<bool>(() => true);
        queue.Add(upkeep);
        var batch = new List<WorkItem>();
        for (var turn = 1; turn <= WorkQueue.MostPassedOver; turn++)
        {
            Assert.True(queue.TryAdd(new Never()));
            Assert.True(queue.TryAdd(new Never()));
            batch.Clear();
            Assert.True(queue.Take(batch, 1));
            Assert.Equal(turn == WorkQueue.MostPassedOver ? upkeep : null, queue.TakeUpkeep());
            batch.Clear();
            Assert.True(queue.Take(batch, 1));
        }

        Assert.Null(queue.TakeUpkeep());
    }

    [Fact]
    public async Task Upkeep_OnAFullDisk_IsRefused_UnlessItOnlyReads()
    {
        var (writes, reads) = (new UpkeepItem<int>(() => 1), new UpkeepItem<int>(() => 2, writes: false));
        writes.Run(onReserve: true);
        reads.Run(onReserve: true);
        await Assert.ThrowsAsync<SqliteException>(() => writes.Done);
        Assert.Equal(2, await reads.Done);
    }

    [Fact]
    public async Task Upkeep_ThatThrows_TellsWhoAsked_AndTheEngineGoesOn()
    {
        await using var mesh = await MeshHost.StartAsync();
        await Assert.ThrowsAsync<InvalidDataException>(() => mesh.Engine.UpkeepAsync<bool>(() => throw new InvalidDataException("a bug")));
        await mesh.RegisterAsync("a");
        Assert.Equal(1, await mesh.Engine.UpkeepAsync(() => 1));
    }

    [Fact]
    public async Task Upkeep_OfAnEngineThatEnds_IsCancelled()
    {
        await using var mesh = await MeshHost.StartAsync();
        var engine = mesh.Engine;
        await mesh.StopAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => engine.UpkeepAsync(() => 1));
    }

    private sealed class Never : WorkItem
    {
        public override int Weight => 1;

        public override void Decide(MeshDraft draft) => throw new NotSupportedException();

        public override void Complete() => throw new NotSupportedException();

        public override void Fail(MeshError error) => throw new NotSupportedException(ErrorCodes.Internal);
    }
}
