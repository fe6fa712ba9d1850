using SessionMesh.Core;
using SessionMesh.Core.Agents;
using SessionMesh.Core.Audit;
using SessionMesh.Core.State;
using SessionMesh.Core.Steering;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Http;
using SessionMesh.Server.Store;
using SessionMesh.Server.Tests.Support;
using SQLitePCL;

namespace SessionMesh.Server.Tests.Engine;

/// <summary>A batch is a turn of the log: what a commit that does not simply succeed comes to.</summary>
public sealed class TurnTests
{
    [Fact]
    public async Task Commit_OfARowThatTheStoreRefuses_FailsItsCommandAlone_AndIsNotWorthARetry()
    {
        using var rig = new EngineRig();
        Task<Outcome<Registered>>[] calls;
        await using (await HeldEngine.HoldAsync(rig.Engine))
        {
            raw.sqlite3_limit(rig.Store.Handle, raw.SQLITE_LIMIT_LENGTH, 4000);
            calls = [.. Enumerable.Range(0, 9).Select(n => Declare(rig.Engine, $"a{n}", n is 2 or 7 ? new string('u', 5000) : null))];
        }

        var codes = (await Task.WhenAll(calls))
            .Select(outcome => outcome.Error is { } e ? $"{e.HttpStatus()} {e.Code} {e.RetryAfter}" : "").ToArray();
        Assert.Equal(["", "", "400 not_storable ", "", "", "", "", "400 not_storable ", ""], codes);
        Assert.Equal(["a0", "a1", "a3", "a4", "a5", "a6", "a8"], Ids(rig.State));
        Assert.Equal(Projection.OfMemory(rig.State), Projection.OfMemory(Projection.Reloaded(rig.Store)));
    }

    [Fact]
    public async Task Commit_ThatThrows_FailsTheCommandAtFaultAlone()
    {
        using var rig = new EngineRig((log, _) => new PoisonedLog(log));
        Task<Outcome<Registered>>[] calls;
        await using (await HeldEngine.HoldAsync(rig.Engine))
        {
            calls = [.. ((string[])["a", "poison", "b", "c"]).Select(id => Declare(rig.Engine, id))];
        }

        Assert.Equal([null, "internal", null, null], (await Task.WhenAll(calls)).Select(outcome => outcome.Error?.Code));
        Assert.Equal(["a", "b", "c"], Ids(rig.State));
    }

    [Fact]
    public async Task Batch_OfLargeCommands_IsTakenInTurnsOfABoundedSize_AndInOrder()
    {
        WatchedLog? watched = null;
        using var rig = new EngineRig((log, _) => watched = new WatchedLog(log));
        await Declare(rig.Engine, "a");
        await rig.Engine.ExecuteAsync(new RegisterAgent { Actor = Actors.Mesh, AgentId = "a", Profile = new Profile() }, Origin.Mesh);
        watched!.Commits.Clear();
        Task<Outcome<SteerOutcome>>[] calls;
        await using (await HeldEngine.HoldAsync(rig.Engine))
        {
            calls = [.. Enumerable.Range(0, 400).Select(n => Steer(rig.Engine, "a", new string((char)('a' + (n % 26)), 60_000)))];
        }

        var outcomes = await Task.WhenAll(calls);
        Assert.Equal(Enumerable.Range(1, 400).Select(n => (long)n), outcomes.Select(outcome => outcome.Value!.One!.Seq));
        var most = MeshEngine.MaxBytes + 61_000;
        Assert.All(watched.Commits, commit => Assert.InRange(commit.Weight, 1, most));
        Assert.Equal(400, watched.Commits.Sum(commit => commit.Changes));
        Assert.InRange(watched.Commits.Count, 3, 5);
    }

