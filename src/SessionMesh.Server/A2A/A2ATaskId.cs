using System.Globalization;
using SessionMesh.Core.Agents;
using SessionMesh.Core.State;

namespace SessionMesh.Server.A2A;

/// <summary>A task: one life of an agent.</summary>
/// <param name="Slot">Where the agent is found; by now perhaps in another life.</param>
/// <param name="Agent">The agent in the life that is meant, as it was when it was looked up.</param>
internal sealed record A2ATask(AgentSlot Slot, Agent Agent)
{
    /// <summary>The task that the agent has now: its present life, or its last; null for one that never began a life.</summary>
    public static A2ATask? Of(AgentSlot slot) => slot.Agent is { Incarnation: > 0 } agent ? new(slot, agent) : null;
}

/// <summary>
/// The id of a task, <c>AGENT.EPOCH.INCARNATION</c>: one life of an agent. With the epoch, since a restored store counts incarnations again
/// that were there before.
/// </summary>
internal static class A2ATaskId
{
    public static string Of(MeshState state, Agent agent) => Format(agent.Id, state.Epoch, agent.Incarnation);

    /// <summary>The incarnation that a task of an agent is; null for what is no task of it in this epoch.</summary>
    public static int? IncarnationOf(MeshState state, string agentId, string task) =>
        int.TryParse(task.AsSpan(task.LastIndexOf('.') + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var incarnation)
        && incarnation > 0 && Format(agentId, state.Epoch, incarnation) == task
            ? incarnation
            : null;

    private static string Format(string agentId, long epoch, int incarnation) =>
        string.Create(CultureInfo.InvariantCulture, $"{agentId}.{epoch}.{incarnation}");
}
