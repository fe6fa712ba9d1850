using SessionMesh.Contracts.Agents;

namespace SessionMesh.Dashboard.Controls;

/// <summary>The shape of each mark, for whoever does not see its colour: a path in a square of twelve.</summary>
public static class MarkShape
{
    public static string PathOf(string mark) => mark switch
    {
        AgentStatus.Alive => "M6 1a5 5 0 1 0 0 10a5 5 0 1 0 0-10z",
        AliveFilter.Paused => "M2 1h3v10h-3zM7 1h3v10h-3z",
        AliveFilter.Stalled => "M1 1h10l-5 5l5 5h-10l5-5z",
        AgentStatus.Suspect => "M6 1l5.5 10h-11z",
        AgentStatus.Stopping => "M4 1h4l3 3v4l-3 3h-4l-3-3v-4z",
        AgentStatus.Lost => "M6 0.5l5.5 5.5l-5.5 5.5l-5.5-5.5z",
        AgentStatus.Dead => "M1 2.5l1.5-1.5l3.5 3.5l3.5-3.5l1.5 1.5l-3.5 3.5l3.5 3.5l-1.5 1.5l-3.5-3.5l-3.5 3.5l-1.5-1.5l3.5-3.5z",
        _ => "M6 1a5 5 0 1 0 0 10a5 5 0 1 0 0-10zM6 3a3 3 0 1 1 0 6a3 3 0 1 1 0-6z",
    };
}
