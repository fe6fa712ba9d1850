using SessionMesh.Contracts;
using SessionMesh.Contracts.Errors;
using SessionMesh.Core.Agents;
using SessionMesh.Core.State;

namespace SessionMesh.Core.Steering;

/// <summary>One word to one agent.</summary>
public sealed record SteerAgent : Command<Directive>
{
    public required string AgentId { get; init; }
    public required Verb Verb { get; init; }
    public string? Direction { get; init; }
    public string? Message { get; init; }

    /// <summary>JSON text.</summary>
    public string? Data { get; init; }

    /// <summary>Seconds for which it stays deliverable.</summary>
    public required int Ttl { get; init; }

    /// <summary>Keep it for an agent that is not alive.</summary>
    public bool Hold { get; init; }

    public override Outcome<Directive> Decide(MeshDraft draft)
    {
        if (draft.FindAgent(AgentId) is not { } agent)
        {
            return Fencing.NotFound(AgentId);
        }

        if (!Hold && agent.Liveness is not (Liveness.Alive or Liveness.Suspect))
        {
            return new MeshError(409, ErrorCodes.NotAlive, $"Agent '{AgentId}' is {agent.Liveness.Word()}. Send \"hold\": true to keep the directive until it comes back.")
            {
                AgentStatus = agent.Liveness.Word(),
                Agent = agent.Number,
            };
        }

        var inbox = draft.InboxOf(agent.Number);
        if (inbox.Pending.Length >= Limits.Inbox)
        {
            return new MeshError(429, ErrorCodes.InboxFull, $"Agent '{AgentId}' has {Limits.Inbox} directives waiting. Wait until it has taken some, or cancel some.")
            {
                AgentStatus = agent.Liveness.Word(),
                Agent = agent.Number,
                RetryAfter = 5,
            };
        }

        draft.Emit(new DirectiveIssued
        {
            Subject = AgentId,
            Seq = inbox.LastSeq + 1,
            Verb = Verb,
            Direction = Direction,
            Message = Message,
            Data = Data,
            ExpiresAt = draft.Now.Wall + (Ttl * 1000L),
        });
        return draft.InboxOf(agent.Number).Pending[^1];
    }
}

/// <summary>What an ack came to. <see cref="Over"/>: the directive had ended before; its row says how.</summary>
public sealed record AckOutcome(Agent Agent, Directive? Directive, bool Over);

/// <summary>The agent, or its go-between, says what became of a directive. Saying the same again changes nothing.</summary>
public sealed record AckDirective : Command<AckOutcome>
{
    public required string AgentId { get; init; }
    public required long Seq { get; init; }

    /// <summary>Accepted, acknowledged or rejected.</summary>
    public required DeliveryState State { get; init; }
    public string? Note { get; init; }
    public int? Incarnation { get; init; }

    public override Outcome<AckOutcome> Decide(MeshDraft draft)
    {
        if (draft.FindAgent(AgentId) is not { } agent)
        {
            return Fencing.NotFound(AgentId);
        }

        var inbox = draft.InboxOf(agent.Number);
        if (Seq < 1 || Seq > inbox.LastSeq)
        {
            return new MeshError(404, ErrorCodes.DirectiveNotFound, $"Agent '{AgentId}' has no directive {Seq}; the newest is {inbox.LastSeq}.");
        }

        if (inbox.Find(Seq) is not { } directive)
        {
            return new AckOutcome(agent, null, Over: true);
        }

        // A forced stop outlives its incarnation's death, so that a runner that hears of it late can still answer.
        var lateStop = directive.Verb == Verb.Stop && (Incarnation ?? agent.Incarnation) == agent.Incarnation;
        if (!lateStop && Fencing.Check(agent, Incarnation) is { } fenced)
        {
            return fenced;
        }

        if (directive.State != State)
        {
            draft.Emit(new DirectiveMoved { Subject = AgentId, Seq = Seq, State = State, Note = Note });
            directive = draft.ChangedDirective(directive.Revision);
        }

        return new AckOutcome(agent, directive, Over: false);
    }
}

/// <summary>Directives were written to a socket. What has moved on meanwhile stays as it is.</summary>
public sealed record MarkDelivered : Command<int>
{
    /// <summary>Number of the agent.</summary>
    public required int Number { get; init; }

    /// <summary>Those with a sequence number up to this, and above <see cref="After"/>.</summary>
    public required long UpTo { get; init; }
    public required long After { get; init; }

    /// <summary>Answers how many moved.</summary>
    public override Outcome<int> Decide(MeshDraft draft)
    {
        var agent = draft.AgentAt(Number);
        var moved = 0;
        foreach (var directive in draft.InboxOf(Number).Pending)
        {
            if (directive.Seq > After && directive.Seq <= UpTo && directive.State == DeliveryState.Queued)
            {
                draft.Emit(new DirectiveMoved { Subject = agent.Id, Seq = directive.Seq, State = DeliveryState.Delivered });
                moved++;
            }
        }

        return moved;
    }
}

/// <summary>What stopping, dying and time do to an inbox.</summary>
internal static class SteeringRules
{
    /// <summary>Milliseconds past its deadline for which a stop directive stays, so that a runner that was away hears of it.</summary>
    private const long StopOutlives = KillRules.Tombstone;

    /// <summary>A stop directive is never refused for a full inbox.</summary>
    public static void IssueStop(MeshDraft draft, Agent agent, int grace, bool force, string? reason) =>
        draft.Emit(new DirectiveIssued
        {
            Subject = agent.Id,
            Seq = draft.InboxOf(agent.Number).LastSeq + 1,
            Verb = Verb.Stop,
            Message = reason,
            Data = $$"""{"grace":{{grace}},"force":{{(force ? "true" : "false")}}}""",
            ExpiresAt = draft.Now.Wall + (grace * 1000L) + StopOutlives,
        });

    public static void ExpireDue(MeshDraft draft, int number)
    {
        foreach (var directive in draft.InboxOf(number).Pending)
        {
            if (directive.ExpiresAt <= draft.Now.Wall)
            {
                draft.Emit(new DirectiveMoved { Subject = draft.AgentAt(number).Id, Seq = directive.Seq, State = DeliveryState.Expired });
            }
        }
    }

    /// <summary>
    /// The agent is gone: a confirmed end is what its stop directives asked for; everything else can no longer be delivered.
    /// After an unconfirmed end the stop directives stay.
    /// </summary>
    public static void EndPending(MeshDraft draft, int number, bool confirmed)
    {
        var id = draft.AgentAt(number).Id;
        foreach (var directive in draft.InboxOf(number).Pending)
        {
            if (directive.Verb != Verb.Stop)
            {
                draft.Emit(new DirectiveMoved { Subject = id, Seq = directive.Seq, State = DeliveryState.Undeliverable, Note = "the agent ended" });
            }
            else if (confirmed)
            {
                draft.Emit(new DirectiveMoved { Subject = id, Seq = directive.Seq, State = DeliveryState.Acknowledged, Note = directive.Note ?? "the process ended" });
            }
        }
    }
}
