using SessionMesh.Contracts;
using SessionMesh.Contracts.Agents;
using SessionMesh.Core;
using SessionMesh.Core.Agents;
using SessionMesh.Core.Keys;
using SessionMesh.Core.Steering;
using SessionMesh.Server.Audit;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Http;
using SessionMesh.Server.Steering;
using SessionMesh.Server.Telemetry;

namespace SessionMesh.Server.Agents;

/// <summary>
/// <c>POST /heartbeats</c>: many agents in one call. Each entry is independent: one that is refused does not refuse the others. Acks are
/// taken as in a single heartbeat.
/// </summary>
public sealed class BatchedHeartbeats(MeshEngine engine, ProblemWriter problems, RefusalLog refusals, MeshMetrics metrics)
{
    public async Task Beat(HttpContext http)
    {
        var parsed = await RequestBody.ReadJsonAsync(http, MeshJson.Default.HeartbeatsRequest, optional: false, hash: false);
        var error = parsed.Error ?? IdempotencyHeader.Check(http) ?? http.GetKey().CheckStillValid(engine) ?? Validate(parsed.Value!);
        if (error is not null)
        {
            await problems.WriteAsync(http, error);
            return;
        }

        await Answers.WriteAsync(http, await TakeAsync(http, parsed.Value!.Agents!), MeshJson.Default.HeartbeatsAnswer);
    }

    private static MeshError? Validate(HeartbeatsRequest body)
    {
        var check = new Check();
        if (body.Agents is null)
        {
            check.Fail("/agents", "is missing: an array of agent ids, or of objects with agent_id and what the heartbeat reports");
        }

        for (var i = 0; i < (body.Agents?.Count ?? 0) && check.Error is null; i++)
        {
            var beat = body.Agents![i];
            if (beat.Report is not null && Heartbeats.Validate(beat.Report) is { } inner)
            {
                foreach (var member in inner.Members!)
                {
                    check.Fail($"/agents/{i}{member.Pointer}", member.Message, member.Allowed);
                }
            }
        }

        return check.Error;
    }

    private async Task<HeartbeatsAnswer> TakeAsync(HttpContext http, IReadOnlyList<AgentBeat> beats)
    {
        var outcomes = await TakeAllAsync(http, beats);
        var taken = new List<(string Id, Taken Beat, VerbSet Verbs)>(beats.Count);
        var refused = new List<RefusedHeartbeat>();
        var acks = new List<(string Id, Command<AckOutcome> Ack)>();
        for (var i = 0; i < beats.Count; i++)
        {
            var (id, outcome) = (beats[i].AgentId, outcomes[i]);
            if (!outcome.Succeeded)
            {
                refused.Add(new RefusedHeartbeat { AgentId = id, Code = outcome.Error.Code });
                continue;
            }

            taken.Add((id, outcome.Value, VerbFilter.Of(beats[i].Report?.Verbs)));
            if (beats[i].Report is { Acks: { Count: > 0 } said } report)
            {
                acks.AddRange(Heartbeats.Acks(http.GetKey(), id, report.Incarnation, said).Select(ack => (id, ack)));
            }
        }

        metrics.Beat(taken.Count);
        var refusedAcks = await AcknowledgeAsync(http, acks);
        var pending = taken
            .FindAll(t =>
                t.Beat.Slot.Inbox.HasDeliverable(engine.Now.Wall, t.Verbs) && t.Beat.Slot.Agent.Incarnation == t.Beat.Incarnation)
            .ConvertAll(t => t.Id);
        return new HeartbeatsAnswer
        {
            Epoch = engine.State.Epoch,
            Accepted = taken.Count,
            Refused = refused,
            Pending = pending,
            RefusedAcks = refusedAcks,
        };
    }

    /// <summary>
    /// Takes the heartbeats, and returns an outcome for each, in order. Those that need the engine are queued together: a returning fleet
    /// is one commit.
    /// </summary>
    private async Task<Outcome<Taken>[]> TakeAllAsync(HttpContext http, IReadOnlyList<AgentBeat> beats)
    {
        var key = http.GetKey();
        var outcomes = new Outcome<Taken>[beats.Count];
        var asked = new List<(int At, bool IsTaken, Command<Agent> Command)>();
        var unknown = new List<int>();
        for (var i = 0; i < beats.Count; i++)
        {
            var id = beats[i].AgentId;
            if (key.CheckAgent(ScopeSet.RegistryWrite, id) is { } notYours)
            {
                refusals.Record(http, notYours, id); // the answer is a 200, so nothing else records it
                outcomes[i] = notYours;
            }
            else if (!TryTakeOne(i) && engine.IsShared)
            {
                unknown.Add(i);
            }
        }

        await AskAsync();
        if (unknown.Count > 0)
        {
            // Another node may have registered them. Whoever hears that an agent is not known registers it anew: nobody is told so by a
            // node that cannot find out.
            var away = await engine.CatchUpAsync();
            foreach (var i in unknown)
            {
                if (away is not null)
                {
                    outcomes[i] = away;
                }
                else
                {
                    TryTakeOne(i);
                }
            }

            await AskAsync();
        }

        return outcomes;

        async Task AskAsync()
        {
            var revived = await Heartbeats.TogetherAsync(engine, http, asked.ConvertAll(one => one.Command));
            for (var i = 0; i < asked.Count; i++)
            {
                if (!asked[i].IsTaken)
                {
                    outcomes[asked[i].At] = Heartbeats.Revived(engine, beats[asked[i].At].AgentId, revived[i]);
                }
            }

            asked.Clear();
        }

        bool TryTakeOne(int i)
        {
            if (Fencing.CheckEpoch(engine.State, beats[i].Report?.Epoch) is { } restored)
            {
                outcomes[i] = restored;
                return false;
            }

            var taken = Heartbeats.TryTake(engine, key, beats[i].AgentId, beats[i].Report, out var ask);
            outcomes[i] = taken ?? default;
            if (ask is not null)
            {
                asked.Add((i, taken is not null, ask));
            }

            return ask is not null || outcomes[i].Succeeded;
        }
    }

    private async Task<Dictionary<string, IReadOnlyList<RefusedAck>>?> AcknowledgeAsync(
        HttpContext http, List<(string Id, Command<AckOutcome> Ack)> acks)
    {
        Dictionary<string, List<RefusedAck>>? refused = null;
        var outcomes = await Heartbeats.TogetherAsync(engine, http, acks.ConvertAll(one => one.Ack));
        for (var i = 0; i < acks.Count; i++)
        {
            if (outcomes[i].Error is { } error)
            {
                refused ??= new(StringComparer.Ordinal);
                var ofAgent = refused.TryGetValue(acks[i].Id, out var before) ? before : refused[acks[i].Id] = [];
                ofAgent.Add(new RefusedAck { Seq = ((AckDirective)acks[i].Ack).Seq, Code = error.Code, Detail = error.Detail });
            }
        }

        return refused?.ToDictionary(entry => entry.Key, IReadOnlyList<RefusedAck> (entry) => entry.Value, StringComparer.Ordinal);
    }
}
