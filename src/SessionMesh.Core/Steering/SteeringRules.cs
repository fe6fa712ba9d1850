using SessionMesh.Contracts;
using SessionMesh.Contracts.Errors;
using SessionMesh.Core.Agents;
using SessionMesh.Core.State;

namespace SessionMesh.Core.Steering;

/// <summary>What goes into an inbox, and what stopping, dying and time do to it.</summary>
public static class SteeringRules
{
    /// <summary>Milliseconds past its deadline for which a stop directive stays, so that a runner that was away hears of it.</summary>
    private const long StopOutlives = KillRules.Tombstone;

    /// <summary>
    /// Characters past which a message to many is kept once. Below that, a row of its own costs more than the repetition.
    /// </summary>
    private const int KeptFrom = 512;

    public static MeshError NoSuchDirective() =>
        new(
            ErrorKind.NotFound,
            ErrorCodes.DirectiveNotFound,
            "No such directive. Its id is in the answer to POST /api/session-mesh/steer.");

    /// <summary>Null when a directive can be put into the agent's inbox now.</summary>
    internal static MeshError? CheckReachable(MeshDraft draft, Agent agent, bool hold)
    {
        if (!hold && agent.Liveness is not (Liveness.Alive or Liveness.Suspect))
        {
            return new MeshError(
                ErrorKind.Conflict,
                ErrorCodes.NotAlive,
                $"Agent '{agent.Id}' is {agent.Liveness.Word()}. Send \"hold\": true to keep the directive until it comes back.")
            {
                AgentStatus = agent.Liveness.Word(),
                Agent = agent.Number,
            };
        }

        var pending = draft.InboxOf(agent.Number).Pending;
        return pending.Length < Limits.Inbox || pending.Count(d => !d.IsOverdueAt(draft.Now.Wall)) < Limits.Inbox
            ? null
            : new MeshError(
                ErrorKind.Exhausted,
                ErrorCodes.InboxFull,
                $"Agent '{agent.Id}' has {Limits.Inbox} directives waiting. Wait until it has taken some, or cancel some.")
            {
                AgentStatus = agent.Liveness.Word(),
                Agent = agent.Number,
                RetryAfter = 5,
            };
    }

    /// <param name="keptAt">Revision under which text and data are kept already, see <see cref="Keep"/>; 0 for none.</param>
    internal static DirectiveRecord Issue(MeshDraft draft, Agent agent, Message message, long keptAt = 0)
    {
        var revision = draft.Emit(new DirectiveIssued
        {
            Subject = agent.Id,
            Seq = draft.InboxOf(agent.Number).LastSeq + 1,
            Verb = message.Verb,
            Direction = message.Direction,
            Message = keptAt == 0 ? message.Text : null,
            Data = keptAt == 0 ? message.Data : null,
            MessageAt = keptAt,
            ExpiresAt = draft.Now.Wall + (message.Ttl * 1000L),
            Reason = message.Reason,
        });
        return draft.ChangedDirective(revision);
    }

    /// <summary>
    /// Keeps a long message to many once: 64 KiB to 10,000 agents would otherwise take 1.3 GB, in the log and in the table. Returns the
    /// revision to name, or 0 if each directive carries the message itself.
    /// </summary>
    internal static long Keep(MeshDraft draft, Message message) =>
        message.Length <= KeptFrom ? 0 : draft.Emit(new MessageKept { Subject = "messages", Text = message.Text, Data = message.Data });

    /// <summary>A stop directive is never refused for a full inbox.</summary>
    internal static void IssueStop(MeshDraft draft, Agent agent, int grace, bool force, string? reason) =>
        draft.Emit(new DirectiveIssued
        {
            Subject = agent.Id,
            Seq = draft.InboxOf(agent.Number).LastSeq + 1,
            Verb = Verb.Stop,
            Message = reason,
            Data = $$"""{"grace":{{grace}},"force":{{(force ? "true" : "false")}}}""",
            ExpiresAt = draft.Now.Wall + (grace * 1000L) + StopOutlives,
        });

    internal static void ExpireDue(MeshDraft draft, int number)
    {
        foreach (var directive in draft.InboxOf(number).Pending)
        {
            if (directive.IsOverdueAt(draft.Now.Wall))
            {
                draft.Emit(new DirectiveMoved { Subject = draft.AgentAt(number).Id, Seq = directive.Seq, State = DeliveryState.Expired });
            }
        }
    }

    /// <summary>Call when another incarnation begins: a stop that outlived the previous one was never meant for it.</summary>
    internal static void EndStops(MeshDraft draft, int number)
    {
        foreach (var directive in draft.InboxOf(number).Pending)
        {
            if (directive.Verb == Verb.Stop && directive.ExpiresAt > draft.Now.Wall)
            {
                draft.Emit(new DirectiveMoved
                {
                    Subject = draft.AgentAt(number).Id,
                    Seq = directive.Seq,
                    State = DeliveryState.Undeliverable,
                    Note = "another incarnation began",
                });
            }
        }
    }

    /// <summary>
    /// Call when the agent ends. A confirmed end is what its stop directives asked for, so they are acknowledged; everything else can no
    /// longer be delivered. After an unconfirmed end the stop directives stay.
    /// </summary>
    internal static void EndPending(MeshDraft draft, int number, bool confirmed)
    {
        var id = draft.AgentAt(number).Id;
        ExpireDue(draft, number); // what is past its deadline has expired already
        foreach (var directive in draft.InboxOf(number).Pending)
        {
            if (directive.Verb != Verb.Stop)
            {
                draft.Emit(new DirectiveMoved
                {
                    Subject = id,
                    Seq = directive.Seq,
                    State = DeliveryState.Undeliverable,
                    Note = "the agent ended",
                });
            }
            else if (confirmed)
            {
                draft.Emit(new DirectiveMoved
                {
                    Subject = id,
                    Seq = directive.Seq,
                    State = DeliveryState.Acknowledged,
                    Note = directive.Note ?? "the process ended",
                });
            }
        }
    }

    /// <summary>Ends everything that is pending, stops included, because no one will ever take it.</summary>
    internal static void GiveUpPending(MeshDraft draft, Agent agent, string why)
    {
        ExpireDue(draft, agent.Number); // what is past its deadline has expired already
        foreach (var directive in draft.InboxOf(agent.Number).Pending)
        {
            draft.Emit(new DirectiveMoved { Subject = agent.Id, Seq = directive.Seq, State = DeliveryState.Undeliverable, Note = why });
        }
    }
}
