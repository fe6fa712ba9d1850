namespace SessionMesh.Cli.Hooks.Kinds;

/// <summary>Tells by its words whose process it is.</summary>
internal static class AgentProcess
{
    private static readonly string[] s_interpreters = ["node", "bun", "deno"];

    /// <param name="words">What it was started with, the program first.</param>
    public static bool IsOf(HookedAgent agent, IReadOnlyList<string> words)
    {
        if (words is not [{ Length: > 0 } program, ..])
        {
            return false;
        }

        // A process may give itself a title, which then is its first word.
        var name = Path.GetFileName(program.Split(' ')[0]);
        if (name == agent.Program || name == agent.ProcessTitle)
        {
            return true;
        }

        return s_interpreters.Contains(name)
            && words.Skip(1).FirstOrDefault(word => !word.StartsWith('-')) is { } script
            && (Path.GetFileName(script) == agent.Program
                || script.Contains($"/node_modules/{agent.Package}/", StringComparison.Ordinal));
    }
}
