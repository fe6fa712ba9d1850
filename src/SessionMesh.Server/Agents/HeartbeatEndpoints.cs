using SessionMesh.Contracts;
using SessionMesh.Contracts.Agents;
using SessionMesh.Contracts.Steering;
using SessionMesh.Core;
using SessionMesh.Core.Agents;
using SessionMesh.Core.Keys;
using SessionMesh.Core.Leases;
using SessionMesh.Core.Steering;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Http;
using SessionMesh.Server.Json;
using SessionMesh.Server.Steering;
using SessionMesh.Server.Telemetry;

namespace SessionMesh.Server.Agents;

/// <summary>
/// <c>POST /agents/{id}/heartbeat</c>: an agent's sign of life. It touches memory only, unless it carries acks, revives an agent that was
/// given up, or ends a stall; those are commands. The answer has every pending directive, or those of the verbs that it asks for.
/// </summary>
public sealed class HeartbeatEndpoints(MeshEngine engine, DirectiveWriter directives, ProblemWriter problems, MeshMetrics metrics)
{
    public async Task Beat(HttpContext http)
    {
        var id = (string)http.Request.RouteValues["id"]!;
        var parsed = await RequestBody.ReadJsonAsync(http, MeshJson.Default.HeartbeatRequest, optional: true, hash: false);
        var key = http.GetKey();
        var error = parsed.Error ?? IdempotencyHeader.Check(http)
            ?? key.CheckAgent(ScopeSet.RegistryWrite, id) ?? key.CheckStillValid(engine);
        var body = parsed.Value;
        if (error is null && body is not null)
        {
            error = Heartbeats.Validate(body) ?? Fencing.CheckEpoch(engine.State, body.Epoch);
        }

        var taken = error is null ? await Heartbeats.TakeAsync(engine, http, id, body) : error;
        if (!taken.Succeeded)
        {
            await problems.WriteAsync(http, taken.Error);
            return;
        }

        metrics.Beat();
        var refused = body?.Acks is { Count: > 0 } acks
            ? await Heartbeats.AcknowledgeAsync(engine, http, id, body.Incarnation, acks)
            : null;
        await AnswerAsync(http, taken.Value, VerbFilter.Of(body?.Verbs), refused);
    }

    private async Task AnswerAsync(HttpContext http, Taken taken, VerbSet verbs, List<RefusedAck>? refused)
    {
        // The answer is for the incarnation that sent the heartbeat: another may have started while its acks were taken.
        var pending = taken.Slot.HandOut(taken.Incarnation, engine.Now.Wall, characters: Limits.InboxAnswer, verbs: verbs);
        var agent = taken.Slot.Agent;
        if (pending.IsEmpty && taken.Incarnation < agent.Incarnation)
        {
            await problems.WriteAsync(http, Fencing.Superseded(agent, taken.Incarnation));
            return;
        }

        pending = await directives.ClaimAsync(taken.Slot, pending) ?? [];
        using var json = new Utf8Buffer(256 + (pending.Length * 512));
        json.Raw("{\"agent_id\":\""u8);
        json.Raw(agent.Id);
        json.Raw("\",\"incarnation\":"u8);
        json.Number(taken.Incarnation);
        json.Raw(",\"epoch\":"u8);
        json.Number(engine.State.Epoch);
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
        directives.Written(agent.Number, pending);
    }
}

/// <summary>A heartbeat that was taken.</summary>
/// <param name="Incarnation">The incarnation that sent it.</param>
/// <param name="Ttl">The granted lease, in seconds.</param>
internal readonly record struct Taken(AgentSlot Slot, int Incarnation, int Ttl);

/// <summary>The steps that single and batched heartbeats share.</summary>
internal static class Heartbeats
{
    /// <summary>Commands that are queued as one: others then wait a few milliseconds at most.</summary>
    private const int AtOnce = 1000;

