using SessionMesh.Contracts.Errors;
using SessionMesh.Core.Agents;
using SessionMesh.Core.State;

namespace SessionMesh.Core.Steering;

/// <summary>
/// Cancels a directive that was not handed out. What was handed to a socket a moment ago is not in the log yet, so hold the directive back
/// first (<see cref="AgentSlot.HoldBack"/>), or this may cancel one that the agent was shown.
/// </summary>
public sealed record CancelDirective : Command<DirectiveRecord>
{
    /// <summary>Number of the agent.</summary>
    public required int Number { get; init; }
    public required long Seq { get; init; }

    /// <summary>Revision of the directive. The number may belong to another agent by now; the revision does not.</summary>
    public required long Revision { get; init; }

    public static MeshError AlreadyDelivered() =>
        new(
            ErrorKind.Conflict,
            ErrorCodes.AlreadyDelivered,
            "This directive was handed to a connection of the agent. Steer it again to correct it.");

    public override Outcome<DirectiveRecord> Decide(MeshDraft draft)
    {
        if (draft.FindSince(Number, Revision) is not { } agent || !draft.Reaches(agent))
        {
            return SteeringRules.NoSuchDirective();
        }

        if (draft.InboxOf(Number).Find(Seq) is not { } directive || directive.IsOverdueAt(draft.Now.Wall))
        {
            return new MeshError(ErrorKind.Conflict, ErrorCodes.DirectiveOver, "This directive is over; there is nothing to take back.");
        }

        if (directive.State != DeliveryState.Queued || directive.Verb == Verb.Stop)
        {
            return new MeshError(ErrorKind.Conflict, ErrorCodes.AlreadyDelivered, directive.Verb == Verb.Stop
                ? "A stop cannot be taken back."
                : $"This directive is {directive.State.Word()} already. Steer the agent again to correct it.");
        }

        draft.Emit(new DirectiveMoved { Subject = agent.Id, Seq = Seq, State = DeliveryState.Cancelled });
        return draft.ChangedDirective(directive.Revision);
    }
}

/// <summary>The result of an ack. <see cref="Over"/>: the directive had ended already; its row says how.</summary>
public sealed record AckOutcome(Agent Agent, DirectiveRecord? Directive, bool Over);

/// <summary>The agent, or its go-between, says what became of a directive. Repeating an ack changes nothing.</summary>
public sealed record AckDirective : Command<AckOutcome>
{
    public required string AgentId { get; init; }
    public required long Seq { get; init; }

    /// <summary>Accepted, acknowledged or rejected.</summary>
    public required DeliveryState State { get; init; }
    public string? Note { get; init; }
    public int? Incarnation { get; init; }

    public override int Weight => BaseWeight + (Note?.Length ?? 0);

    /// <summary>Vital for a stop or a pause: neither is known to have taken effect before its ack. Other acks may wait.</summary>
    public override bool IsVital(MeshState state) => state.Find(AgentId)?.Inbox.Find(Seq) is { Verb: Verb.Stop or Verb.Pause };

    public override Outcome<AckOutcome> Decide(MeshDraft draft)
    {
        if (draft.FindAgent(AgentId) is not { } agent)
        {
            return Fencing.NotFound(AgentId);
        }

        var inbox = draft.InboxOf(agent.Number);
        if (Seq < 1 || Seq > inbox.LastSeq)
        {
            return new MeshError(
                ErrorKind.NotFound,
                ErrorCodes.DirectiveNotFound,
                $"Agent '{AgentId}' has no directive {Seq}; the newest is {inbox.LastSeq}.");
        }

        // Past its deadline a directive is over, whether or not a sweep has recorded it: readers see it as expired.
        if (inbox.Find(Seq) is not { } directive || directive.IsOverdueAt(draft.Now.Wall))
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

/// <summary>Records that directives were written to a socket. Those that have moved on since stay as they are.</summary>
public sealed record MarkDelivered : Command<int>
{
    /// <summary>Number of the agent.</summary>
    public required int Number { get; init; }

    /// <summary>Those with a sequence number up to this, and above <see cref="After"/>.</summary>
    public required long UpTo { get; init; }
    public required long After { get; init; }

    /// <summary>Only these among them: a reader that asked for some was not shown the others in between.</summary>
    public VerbSet Verbs { get; init; } = VerbSet.All;

    /// <summary>
    /// Revision of the last of them. If the number belonged to another agent then, none of them belongs to the present one.
    /// </summary>
    public required long Revision { get; init; }

    /// <summary>Returns how many moved.</summary>
    public override Outcome<int> Decide(MeshDraft draft)
    {
        if (draft.FindSince(Number, Revision) is not { } agent)
        {
            return 0;
        }

        var moved = 0;
        foreach (var directive in draft.InboxOf(Number).Pending)
        {
            if (directive.Seq > After && directive.Seq <= UpTo && Verbs.Has(directive.Verb)
                && directive.State == DeliveryState.Queued && !directive.IsOverdueAt(draft.Now.Wall))
            {
                draft.Emit(new DirectiveMoved { Subject = agent.Id, Seq = directive.Seq, State = DeliveryState.Delivered });
                moved++;
            }
        }

        return moved;
    }
}
