using SessionMesh.Contracts;
using SessionMesh.Core.Agents;
using SessionMesh.Core.State;

namespace SessionMesh.Core.Steering;

/// <summary>What a directive says, whichever agents it goes to.</summary>
public sealed record Message
{
    public required Verb Verb { get; init; }
    public string? Direction { get; init; }
    public string? Text { get; init; }

    /// <summary>JSON text.</summary>
    public string? Data { get; init; }

    /// <summary>Why, for the audit.</summary>
    public string? Reason { get; init; }

    /// <summary>Seconds for which it stays deliverable.</summary>
    public required int Ttl { get; init; }

    /// <summary>Whether to keep it for an agent that is not alive.</summary>
    public bool Hold { get; init; }

    /// <summary>Characters of what can be long.</summary>
    internal int Length => (Text?.Length ?? 0) + (Data?.Length ?? 0) + (Reason?.Length ?? 0);

    /// <summary>Whether it is a pause with little text to store, see <see cref="Command{T}.IsVital"/>.</summary>
    public bool IsVital => Verb == Verb.Pause && Length <= Limits.NoteLength;
}

/// <summary>The result of a steer: one directive, or a result for each of many agents.</summary>
public sealed record SteerOutcome(DirectiveRecord? One, IReadOnlyList<Steered> Many)
{
    /// <summary>The agent of the one directive.</summary>
    public Agent? Agent { get; init; }
}

/// <summary>A directive to one agent.</summary>
public sealed record SteerAgent : Command<SteerOutcome>
{
    public required string AgentId { get; init; }
    public required Message Message { get; init; }

    /// <summary>The life that is meant: a word to one that is over never reaches its successor. Null for whichever is current.</summary>
    public int? Incarnation { get; init; }

    public override int Weight => BaseWeight + Message.Length;

    public override bool IsVital(MeshState state) => Message.IsVital;

    public override Outcome<SteerOutcome> Decide(MeshDraft draft)
    {
        if (draft.FindAgent(AgentId) is not { } agent)
        {
            return Fencing.NotFound(AgentId);
        }

        return (Fencing.CheckCurrent(agent, Incarnation) ?? SteeringRules.CheckReachable(draft, agent, Message.Hold)) is { } error
            ? error
            : new SteerOutcome(SteeringRules.Issue(draft, agent, Message), []) { Agent = agent };
    }
}

/// <summary>The result for one agent of many: a directive or an error; in a dry run neither.</summary>
public sealed record Steered(string AgentId, DirectiveRecord? Directive, MeshError? Error);

/// <summary>
/// A directive to every agent that a selector matches, if there are as many as the caller expects. One transaction: every agent that can
/// take it gets it, and the result says which could not.
/// </summary>
public sealed record SteerMany : Command<SteerOutcome>
{
    public required Selection Selection { get; init; }
    public required Message Message { get; init; }
    public int? Expect { get; init; }
    public bool DryRun { get; init; }
    public override bool OnlyLooks => DryRun;

    /// <summary>The agents that matched when the call came in, see <see cref="Eligible"/>; null to search when it is decided.</summary>
    public Candidates? Found { get; init; }

    public override bool NeedsNoTurn => DryRun;

    /// <summary>States of the agents that such a message goes to.</summary>
    public static IReadOnlyList<Liveness> Eligible(bool hold) =>
        hold ? [Liveness.Alive, Liveness.Suspect, Liveness.Lost, Liveness.Declared] : [Liveness.Alive, Liveness.Suspect];

    public override int Weight => BaseWeight + Message.Length + Selection.Length + ((Found?.Numbers.Count ?? 0) * sizeof(int));

    public override bool IsVital(MeshState state) => Message.IsVital;

    public override Outcome<SteerOutcome> Decide(MeshDraft draft)
    {
        if (Found is { IsTooMany: true } && Selection.CheckCount(Found.Count, Expect) is { } tooMany)
        {
            return tooMany;
        }

        var matched = Selection.Match(draft, Eligible(Message.Hold), Found);
        if (DryRun)
        {
            return new SteerOutcome(null, matched.ConvertAll(agent => new Steered(agent.Id, null, null)));
        }

        if (Selection.CheckCount(matched.Count, Expect) is { } refused)
        {
            return refused;
        }

        var errors = matched.ConvertAll(agent => SteeringRules.CheckReachable(draft, agent, Message.Hold));
        var keptAt = errors.Count(error => error is null) > 1 ? SteeringRules.Keep(draft, Message) : 0;
        return new SteerOutcome(null, [.. matched.Zip(errors, (agent, error) =>
            new Steered(agent.Id, error is null ? SteeringRules.Issue(draft, agent, Message, keptAt) : null, error))]);
    }
}

/// <summary><c>POST /steers</c>: a directive to each of many agents, in one commit. Refusing one does not refuse the others.</summary>
public sealed record SteerEach : Command<IReadOnlyList<Steered>>
{
    public required IReadOnlyList<(string AgentId, Message Message)> Steers { get; init; }

    public override int Weight => BaseWeight + Steers.Sum(steer => 128 + steer.Message.Length);

    public override bool IsVital(MeshState state) => Steers.All(steer => steer.Message.IsVital);

    /// <summary>Returns results in the order of <see cref="Steers"/>.</summary>
    public override Outcome<IReadOnlyList<Steered>> Decide(MeshDraft draft)
    {
        var results = new List<Steered>(Steers.Count);
        foreach (var (id, message) in Steers)
        {
            var agent = draft.FindAgent(id);
            var error = agent is null ? Fencing.NotFound(id) : SteeringRules.CheckReachable(draft, agent, message.Hold);
            results.Add(new Steered(id, error is null ? SteeringRules.Issue(draft, agent!, message) : null, error));
        }

        return results;
    }
}
