using SessionMesh.Contracts;
using SessionMesh.Contracts.Agents;
using SessionMesh.Core.Agents;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Http;

namespace SessionMesh.Server.Agents;

/// <summary>Kills and exits in their wire form. They report what is known, never a guess.</summary>
internal static class KillReports
{
    public static AgentExit ToWire(Exit exit) => new()
    {
        Confirmed = exit.Confirmed,
        ExitCode = exit.ExitCode,
        Signal = exit.Signal,
        Reason = exit.Reason,
        At = DateTimeOffset.FromUnixTimeMilliseconds(exit.At),
    };

    public static Answer Render(KillOutcome outcome) =>
        Answers.Of(StatusCodes.Status200OK, ToWire(outcome), MeshJson.Default.KillReport);

    public static Answer Render(IReadOnlyList<KillOutcome> outcomes, bool dryRun) => Answers.Of(StatusCodes.Status200OK, new KillManyAnswer
    {
        Matched = outcomes.Count,
        Results = [.. outcomes.Select(o => new KillResult { AgentId = o.Agent.Id, Report = dryRun ? null : ToWire(o) })],
    }, MeshJson.Default.KillManyAnswer);

    public static Answer Render(Forgotten forgotten) => Answers.Of(StatusCodes.Status200OK, new ForgottenAgent
    {
        AgentId = forgotten.Agent.Id,
        Incarnation = forgotten.Agent.Incarnation,
        Status = forgotten.Agent.Liveness.Word(),
        Orphans = forgotten.Orphans,
    }, MeshJson.Default.ForgottenAgent);

    public static KillReport ToWire(KillOutcome outcome)
    {
        var agent = outcome.Agent;
        var dead = agent.Liveness == Liveness.Dead;
        var exit = dead ? agent.LastExit : null;
        return new KillReport
        {
            AgentId = agent.Id,
            Incarnation = agent.Incarnation,
            Status = agent.Liveness.Word(),
            Confirmed = exit is { Confirmed: true },
            ExitCode = exit?.ExitCode,
            Signal = exit?.Signal,
            Reason = dead ? exit?.Reason : agent.Stop?.Reason,
            Deadline = !dead && agent.Stop is { } stop ? DateTimeOffset.FromUnixTimeMilliseconds(stop.Deadline) : null,
            Descendants = [.. outcome.Descendants.Select(a => new DescendantReport
            {
                AgentId = a.Id,
                Incarnation = a.Incarnation,
                Status = a.Liveness.Word(),
                Confirmed = a is { Liveness: Liveness.Dead, LastExit.Confirmed: true },
            })],
        };
    }
}
