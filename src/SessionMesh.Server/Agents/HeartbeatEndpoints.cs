using SessionMesh.Contracts;
using SessionMesh.Contracts.Agents;
using SessionMesh.Contracts.Json;
using SessionMesh.Contracts.Steering;
using SessionMesh.Core;
using SessionMesh.Core.Agents;
using SessionMesh.Core.Keys;
using SessionMesh.Core.Leases;
using SessionMesh.Core.State;
using SessionMesh.Core.Steering;
using SessionMesh.Server.Audit;
using SessionMesh.Server.Auth;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Http;
using SessionMesh.Server.Steering;

namespace SessionMesh.Server.Agents;

/// <summary>
/// <c>POST /agents/{id}/heartbeat</c>: an agent's sign of life. In memory alone, unless it brings acks or revives an agent that
/// was given up; those are commands. The answer carries all that is pending.
/// </summary>
public sealed class HeartbeatEndpoints(MeshEngine engine, DirectiveWriter directives, ProblemWriter problems)
{
    public async Task Beat(HttpContext http)
    {
        var id = (string)http.Request.RouteValues["id"]!;
        var parsed = await RequestBody.ReadJsonAsync(http, MeshJson.Default.HeartbeatRequest, optional: true, hash: false);
        var error = parsed.Error ?? Mutations.CheckHeader(http) ?? http.GetKey().CheckAgent(ScopeSet.RegistryWrite, id) ?? http.GetKey().CheckStillValid(engine);
        var body = parsed.Value;
        if (error is null && body is not null)
        {
            error = Heartbeats.Validate(body);
        }

        var taken = error is null ? await Heartbeats.TakeAsync(engine, http, id, body) : error;
        if (!taken.Succeeded)
        {
            await problems.WriteAsync(http, taken.Error);
            return;
        }

        var refused = body?.Acks is { Count: > 0 } acks ? await Heartbeats.AcknowledgeAsync(engine, http, id, body.Incarnation, acks) : null;
        await AnswerAsync(http, taken.Value, refused);
    }

    private async Task AnswerAsync(HttpContext http, Taken taken, List<RefusedAck>? refused)
    {
        var slot = taken.Slot;
        var agent = slot.Agent;
        var pending = slot.Inbox.Deliverable(engine.Now.Wall);
        using var json = new Utf8Buffer(256 + (pending.Length * 512));
        json.Raw("{\"agent_id\":\""u8);
        json.Raw(agent.Id);
        json.Raw("\",\"incarnation\":"u8);
        json.Number(agent.Incarnation);
        json.Raw(",\"ttl\":"u8);
        json.Number(taken.Ttl);
        json.Raw(",\"next_heartbeat_in\":"u8);
        json.Number(LeasePolicy.NextBeat(taken.Ttl, Random.Shared.NextDouble()));
        json.Raw(",\"directives\":"u8);
        directives.WriteArray(json, pending);
        if (refused is not null)
        {
            json.Raw(",\"refused_acks\":"u8);
            json.Raw(System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(refused, MeshJson.Default.ListRefusedAck));
        }

        json.Raw("}"u8);
        await Answers.WriteAsync(http, StatusCodes.Status200OK, json.Written);
        directives.MarkDelivered(agent.Number, pending);
    }
}

/// <summary>A heartbeat that was taken.</summary>
/// <param name="Ttl">Seconds of the lease that was granted.</param>
internal readonly record struct Taken(AgentSlot Slot, int Ttl);

