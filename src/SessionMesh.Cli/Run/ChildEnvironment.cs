using System.Collections;
using SessionMesh.Cli.Run.Orphans;
using SessionMesh.Cli.Settings;

namespace SessionMesh.Cli.Run;

/// <summary>
/// What differs in the child's environment: who it is in the mesh, and a key of its own in place of the operator's.
/// </summary>
internal static class ChildEnvironment
{
    private const string Prefix = "SESSION_MESH_";

    /// <param name="ours">The names of our own variables.</param>
    /// <returns>Variables to set, or with null to remove.</returns>
    public static Dictionary<string, string?> For(Uri url, string agentId, int incarnation, string token, IEnumerable<string> ours)
    {
        var changes = new Dictionary<string, string?>();

        // Whatever of ours could lead to the operator's key: a file that holds it, a directory that does.
        foreach (var name in ours)
        {
            if (name == MeshSettings.DataVariable || (name.StartsWith(Prefix, StringComparison.Ordinal) && NamesSecret(name)))
            {
                changes[name] = null;
            }
        }

        changes[MeshSettings.UrlVariable] = OrphanSearch.UrlText(url);
        changes[MeshSettings.AgentVariable] = agentId;
        changes[MeshSettings.IncarnationVariable] = incarnation.ToString();
        changes[MeshSettings.KeyVariable] = token;
        changes[RunnerMark.Variable] = RunnerMark.Ours?.ToString();
        return changes;
    }

    public static IEnumerable<string> OwnNames() =>
        Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().Select(entry => (string)entry.Key);

    private static bool NamesSecret(string name) =>
        name.Contains("KEY", StringComparison.Ordinal)
            || name.Contains("TOKEN", StringComparison.Ordinal)
            || name.Contains("SECRET", StringComparison.Ordinal);
}
