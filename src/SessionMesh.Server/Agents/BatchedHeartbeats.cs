using SessionMesh.Contracts.Agents;
using SessionMesh.Contracts.Json;
using SessionMesh.Core;
using SessionMesh.Core.Keys;
using SessionMesh.Server.Audit;
using SessionMesh.Server.Auth;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Http;
using SessionMesh.Server.Telemetry;

namespace SessionMesh.Server.Agents;

/// <summary>
/// <c>POST /heartbeats</c>: many agents in one call. Each stands for itself: one that is refused does not refuse the others.
/// Acks are taken as a heartbeat's are.
/// </summary>
public sealed class BatchedHeartbeats(MeshEngine engine, ProblemWriter problems, RefusalLog refusals, MeshMetrics metrics)
{
    public async Task Beat(HttpContext http)
    {
        var parsed = await RequestBody.ReadJsonAsync(http, MeshJson.Default.HeartbeatsRequest, optional: false, hash: false);
        var error = parsed.Error ?? Mutations.CheckHeader(http) ?? http.GetKey().CheckStillValid(engine) ?? Validate(parsed.Value!);
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
        var key = http.GetKey();
        var taken = new List<(string Id, Taken Beat)>(beats.Count);
        var refused = new List<RefusedHeartbeat>();
        var acks = new List<(string Id, Task<List<RefusedAck>?> Refused)>();
        foreach (var beat in beats)
        {
            var id = beat.AgentId;
            var notYours = key.CheckAgent(ScopeSet.RegistryWrite, id);
            if (notYours is not null)
            {
                refusals.Record(http, notYours, id); // within an answer that is 200
            }

            var outcome = notYours ?? await Heartbeats.TakeAsync(engine, http, id, beat.Report);
            if (!outcome.Succeeded)
            {
                refused.Add(new RefusedHeartbeat { AgentId = id, Code = outcome.Error.Code });
                continue;
            }

            taken.Add((id, outcome.Value));
            if (beat.Report is { Acks: { Count: > 0 } said } report)
            {
                acks.Add((id, Heartbeats.AcknowledgeAsync(engine, http, id, report.Incarnation, said)));
            }
        }

        metrics.Beat(taken.Count);
        var refusedAcks = await RefusedAsync(acks);
        var pending = taken.FindAll(t => !t.Beat.Slot.Inbox.Deliverable(engine.Now.Wall).IsEmpty).ConvertAll(t => t.Id);
        return new HeartbeatsAnswer { Accepted = taken.Count, Refused = refused, Pending = pending, RefusedAcks = refusedAcks };
    }

    private static async Task<Dictionary<string, IReadOnlyList<RefusedAck>>?> RefusedAsync(List<(string Id, Task<List<RefusedAck>?> Refused)> acks)
    {
        Dictionary<string, IReadOnlyList<RefusedAck>>? refused = null;
        foreach (var (id, task) in acks)
        {
            if (await task is { } some)
            {
                refused ??= new(StringComparer.Ordinal);
                refused[id] = refused.TryGetValue(id, out var before) ? [.. before, .. some] : some;
            }
        }

        return refused;
    }
}