    public static MeshError? Validate(HeartbeatRequest body)
    {
        var check = new Check();
        check.Range("/incarnation", body.Incarnation, 1, int.MaxValue);
        check.OneOf("/activity", body.Activity, AgentActivity.All);
        check.Range("/progress_interval", body.ProgressInterval, 0, Limits.MaxAgentTtl);
        check.Text("/note", body.Note, Limits.NoteLength);
        VerbFilter.Validate("/verbs", body.Verbs, ref check);
        if (body.Load is { } load && !(load >= 0 && load <= 1))
        {
            check.Fail("/load", "is a number from 0 (idle) to 1 (full)");
        }

        if (body.Progress is { } progress && !double.IsFinite(progress))
        {
            check.Fail("/progress", "is a number of the size of a double"); // 1e999 parses as infinity, which JSON cannot express
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
        ? Core.Agents.Beat.Empty
        : new Beat(
            ActivityWords.Parse(body.Activity), body.Load ?? double.NaN, body.Progress ?? double.NaN, body.ProgressInterval, body.Note);

    /// <summary>
    /// Takes a heartbeat in memory if the agent is alive in that incarnation; else asks the engine, which may revive the agent.
    /// </summary>
    public static ValueTask<Outcome<Taken>> TakeAsync(MeshEngine engine, HttpContext http, string id, HeartbeatRequest? body)
    {
        var taken = TryTake(engine, http.GetKey(), id, body, out var ask);
        return ask is null ? new(taken!.Value) : AskAsync(engine, http, id, taken, ask);
    }

    /// <summary>Takes a heartbeat in memory; null if the engine must decide.</summary>
    /// <param name="ask">
    /// What to ask the engine; null for nothing. Of a heartbeat that was taken, whatever comes of it: the log hears of it later if not now.
    /// </param>
    public static Outcome<Taken>? TryTake(MeshEngine engine, Key key, string id, HeartbeatRequest? body, out Command<Agent>? ask)
    {
        ask = null;
        if (engine.State.Find(id) is not { } slot || !engine.State.Reaches(key, slot.Agent))
        {
            return Fencing.NotFound(id);
        }

        var ttl = LeasePolicy.Grant(slot.Agent.Ttl, engine.State.Indexes.With(Liveness.Alive).Count);
        if (!slot.TryBeat(body?.Incarnation, ToBeat(body), engine.Now, ttl, out var incarnation))
        {
            ask = new ReviveBySignOfLife { Actor = key.Id, AgentId = id, Incarnation = body?.Incarnation, Beat = ToBeat(body) };
            return null;
        }

        if (body?.Load is not null)
        {
            engine.State.Indexes.LoadReported(slot);
        }

        engine.State.Leases.Beaten(slot);
        engine.BeatNews.Add(slot);
        ask = slot.HasMoved ? new NoteProgress { Actor = key.Id, AgentId = id } : null;
        return new Taken(slot, incarnation, ttl);
    }

    /// <summary>Takes the acks of a heartbeat together, and returns the refused ones; null if there are none.</summary>
    public static async Task<List<RefusedAck>?> AcknowledgeAsync(
        MeshEngine engine, HttpContext http, string id, int? incarnation, IReadOnlyList<HeartbeatAck> acks)
    {
        List<RefusedAck>? refused = null;
        var commands = Acks(http.GetKey(), id, incarnation, acks);
        var outcomes = await TogetherAsync(engine, http, commands);
        for (var i = 0; i < commands.Count; i++)
        {
            // An ack of a directive that is over is no error here: a heartbeat that is sent again carries it again.
            if (outcomes[i].Error is { } error)
            {
                (refused ??= []).Add(new RefusedAck { Seq = acks[i].Seq!.Value, Code = error.Code, Detail = error.Detail });
            }
        }

        return refused;
    }

    public static List<Command<AckOutcome>> Acks(Key key, string id, int? incarnation, IReadOnlyList<HeartbeatAck> acks) =>
        [.. acks.Select(ack => new AckDirective
        {
            Actor = key.Id,
            AgentId = id,
            Seq = ack.Seq!.Value,
            State = DeliveryStateWords.Parse(ack.State),
            Note = ack.Note,
            Incarnation = incarnation,
        })];

    /// <summary>
    /// Executes commands of this caller together: all are queued before the first is awaited. Returns an outcome for each, in order.
    /// </summary>
    public static async Task<List<Outcome<T>>> TogetherAsync<T>(MeshEngine engine, HttpContext http, IReadOnlyList<Command<T>> commands)
    {
        var (actor, origin) = (http.GetKey().Id, http.StampOrigin());
        var queued = commands.Chunk(AtOnce)
            .Select(some => (some.Length, Done: engine.ExecuteAsync(new Together<T> { Actor = actor, Commands = some }, origin))).ToList();
        var outcomes = new List<Outcome<T>>(commands.Count);
        foreach (var (count, done) in queued)
        {
            var outcome = await done;
            outcomes.AddRange(outcome.Succeeded ? outcome.Value : Enumerable.Repeat<Outcome<T>>(outcome.Error, count));
        }

        return outcomes;
    }

    private static async ValueTask<Outcome<Taken>> AskAsync(
        MeshEngine engine, HttpContext http, string id, Outcome<Taken>? taken, Command<Agent> ask)
    {
        var asked = await engine.ExecuteAsync(ask, http.StampOrigin());
        return taken ?? Revived(engine, id, asked);
    }

    /// <summary>The result of a revival; not found if the agent was forgotten right after it.</summary>
    public static Outcome<Taken> Revived(MeshEngine engine, string id, Outcome<Agent> revived)
    {
        if (!revived.Succeeded)
        {
            return revived.Error;
        }

        var agent = revived.Value;
        return engine.State.SlotOf(agent) is { } slot ? new Taken(slot, agent.Incarnation, agent.Ttl) : Fencing.NotFound(id);
    }
}