    [Fact]
    public async Task Batch_OfManyChanges_IsTakenInTurnsOfABoundedSize()
    {
        WatchedLog? watched = null;
        using var rig = new EngineRig((log, _) => watched = new WatchedLog(log));
        for (var n = 0; n < 1000; n++)
        {
            await rig.Engine.ExecuteAsync(
                new RegisterAgent { Actor = Actors.Mesh, AgentId = $"a{n}", Profile = new Profile() }, Origin.Mesh);
        }

        watched!.Commits.Clear();
        Task<Outcome<SteerOutcome>>[] calls;
        await using (await HeldEngine.HoldAsync(rig.Engine))
        {
            calls = [.. Enumerable.Range(0, 20).Select(_ => rig.Engine.ExecuteAsync(
                new SteerMany
                {
                    Actor = Actors.Mesh,
                    Selection = new Selection { Cluster = "default" },
                    Message = Message("x"),
                    Expect = 1000,
                }, Origin.Mesh))];
        }

        Assert.All(await Task.WhenAll(calls), outcome => Assert.Equal(1000, outcome.Value!.Many.Count));
        Assert.Equal([5000, 5000, 5000, 5000], watched.Commits.Select(commit => commit.Changes));
    }

    [Fact]
    public async Task Commit_ThatComesAfterAnothers_IsDecidedAgain_AndTheirsIsAppliedAndPublished()
    {
        BehindOnce? behind = null;
        using var rig = new EngineRig((log, state) => behind = new BehindOnce(log, state));
        var mine = await Declare(rig.Engine, "contested", "mine");
        Assert.False(mine.Value!.Created);
        Assert.Equal("theirs", mine.Value.Agent.User);
        Assert.Equal(["contested"], Ids(rig.State));
        Assert.Equal(
            ["agent.declared contested theirs"], rig.Feed.After(0, 1, 10)!.Select(c => $"{c.Kind} {c.Subject} {((AgentDeclared)c).User}"));
        Assert.Equal(1, behind!.Commits);
    }

    [Fact]
    public async Task Commit_WhoseOutcomeIsNotFoundOut_IsAnsweredSo_AndIsSeenOnceItIsKnown()
    {
        using var rig = new EngineRig((log, _) => new SilentLog(log));
        var first = await Declare(rig.Engine, "a");
        Assert.Equal((503, "outcome_unknown", 1), (first.Error!.HttpStatus(), first.Error!.Code, first.Error!.RetryAfter));
        Assert.Empty(Ids(rig.State));
        var again = await Declare(rig.Engine, "a");
        Assert.False(again.Value!.Created);
        Assert.Equal(1, rig.State.Revision);
        Assert.Equal(["agent.declared"], rig.Feed.After(0, 1, 10)!.Select(c => c.Kind));
    }

    [Fact]
    public async Task Engine_ThatEnds_AnswersEveryCallThatWasQueued()
    {
        for (var round = 0; round < 20; round++)
        {
            var rig = new EngineRig();
            using var go = new ManualResetEventSlim();
            var callers = Enumerable.Range(0, 4).Select(c => Task.Run(async () =>
            {
                go.Wait();
                for (var n = 0; n < 200; n++)
                {
                    var outcome = await Declare(rig.Engine, $"a{c}-{n}").WaitAsync(Eventually.Bound);
                    Assert.True(
                        outcome.Succeeded || outcome.Error is { Kind: ErrorKind.Unavailable, Code: "busy", RetryAfter: 1 },
                        outcome.Error?.Detail);
                }
            })).ToArray();
            go.Set();
            await Task.Yield();
            rig.Dispose();
            await Task.WhenAll(callers);
        }
    }

    [Fact]
    public void Queue_IsBoundedInWhatItsCommandsWeigh_ButTakesOneWhateverItWeighs()
    {
        using var queue = new WorkQueue(capacity: 10, bytes: 1000);
        Assert.True(queue.TryAdd(new Heavy(5000)));
        Assert.False(queue.TryAdd(new Heavy(1)));
        var taken = new List<WorkItem>();
        Assert.True(queue.Take(taken, 10));
        Assert.Equal((0, 0), (queue.Count, queue.Weight));
        Assert.True(queue.TryAdd(new Heavy(600)));
        Assert.False(queue.TryAdd(new Heavy(401)));
        Assert.True(queue.TryAdd(new Heavy(400)));
        Assert.Equal((2, 1000), (queue.Count, queue.Weight));
        queue.Take(taken, 10);
    }

