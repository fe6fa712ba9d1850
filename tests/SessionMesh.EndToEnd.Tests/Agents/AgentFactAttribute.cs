namespace SessionMesh.EndToEnd.Tests.Agents;

/// <summary>
/// A test with a real coding agent, of minutes and hundreds of megabytes: <c>eng/soak.sh agents</c> runs it, and nothing else does.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class AgentFactAttribute : SkippableFactAttribute
{
    public const string Variable = "SESSION_MESH_SOAK_AGENTS";

    public AgentFactAttribute()
    {
        if (Environment.GetEnvironmentVariable(Variable) is null)
        {
            Skip = "eng/soak.sh agents runs it";
        }
    }
}
