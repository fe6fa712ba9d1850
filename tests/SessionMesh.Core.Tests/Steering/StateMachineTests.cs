using System.Globalization;
using SessionMesh.Core.Agents;
using SessionMesh.Core.Audit;
using SessionMesh.Core.State;
using SessionMesh.Core.Steering;

namespace SessionMesh.Core.Tests.Steering;

/// <summary>
/// Random interleavings of steer, deliver, ack, expire, cancel, kill, exit, restart, supersede and revive, against a model drawn by
/// hand: the same answers and the same states after every step. A failing seed replays with <c>SESSION_MESH_SEED</c>.
/// </summary>
public sealed class StateMachineTests
{
    private const string Id = "agent";
    private const int Steps = 400;

    private readonly MeshState _state = new();
    private readonly ReferenceModel _model = new() { Now = 1_000_000 };
    private readonly Dictionary<long, DeliveryState> _final = [];
    private readonly Dictionary<long, DirectiveRecord> _directives = [];

    public static TheoryData<int> Seeds()
    {
        var given = Environment.GetEnvironmentVariable("SESSION_MESH_SEED");
        return given is not null
            ? [int.Parse(given, CultureInfo.InvariantCulture)]
            : [.. Enumerable.Range(1, 100).Append(Random.Shared.Next())];
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void RandomInterleaving_AgreesWithTheModel(int seed)
    {
        var random = new Random(seed);
        for (var step = 0; step < Steps; step++)
        {
            var (expected, actual) = Step(random);
            Assert.True(expected == actual, $"seed {seed}, step {step}: expected {expected ?? "success"}, got {actual ?? "success"}");
            AssertSameState(seed, step);
        }
    }

    private (string? Expected, string? Actual) Step(Random random)
    {
        int? incarnation = random.Next(2) == 0 ? null : random.Next(Math.Max(1, _model.Incarnation - 1), _model.Incarnation + 2);
        var seq = random.NextInt64(0, _model.Words.Count + 2);
        var grace = random.Next(20);
        var force = random.Next(3) == 0;
        switch (random.Next(13))
        {
            case 0 or 1:
                var takeover = random.Next(4) == 0;
                return (_model.Register(incarnation, takeover),
                    Run(new RegisterAgent
                    {
                        Actor = Actors.Mesh,
                        AgentId = Id,
                        Profile = new Profile { Ttl = 1_000_000 },
                        Incarnation = incarnation,
                        Takeover = takeover,
                    }));
            case 2:
                return (
                    _model.Beat(incarnation),
                    Run(new ReviveBySignOfLife { Actor = Actors.Mesh, AgentId = Id, Incarnation = incarnation, Beat = Beat.Empty }));
            case 3 or 4 or 5:
                var (verb, ttl, hold) = ((Verb)random.Next(3), random.Next(1, 60), random.Next(4) == 0);
                return (
                    _model.Steer(verb, ttl, hold),
                    Run(new SteerAgent
                    {
                        Actor = Actors.Mesh,
                        AgentId = Id,
                        Message = new Message { Verb = verb, Direction = "north", Ttl = ttl, Hold = hold },
                    }));
            case 6 when _state.Slots.Count > 0:
                var verbs = (VerbSet)random.Next((int)VerbSet.All + 1);
                _model.Deliver(seq, verbs);
                return (
                    null,
                    Run(new MarkDelivered
                    {
                        Actor = Actors.Mesh,
                        Number = 0,
                        After = 0,
                        UpTo = seq,
                        Verbs = verbs,
                        Revision = long.MaxValue,
                    }));
            case 7 or 8:
                var state = (DeliveryState)random.Next((int)DeliveryState.Accepted, (int)DeliveryState.Rejected + 1);
                return (
                    _model.Ack(seq, state, incarnation),
                    Run(new AckDirective { Actor = Actors.Mesh, AgentId = Id, Seq = seq, State = state, Incarnation = incarnation }));
            case 9 when _state.Slots.Count > 0:
                return (
                    _model.Cancel(seq), Run(new CancelDirective { Actor = Actors.Mesh, Number = 0, Seq = seq, Revision = long.MaxValue }));
            case 10:
                return (
                    _model.Kill(grace, force),
                    Run(new KillAgent { Actor = Actors.Mesh, AgentId = Id, Order = new StopOrder { Grace = grace, AtOnce = force } }));
            case 11:
                var exited = incarnation ?? Math.Max(1, _model.Incarnation);
                return (_model.Exit(exited), Run(new ReportExit { Actor = Actors.Mesh, AgentId = Id, Incarnation = exited }));
            case 12:
                return random.Next(4) == 0 ? (_model.Revive(), Run(new LiftTombstone { Actor = Actors.Mesh, AgentId = Id })) : Pass(random);
            default:
                return Pass(random);
        }
    }

    private (string?, string?) Pass(Random random)
    {
        _model.Now += random.Next(8) == 0 ? 10 * 60_000 : random.Next(10_000);
        if (random.Next(3) == 0)
        {
            return (null, null); // what it made due, nobody has looked at yet
        }

        _model.Sweep();
        return (null, _state.Slots.Count == 0 ? null : Run(new SweepDue { Actor = "mesh", Numbers = [0] }));
    }

    private string? Run<T>(Command<T> command)
    {
        // The leases are longer than the whole of this: they lapse in their own tests.
        var draft = new MeshDraft(_state, new Moment(_model.Now, _model.Now));
        var outcome = command.Decide(draft);
        foreach (var directive in draft.ChangedDirectives)
        {
            Assert.False(
                _final.ContainsKey(directive.Revision),
                $"directive {directive.Seq} was over ({_final.GetValueOrDefault(directive.Revision)}) and became {directive.State}");
            _directives[directive.Seq] = directive;
            if (!directive.State.IsPending())
            {
                _final[directive.Revision] = directive.State;
            }
        }

        draft.Commit();
        return outcome.Error?.Code;
    }

    private void AssertSameState(int seed, int step)
    {
        var where = $"seed {seed}, step {step}";
        if (_model.Liveness is null)
        {
            Assert.Null(_state.Find(Id));
            return;
        }

        var slot = _state.Find(Id)!;
        Assert.Equal(
            (where, _model.Liveness.Value, _model.Incarnation, _model.Paused, (long)_model.Words.Count),
            (where, slot.Agent.Liveness, slot.Agent.Incarnation, slot.Agent.Paused, slot.Inbox.LastSeq));
        Assert.Equal(_model.Words.Select(w => w.State), Enumerable.Range(1, _model.Words.Count).Select(seq => _directives[seq].State));
        Assert.Equal(
            _model.Words.Select((word, i) => (word, Seq: i + 1L)).Where(w => w.word.Pending).Select(w => w.Seq),
            slot.Inbox.Pending.Select(d => d.Seq));
        if (_model.Liveness == Liveness.Dead)
        {
            Assert.Equal((where, _model.Confirmed), (where, slot.Agent.LastExit!.Confirmed));
        }
    }
}