    private static Task<Outcome<Registered>> Declare(MeshEngine engine, string id, string? user = null) =>
        engine.ExecuteAsync(new DeclareAgent { Actor = Actors.Mesh, AgentId = id, Profile = new Profile { User = user } }, Origin.Mesh);

    private static Task<Outcome<SteerOutcome>> Steer(MeshEngine engine, string id, string text) =>
        engine.ExecuteAsync(new SteerAgent { Actor = Actors.Mesh, AgentId = id, Message = Message(text) }, Origin.Mesh);

    private static Message Message(string text) => new() { Verb = Verb.Steer, Direction = "d", Text = text, Ttl = 60 };

    private static IEnumerable<string> Ids(MeshState state) => Enumerable.Range(0, state.Slots.Count).Select(n => state.Slots[n]!.Agent.Id);

    private sealed class Heavy(int weight) : WorkItem
    {
        public override int Weight => weight;

        public override void Decide(MeshDraft draft) => throw new NotSupportedException();

        public override void Complete() => throw new NotSupportedException();

        public override void Fail(Core.MeshError error) => throw new NotSupportedException();
    }

    private abstract class Around(IMeshLog inner) : IMeshLog
    {
        protected IMeshLog Inner => inner;

        public virtual IReadOnlyList<Change> Begin(long revision) => inner.Begin(revision);

        public virtual CommitResult Commit(MeshDraft draft) => inner.Commit(draft);

        public virtual CommitResult Resolve(MeshDraft draft) => inner.Resolve(draft);

        public void Dispose() => inner.Dispose();
    }

    private sealed class PoisonedLog(IMeshLog inner) : Around(inner)
    {
        public override CommitResult Commit(MeshDraft draft) =>
            draft.Changes.Any(c => c.Subject == "poison") ? throw new ArgumentException(
                "a text of 166,666,667 characters") : base.Commit(draft);
    }

    private sealed class WatchedLog(IMeshLog inner) : Around(inner)
    {
        public List<(int Changes, long Weight)> Commits { get; } = [];

        public override CommitResult Commit(MeshDraft draft)
        {
            Commits.Add((draft.Changes.Count, draft.Weight));
            return base.Commit(draft);
        }
    }

    private sealed class BehindOnce(IMeshLog inner, MeshState state) : Around(inner)
    {
        public int Commits { get; private set; }

        public override CommitResult Commit(MeshDraft draft)
        {
            if (++Commits > 1)
            {
                return base.Commit(draft);
            }

            var theirs = new MeshDraft(state, draft.Now);
            new DeclareAgent { Actor = Actors.Mesh, AgentId = "contested", Profile = new Profile { User = "theirs" } }.Decide(theirs);
            base.Commit(theirs);
            return CommitResult.Behind(theirs.Changes);
        }
    }

    /// <summary>Commits, and then says nothing: the first time.</summary>
    private sealed class SilentLog(IMeshLog inner) : Around(inner)
    {
        private IReadOnlyList<Change> _unseen = [];
        private bool _spoke;

        public override IReadOnlyList<Change> Begin(long revision)
        {
            var missed = _unseen;
            _unseen = [];
            return missed;
        }

        public override CommitResult Commit(MeshDraft draft)
        {
            base.Commit(draft);
            _unseen = _spoke ? [] : draft.Changes;
            var result = _spoke ? CommitResult.Committed : CommitResult.Unknown;
            _spoke = true;
            return result;
        }

        public override CommitResult Resolve(MeshDraft draft) => CommitResult.Unknown;
    }
}
