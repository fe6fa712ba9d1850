using SessionMesh.Contracts.Agents;
using SessionMesh.Contracts.Json;
using SessionMesh.Core;
using SessionMesh.Core.Keys;
using SessionMesh.Server.Auth;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Http;

namespace SessionMesh.Server.Agents;

/// <summary>
/// <c>POST /heartbeats</c>: many agents in one call. Each stands for itself: one that is refused does not refuse the others.
/// Acks do not travel here; they are for the agent's own calls.
/// </summary>
public sealed class BatchedHeartbeats(MeshEngine engine, ProblemWriter problems)
{
    public async Task Beat(HttpContext http)
    {
        var parsed = await RequestBody.ReadJsonAsync(http, MeshJson.Default.HeartbeatsRequest, optional: false, hash: false);
        var error = parsed.Error ?? Mutations.CheckHeader(http) ?? Validate(parsed.Value!);
        if (error is not null)
        {
            await problems.WriteAsync(http, error);
            return;
        }

        await Answers.WriteAsync(http, await TakeAsync(http.GetKey(), parsed.Value!.Agents!), MeshJson.Default.HeartbeatsAnswer);
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

    private async Task<HeartbeatsAnswer> TakeAsync(Key key, IReadOnlyList<AgentBeat> beats)
    {
        var accepted = 0;
        var refused = new List<RefusedHeartbeat>();
        var pending = new List<string>();
        foreach (var beat in beats)
        {
            var id = beat.AgentId;
            var taken = key.CheckAgent(ScopeSet.RegistryWrite, id) is { } notYours
                ? notYours
                : await Heartbeats.TakeAsync(engine, key.Id, id, beat.Report);
            if (!taken.Succeeded)
            {
                refused.Add(new RefusedHeartbeat { AgentId = id, Code = taken.Error.Code });
                continue;
            }

            accepted++;
            if (!taken.Value.Slot.Inbox.Deliverable(engine.Now.Wall).IsEmpty)
            {
                pending.Add(id);
            }
        }

        return new HeartbeatsAnswer { Accepted = accepted, Refused = refused, Pending = pending };
    }
}
