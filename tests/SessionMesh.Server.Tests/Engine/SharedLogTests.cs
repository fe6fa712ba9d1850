using SessionMesh.Contracts.Errors;
using SessionMesh.Core;
using SessionMesh.Core.Agents;
using SessionMesh.Core.Audit;
using SessionMesh.Core.State;
using SessionMesh.Core.Steering;
using SessionMesh.Server.Store;

namespace SessionMesh.Server.Tests.Engine;

/// <summary>The engine on a log that others write faster than it can look.</summary>
public sealed class SharedLogTests
{
    /// <summary>What was there when it was asked is looked at once; what comes later is of a later moment.</summary>
    [Fact]
    public async Task Refusal_WhileOthersWriteAllTheTime_CostsOneLook_AndNoPlaceInTheQueue()
    {
        RestlessLog? log = null;
        using var rig = new EngineRig((inner, state) => log = new RestlessLog(inner, state));
        var steer = new SteerAgent
        {
            Actor = Actors.Mesh, AgentId = "nobody", Message = new Message { Verb = Verb.Steer, Direction = "d", Ttl = 60 },
        };
        var refused = await rig.Engine.ExecuteAsync(steer, Origin.Mesh);
        Assert.Equal(ErrorCodes.AgentNotFound, refused.Error!.Code);
        Assert.Equal((1, 0), (log!.Looks, log.Queued));
    }

    /// <summary>One that was registered by then is found.</summary>
    [Fact]
    public async Task Agent_ThatAnotherHasRegisteredBeforeTheQuestion_IsFound()
    {
        using var rig = new EngineRig((inner, state) => new RestlessLog(inner, state));
        var steer = new SteerAgent
        {
            Actor = Actors.Mesh, AgentId = "theirs-1", Message = new Message { Verb = Verb.Steer, Direction = "d", Ttl = 60 },
        };
        Assert.Equal(ErrorCodes.NotAlive, (await rig.Engine.ExecuteAsync(steer, Origin.Mesh)).Error!.Code); // it is declared
    }

    /// <summary>Each look finds a batch of another process that was not there before; the twentieth is the last of them.</summary>
    private sealed class RestlessLog(IMeshLog inner, MeshState state) : IMeshLog
    {
        public bool IsShared => true;
        public long Stands { get; private set; }
        public int Looks { get; private set; }
        public int Queued { get; private set; }

        public IReadOnlyList<Change> Begin(long revision) => [];

        public IReadOnlyList<Change> Look(long revision)
        {
            if (++Looks > 20)
            {
                return [];
            }

            var theirs = new MeshDraft(state, new Moment(1_800_000_000_000 + Looks, Looks));
            new DeclareAgent { Actor = Actors.Mesh, AgentId = $"theirs-{Looks}", Profile = new Profile() }.Decide(theirs);
            Assert.Equal(CommitOutcome.Committed, inner.Commit(theirs).Outcome);
            Stands = theirs.Revision;
            return theirs.Changes;
        }

        public IReadOnlyList<Change> Queue(long revision)
        {
            Queued++;
            return Look(revision);
        }

        public CommitResult Commit(MeshDraft draft) => inner.Commit(draft);
        public CommitResult Resolve(MeshDraft draft) => inner.Resolve(draft);
        public void Dispose() => inner.Dispose();
    }
}
