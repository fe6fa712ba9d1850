using SessionMesh.EndToEnd.Tests.Support;

namespace SessionMesh.EndToEnd.Tests.Agents;

/// <summary>
/// The real programs, from npm, in the versions that the tests were written against: a folder for each, in the one that
/// <c>SESSION_MESH_AGENT_PROGRAMS</c> names or in the cache of whoever runs the tests. What is there is not fetched again.
/// </summary>
internal static class AgentPrograms
{
    private static readonly TimeSpan s_bound = TimeSpan.FromMinutes(10);

    private static string Root => Environment.GetEnvironmentVariable("SESSION_MESH_AGENT_PROGRAMS")
        ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache", "session-mesh-tests", "programs");

    /// <summary>The folder of a program, whose <c>node_modules</c> have the packages.</summary>
    /// <param name="packages">NAME@VERSION, in the order in which they are installed.</param>
    public static async Task<string> InstalledAsync(string name, params string[] packages)
    {
        var folder = Directory.CreateDirectory(Path.Combine(Root, name)).FullName;
        foreach (var package in packages.Where(package => !IsThere(folder, package)))
        {
            var environment = Environment.GetEnvironmentVariables().Cast<System.Collections.DictionaryEntry>()
                .ToDictionary(entry => (string)entry.Key, entry => (string)entry.Value!);
            using var npm = new Started("npm", ["install", "--prefix", folder, "--no-audit", "--no-fund", package], environment, folder);
            await Patience.ForAsync(() => npm.HasExited, () => $"npm installs {package}\n{npm.Error}", s_bound);
            Assert.True(IsThere(folder, package), $"npm could not install {package}: {await npm.EndAsync()}");
        }

        return folder;
    }

    private static bool IsThere(string folder, string package)
    {
        var at = package.LastIndexOf('@');
        var file = Path.Combine(folder, "node_modules", package[..at], "package.json");
        return File.Exists(file) && Members.Parse(File.ReadAllText(file)).Text("version") == package[(at + 1)..];
    }
}
