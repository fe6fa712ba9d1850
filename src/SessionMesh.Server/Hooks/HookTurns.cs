using System.Collections.Immutable;
using System.Globalization;
using SessionMesh.Contracts.Agents;
using SessionMesh.Contracts.Errors;
using SessionMesh.Contracts.Hooks;
using SessionMesh.Core;
using SessionMesh.Core.Agents;
using SessionMesh.Core.Steering;
using SessionMesh.Server.Agents;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Http;
using SessionMesh.Server.Push;
using SessionMesh.Server.Steering;

namespace SessionMesh.Server.Hooks;

/// <summary>
/// What an event of a coding agent comes to: a registration, a sign of life, proof that earlier words were read, an end; and what goes
/// back: words, a denial, a stop, or nothing. An event that cannot be taken is answered with nothing, since the agent goes on
/// whatever the mesh thinks of it.
/// </summary>
/// <remarks>
/// A steer is <c>queued</c> until an answer that carries it was written (<c>delivered</c>; where several nodes share a log, until it is
/// about to be), and <c>acknowledged</c> by the agent's next event that only a model which was asked again can have brought about. A pause
/// is acknowledged when a tool is held for it. A stop is not acknowledged here at all: that a hook said so ends no process, and the exit is
/// reported by who saw it. Thread-safe.
/// </remarks>
internal sealed partial class HookTurns(
    MeshEngine engine, HookSessions sessions, HookRegistrar registrar, DirectiveWriter directives, Subscriptions subscriptions,
    Shutdown shutdown)
{
    private const string Read = "the model was asked with it";
    private const string Held = "held at its next tool";
    private const string NotHeld = "over before its next tool";
    private const string Halted = "it was stopped, and has ended";

    public async Task<HookAnswer> TakeAsync(HookRequest request)
    {
        var session = SessionOf(request);
        if (request.Wake is { } wait)
        {
            return await WakeAsync(request, session, wait);
        }

        if (request.Moment == HookMoment.Written)
        {
            if (long.TryParse(request.Event.Receipt, NumberStyles.None, CultureInfo.InvariantCulture, out var receipt))
            {
                await WrittenAsync(request, receipt);
            }

            return HookAnswer.Nothing;
        }

        HookAgent agent;
        HookAnswer answer;
        bool isPaused;
        await EnterAsync(request, session);
        try
        {
            var found = await FindAsync(request, session);
            if (found.Answer is { } early)
            {
                return early;
            }

            agent = found.Agent!;
            (answer, isPaused) = await DecideAsync(request, session, agent);
            answer = answer with { Agent = session.Main, HasRegistered = found.HasRegistered };
        }
        finally
        {
            session.Gate.Release();
        }

        return isPaused ? await HoldAsync(request, session, agent, answer) : answer;
    }

    /// <summary>
    /// Enters the gate once every answer whose write has begun is marked as written: the agent's next event may be here before that, and
    /// is the proof of what was in it. An answer that nobody reads ends with its connection, by the least rate that the server asks for.
    /// </summary>
    private static async Task EnterAsync(HookRequest request, HookSession session)
    {
        var aborted = request.Http.RequestAborted;
        while (true)
        {
            await session.Gate.WaitAsync(aborted);
            var writes = session.Writes;
            if (writes.IsCompleted)
            {
                return;
            }

            session.Gate.Release();
            await writes.WaitAsync(aborted);
        }
    }

    private HookSession SessionOf(HookRequest request) =>
        sessions.Get(request.Program.Name, request.Key.Account ?? "", request.SessionId);

    /// <summary>The agent that the event is of; an answer where it ends here.</summary>
    private async Task<(HookAgent? Agent, bool HasRegistered, HookAnswer? Answer)> FindAsync(HookRequest request, HookSession session)
    {
        var begins = request.Moment is HookMoment.SessionStart or HookMoment.Prompt;
        if (session.IsOver && !begins)
        {
            return (null, false, HookAnswer.Nothing);
        }

        var main = await registrar.MainAsync(request, session);
        if (!main.Succeeded)
        {
            return (null, false, Refused(request, main.Error));
        }

        if (session.IsOver || main.Value.IsNew)
        {
            session.Begin();
        }

        var agent = main.Value.Agent;
        if (request.Event.SubAgentId is { } sub)
        {
            if (request.Moment == HookMoment.SubAgentStop && !session.SubAgents.ContainsKey(sub))
            {
                return (null, false, HookAnswer.Nothing); // the program's own helper, which never began
            }

            var caller = request.Event.SubAgentParentId ?? (request.Moment == HookMoment.SubAgentStart ? session.TakeCaller() : null);
            var parent = caller is not null && session.SubAgents.TryGetValue(caller, out var above) ? above : agent;
            var found = await registrar.SubAgentAsync(request, session, parent.Id, sub);
            if (!found.Succeeded)
            {
                await TakeEndAsync(request, session, sub, found.Error);
                return (null, false, Refused(request, found.Error));
            }

            await BeatAsync(request, agent, new HeartbeatRequest { Incarnation = agent.Incarnation });
            agent = found.Value.Agent;
            session.Hear(agent);
        }

        return (agent, main.Value.IsNew, null);
    }

    /// <summary>A sub-agent that was declared dead hears that it is over, or has ended: its own stop is that.</summary>
    private async Task TakeEndAsync(HookRequest request, HookSession session, string sub, MeshError error)
    {
        if (error.Code == ErrorCodes.Tombstoned && session.SubAgents.TryGetValue(sub, out var agent))
        {
            agent.IsHalted = true;
            if (request.Moment == HookMoment.SubAgentStop)
            {
                session.Remove(sub);
                await ExitAsync(request, agent, Halted);
            }
        }
    }

    /// <summary>An agent that was stopped and may not come back is told so; of any other refusal it hears nothing.</summary>
    private static HookAnswer Refused(HookRequest request, MeshError error) =>
        error.Code is ErrorCodes.Tombstoned or ErrorCodes.Stopping
            ? new HookAnswer(request.Program.End(request.Moment, request.EventName, "Session Mesh: " + error.Detail))
            : HookAnswer.Nothing;

    private async Task<(HookAnswer Answer, bool IsPaused)> DecideAsync(HookRequest request, HookSession session, HookAgent agent)
    {
        var moment = request.Moment;
        if (request.EventName == HookEvent.InterruptedName)
        {
            if (session.PromptId is { } prompt && prompt != request.Event.PromptId)
            {
                return (HookAnswer.Nothing, false); // the next one has begun before this was heard
            }
        }
        else if (moment == HookMoment.Prompt)
        {
            session.PromptId = request.Event.PromptId;
        }

        var wasAtRest = session.IsAtRest;
        if (moment is HookMoment.Prompt or HookMoment.ToolStart or HookMoment.SessionEnd
            && request.Event.SubAgentId is null)
        {
            session.Stir();
        }

        session.FollowEnds(moment, request.Event.SubAgentId, request.Program.RunsUnnamed(request.Event.Tool));
        agent.FollowStops(moment);
        await BeatAsync(request, agent, Report(request, agent));
        if (!session.RunsUnnamed)
        {
            await AcknowledgeAsync(request, agent, agent.Prove(moment, request.Program.TellsEachCall), Read);
        }

        await FollowSubAgentsAsync(request, session, agent);
        if (moment == HookMoment.SessionEnd)
        {
            await EndSessionAsync(request, session);
            return (HookAnswer.Nothing, false);
        }

        if (engine.State.Find(agent.Id) is not { } slot)
        {
            return (HookAnswer.Nothing, false);
        }

        if (StopOf(slot) is var (isStopped, reason) && isStopped)
        {
            if (moment == HookMoment.SubAgentStop)
            {
                session.Remove(request.Event.SubAgentId!);
                await ExitAsync(request, agent, Halted);
            }

            return (Stopped(request, agent, reason), false);
        }

        await SettleHoldsAsync(request, agent, slot);
        if (moment == HookMoment.ToolStart && IsPaused(slot))
        {
            return (HookAnswer.Nothing, true);
        }

        LetRun(request, session);
        var answer = await TellAsync(request, session, agent, slot, wasAtRest);
        if (answer.Json is null && IsAtRestAfter(request))
        {
            session.Rest();
        }

        if (answer.Json is null && moment == HookMoment.SubAgentStop)
        {
            session.Remove(request.Event.SubAgentId!);
            await ExitAsync(request, agent, "it has finished");
        }

        return (answer, false);
    }

    /// <summary>A compaction begins a session anew in the midst of a turn.</summary>
    private static bool IsAtRestAfter(HookRequest request) => request.Event.SubAgentId is null
        && (request.Moment is HookMoment.Stop or HookMoment.Failure
            || (request.Moment == HookMoment.SessionStart && request.Event.Source is not "compact"));

    private HeartbeatRequest Report(HookRequest request, HookAgent agent)
    {
        var vitals = engine.State.Find(agent.Id)?.ReadVitals();
        var tool = request.Event.Tool;
        var note = tool is null ? null : request.Event.Detail is { } detail ? $"{tool} {detail}" : tool;
        return new HeartbeatRequest
        {
            Incarnation = agent.Incarnation,
            Activity = request.Moment switch
            {
                HookMoment.SessionStart => AgentActivity.Idle,
                HookMoment.Stop or HookMoment.Failure or HookMoment.Question => AgentActivity.Waiting,
                _ => AgentActivity.Working,
            },
            Progress = request.Moment != HookMoment.ToolEnd ? null
                : vitals is { Progress: var before } && !double.IsNaN(before) ? before + 1
                : 1,
            Note = note is { Length: > Contracts.Limits.NoteLength } ? note[..Contracts.Limits.NoteLength] : note,
        };
    }

    private async Task BeatAsync(HookRequest request, HookAgent agent, HeartbeatRequest beat) =>
        _ = await Heartbeats.TakeAsync(engine, request.Http, agent.Id, beat);

    private async Task AcknowledgeAsync(HookRequest request, HookAgent agent, List<long> seqs, string note)
    {
        if (seqs.Count > 0)
        {
            _ = await Heartbeats.AcknowledgeAsync(
                engine, request.Http, agent.Id, agent.Incarnation,
                [.. seqs.Select(seq => new HeartbeatAck { Seq = seq, State = "acknowledged", Note = note })]);
        }
    }

    /// <summary>A tool that was neither held nor denied begins to run. One that was held is asked for again, and is still one.</summary>
    private static void LetRun(HookRequest request, HookSession session)
    {
        if (request.Moment != HookMoment.ToolStart)
        {
            return;
        }

        if (request.Program.StartsSubAgents(request.Event.Tool))
        {
            session.Starts(request.Event.SubAgentId);
        }

        if (request.Program.RunsUnnamed(request.Event.Tool))
        {
            session.StartsUnnamed();
        }
    }

    /// <summary>Who has started whom, and which sub-agents are over: the tools that start and end them say so.</summary>
    private async Task FollowSubAgentsAsync(HookRequest request, HookSession session, HookAgent caller)
    {
        var happening = request.Event;
        if (request.Moment != HookMoment.ToolEnd)
        {
            return;
        }

        if (happening.StartedId is { } started && session.SubAgents.TryGetValue(started, out var below))
        {
            if (below.IsHalted)
            {
                session.Remove(started);
                await ExitAsync(request, below, Halted);
            }
            else if (engine.State.Find(below.Id)?.Agent is { } agent && ParentOf(agent) != caller.Id)
            {
                var move = new MoveAgent { Actor = request.Key.Id, AgentId = below.Id, ParentId = caller.Id };
                _ = await engine.ExecuteAsync(move, request.Http.StampOrigin());
            }
        }

        if (request.Program.EndsSubAgents(happening.Tool) && happening.EndedId is { } ended
            && session.SubAgents.TryGetValue(ended, out var gone))
        {
            session.Remove(ended);
            await ExitAsync(request, gone, "it was ended by the agent above it");
        }
    }

    private string? ParentOf(Agent agent) => engine.State.ParentId(agent);

    /// <summary>
    /// The program has said that the session is over. While a stop is on its way, the end is left to the watcher: only it knows whether the
    /// process, and what came of it, is gone.
    /// </summary>
    private async Task EndSessionAsync(HookRequest request, HookSession session)
    {
        session.End();
        var main = session.Main!;
        if (engine.State.Find(main.Id) is { } slot && (StopOf(slot).IsStopped || slot.Agent.Incarnation != main.Incarnation))
        {
            return;
        }

        foreach (var (id, sub) in session.SubAgents.ToList())
        {
            session.Remove(id);
            await ExitAsync(request, sub, "its session has ended");
        }

        await ExitAsync(request, main, "its session has ended");
    }

    private async Task ExitAsync(HookRequest request, HookAgent agent, string reason)
    {
        var report = new ReportExit { Actor = request.Key.Id, AgentId = agent.Id, Incarnation = agent.Incarnation, Reason = reason };
        _ = await engine.ExecuteAsync(report, request.Http.StampOrigin());
    }

    private async Task<HookAnswer> TellAsync(
        HookRequest request, HookSession session, HookAgent agent, AgentSlot slot, bool wasAtRest = false)
    {
        var isStop = request.Moment is HookMoment.Stop or HookMoment.SubAgentStop;
        if (session.RunsUnnamed || !request.Program.Carries(request.Moment)
            || (isStop && agent.StopsInARow >= request.Program.MostStopsInARow)
            || await HandOutAsync(agent, slot) is not { IsEmpty: false } handed)
        {
            return HookAnswer.Nothing;
        }

        agent.StopsInARow += isStop ? 1 : 0;
        var receipt = Carry(request, session);
        var isInMidAnswer = request.Moment == HookMoment.Prompt && !wasAtRest;
        agent.Give(handed.Select(directive => directive.Seq), receipt, isInMidAnswer);
        return new HookAnswer(request.Program.Tell(request.Moment, request.EventName, HookWords.Of(handed, Waiting(agent, slot))))
        {
            Receipt = receipt,
        };
    }

    /// <summary>The receipt of an answer with words. Whoever sends it says when that is written; of others it is known here.</summary>
    private static long Carry(HookRequest request, HookSession session)
    {
        if (!request.SendsReceipt)
        {
            request.Http.Response.RegisterForDispose(session.BeginWrite());
        }

        return session.NextReceipt();
    }

    /// <summary>Steers that were not given yet, as many as one answer carries; null if that cannot be decided now.</summary>
    private ValueTask<ImmutableArray<DirectiveRecord>?> HandOutAsync(HookAgent agent, AgentSlot slot)
    {
        var after = slot.Inbox.Pending.LastOrDefault(directive => agent.HasGiven(directive.Seq))?.Seq ?? 0;
        return directives.ClaimAsync(slot, slot.HandOut(
            agent.Incarnation, engine.Now.Wall, after, characters: HookWords.MostOfDirectives, verbs: VerbSet.Steer,
            length: HookWords.LengthOf));
    }

    private List<DirectiveRecord> Waiting(HookAgent agent, AgentSlot slot)
    {
        var wall = engine.Now.Wall;
        return
        [
            .. slot.Inbox.Pending.Where(directive =>
                directive.Verb == Verb.Steer && directive.ExpiresAt > wall && !agent.HasGiven(directive.Seq)),
        ];
    }

    /// <summary>An answer with directives has reached the agent: the caller says so, or it is on the agent's own connection.</summary>
    public async Task WrittenAsync(HookRequest request, long receipt)
    {
        var session = SessionOf(request);
        await session.Gate.WaitAsync();
        try
        {
            foreach (var agent in session.SubAgents.Values.Append(session.Main).OfType<HookAgent>())
            {
                Mark(request, agent, receipt);
            }
        }
        finally
        {
            session.Gate.Release();
        }
    }

    private void Mark(HookRequest request, HookAgent agent, long receipt)
    {
        if (engine.State.Find(agent.Id) is not { } slot || slot.Agent.Incarnation != agent.Incarnation
            || !engine.State.Reaches(request.Key, slot.Agent))
        {
            return;
        }

        var written = agent.Written(receipt);
        if (written.Count > 0)
        {
            directives.MarkDelivered(slot.Agent.Number, [.. slot.Inbox.Pending.Where(directive => written.Contains(directive.Seq))]);
        }
    }
}
