using SessionMesh.Contracts.Errors;
using SessionMesh.Core;
using SessionMesh.Core.Agents;
using SessionMesh.Core.Audit;
using SessionMesh.Core.Keys;
using SessionMesh.Core.State;
using SessionMesh.Server.Store;

namespace SessionMesh.Server.Tests.Engine;

/// <summary>A store without a reserve that is full.</summary>
public sealed class NoReserveTests
{
    [Fact]
    public async Task FullDisk_WithoutAReserve_RefusesWhatIsVitalToo()
    {
        FullLog? log = null;
        using var rig = new EngineRig((inner, _) => log = new FullLog(inner));
        var mint = new MintKey { Actor = Actors.Mesh, KeyId = "abcdefghjkmn", Hash = "h", Name = "k" };
        Assert.True((await rig.Engine.ExecuteAsync(mint, Origin.Mesh)).Succeeded);
        log!.IsFull = true;
        var revoked = await rig.Engine.ExecuteAsync(new Vital { Actor = Actors.Mesh }, Origin.Mesh);
        Assert.Equal(ErrorCodes.DiskFull, revoked.Error?.Code);
        log.IsFull = false;
        Assert.True((await rig.Engine.ExecuteAsync(mint with { KeyId = "abcdefghjkmp" }, Origin.Mesh)).Succeeded);
    }

    private sealed record Vital : Command<bool>
    {
        public override bool IsVital(MeshState state) => true;

        public override Outcome<bool> Decide(MeshDraft draft)
        {
            draft.Emit(new AdminRequested { Subject = "test" });
            return true;
        }
    }

    private sealed class FullLog(IMeshLog inner) : IMeshLog
    {
        public bool IsFull { get; set; }

        public IReadOnlyList<Change> Begin(long revision) => inner.Begin(revision);

        public CommitResult Commit(MeshDraft draft) =>
            IsFull ? new CommitResult(CommitOutcome.Failed, new IOException("full"), IsFull: true) : inner.Commit(draft);

        public CommitResult Resolve(MeshDraft draft) => inner.Resolve(draft);

        public void Dispose() => inner.Dispose();
    }
}
