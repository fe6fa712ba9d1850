using SessionMesh.Core.Agents;
using SessionMesh.Core.Audit;
using SessionMesh.Core.State;

namespace SessionMesh.Core.Tests.State;

public sealed class MeshDraftTests
{
    /// <summary>Found by the engine's property test: the parent's slot was not there yet when the child was linked.</summary>
    [Fact]
    public void Commit_ChildMovedBelowAnAgentNewerThanItself_IsLinked()
    {
        var state = new MeshState();
        var draft = new MeshDraft(state, new Moment(1_000, 1));
        Register("old", parent: null);
        Register("new", parent: null);
        new RegisterAgent
        {
            Actor = Actors.Mesh,
            AgentId = "old",
            Profile = new Profile { ParentId = "new" },
            Incarnation = 1,
        }.Decide(draft);

        draft.Commit();

        Assert.Equal([0], state.Forest.Children(1));
        Assert.Equal(1, state.Find("old")!.Agent.Parent);

        void Register(string id, string? parent) =>
            new RegisterAgent { Actor = Actors.Mesh, AgentId = id, Profile = new Profile { ParentId = parent } }.Decide(draft);
    }

    [Fact]
    public void Emit_AboveTheLevelThatEveryNodeCanRead_Throws()
    {
        Assert.Equal(1, ChangeCodec.Level);
        var draft = new MeshDraft(new MeshState(), new Moment(1_000, 1)) { Level = ChangeCodec.Level - 1 };
        Assert.Throws<InvalidOperationException>(() => new NoteAdmin { Actor = Actors.Mesh, Operation = "check" }.Decide(draft));
        Assert.Empty(draft.Changes);
    }

    [Fact]
    public void Drop_LeavesTheBaseAsItWas()
    {
        var state = new MeshState();
        var draft = new MeshDraft(state, new Moment(1_000, 1));
        new RegisterAgent { Actor = Actors.Mesh, AgentId = "a", Profile = new Profile() }.Decide(draft);

        Assert.Equal(1, draft.Revision);
        Assert.Equal(0, state.Revision);
        Assert.Equal(0, state.Slots.Count);
        Assert.Null(state.Find("a"));
    }
}