/// <summary>What single and batched heartbeats share.</summary>
internal static class Heartbeats
{
    public static MeshError? Validate(HeartbeatRequest body)
    {
        var check = new Check();
        check.Range("/incarnation", body.Incarnation, 1, int.MaxValue);
        check.OneOf("/activity", body.Activity, AgentActivity.All);
        check.Range("/progress_interval", body.ProgressInterval, 0, Limits.MaxAgentTtl);
        check.Text("/note", body.Note, Limits.NoteLength);
        if (body.Load is { } load && !(load >= 0 && load <= 1))
        {
            check.Fail("/load", "is a number from 0 (idle) to 1 (full)");
        }

        if (body.Progress is { } progress && !double.IsFinite(progress))
        {
            check.Fail("/progress", "is a number of the size of a double"); // 1e999 reads as infinity, which no JSON can show
        }

        if (body.Acks is { Count: > Limits.Inbox })
        {
            check.Fail("/acks", $"has at most {Limits.Inbox} entries");
        }

        for (var i = 0; i < (body.Acks?.Count ?? 0); i++)
        {
            var ack = body.Acks![i];
            if (ack?.Seq is null or < 1)
            {
                check.Fail($"/acks/{i}/seq", "is missing, or not a directive's sequence number");
            }

            if (ack?.State is null)
            {
                check.Fail($"/acks/{i}/state", "is missing", DirectiveState.Acks);
            }

            check.OneOf($"/acks/{i}/state", ack?.State, DirectiveState.Acks);
            check.Text($"/acks/{i}/note", ack?.Note, Limits.NoteLength);
        }

        return check.Error;
    }

    public static Beat ToBeat(HeartbeatRequest? body) => body is null
        ? Core.State.Beat.Empty
        : new Beat(Words.ToActivity(body.Activity), body.Load ?? double.NaN, body.Progress ?? double.NaN, body.ProgressInterval, body.Note);

    /// <summary>Takes a beat in memory if the agent is alive under that incarnation; else asks the engine, which may revive it.</summary>
    public static ValueTask<Outcome<Taken>> TakeAsync(MeshEngine engine, HttpContext http, string id, HeartbeatRequest? body)
    {
        if (engine.State.Find(id) is not { } slot || !engine.State.Reaches(http.GetKey(), slot.Agent))
        {
            return new((Outcome<Taken>)Fencing.NotFound(id));
        }

        var beat = ToBeat(body);
        var ttl = LeasePolicy.Grant(slot.Agent.Ttl, engine.State.Indexes.With(Liveness.Alive).Count);
        return slot.TryBeat(body?.Incarnation, beat, engine.Now, ttl)
            ? new((Outcome<Taken>)new Taken(slot, ttl))
            : ReviveAsync(engine, http, id, body?.Incarnation, beat);
    }

    /// <summary>Takes the acks that a heartbeat carried, together; those refused come back, null when none was.</summary>
    public static async Task<List<RefusedAck>?> AcknowledgeAsync(MeshEngine engine, HttpContext http, string id, int? incarnation, IReadOnlyList<HeartbeatAck> acks)
    {
        List<RefusedAck>? refused = null;
        var (actor, origin) = (http.GetKey().Id, http.StampOrigin());
        var queued = new List<(long Seq, Task<Outcome<AckOutcome>> Outcome)>(acks.Count);
        foreach (var ack in acks)
        {
            var command = new AckDirective
            {
                Actor = actor,
                AgentId = id,
                Seq = ack.Seq!.Value,
                State = Words.ToDeliveryState(ack.State),
                Note = ack.Note,
                Incarnation = incarnation,
            };
            queued.Add((command.Seq, engine.ExecuteAsync(command, origin)));
        }

        foreach (var (seq, task) in queued)
        {
            // An ack of what is over is no error here: a heartbeat that was sent again carries it again.
            if ((await task).Error is { } error)
            {
                (refused ??= []).Add(new RefusedAck { Seq = seq, Code = error.Code, Detail = error.Detail });
            }
        }

        return refused;
    }

    private static async ValueTask<Outcome<Taken>> ReviveAsync(MeshEngine engine, HttpContext http, string id, int? incarnation, Beat beat)
    {
        var revived = await engine.ExecuteAsync(
            new ReviveBySignOfLife { Actor = http.GetKey().Id, AgentId = id, Incarnation = incarnation, Beat = beat }, http.StampOrigin());
        return !revived.Succeeded ? revived.Error
            : engine.State.SlotOf(revived.Value) is { } slot ? new Taken(slot, revived.Value.Ttl)
            : Fencing.NotFound(id);
    }
}
