using System.Text.Json.Nodes;
using SessionMesh.EndToEnd.Tests.Agents;
using SessionMesh.EndToEnd.Tests.Support;

namespace SessionMesh.EndToEnd.Tests.Skills;

/// <summary>The skill as others' programs take it.</summary>
public sealed class SkillProgramsTests
{
    private static string Folder => Path.Combine(Built.Repository, "skills", "session-mesh");

    /// <summary><c>npx skills add PATH -y</c>, without npx asking npm for the newest one.</summary>
    [SkippableFact]
    public async Task NpmsSkills_TakesTheFolderAsItIs()
    {
        using var scratch = new Scratch();
        var program = await AgentPrograms.SkillsAsync();
        var project = Directory.CreateDirectory(scratch.File("project")).FullName;
        using var add = new Started("node", [program, "add", Folder, "-y"], Quiet(scratch), project);
        (await add.EndAsync()).Done();
        foreach (var agent in (string[])[".agents", ".claude"])
        {
            Assert.Equal(Files(Folder), Files(Path.Combine(project, agent, "skills", "session-mesh")));
        }
    }

    [AgentFact]
    public async Task Openclaw_ListsItAsReady()
    {
        using var scratch = new Scratch();
        var (node, script) = await AgentPrograms.OpenclawAsync();
        var environment = Quiet(scratch);
        using var install = new Started(Path.Combine(scratch.Bin, "session-mesh"), ["skill", "install"], environment, scratch.Home);
        (await install.EndAsync()).Done();
        environment["PATH"] = $"{node}:{environment["PATH"]}";
        using var list = new Started("node", [script, "skills", "list", "--json"], environment, scratch.Home);
        var ran = (await list.EndAsync()).Done();
        var skill = JsonNode.Parse(ran.Out)!["skills"]!.AsArray().Single(one => (string?)one!["name"] == "session-mesh")!;
        Assert.Equal((true, false, true), ((bool)skill["eligible"]!, (bool)skill["disabled"]!, (bool)skill["modelVisible"]!));
    }

    private static Dictionary<string, string> Quiet(Scratch scratch) =>
        new(scratch.Environment()) { ["DISABLE_TELEMETRY"] = "1", ["CI"] = "true" };

    /// <summary>Every file below a folder, with what is in it.</summary>
    private static SortedDictionary<string, string> Files(string folder) => new(
        Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .ToDictionary(path => Path.GetRelativePath(folder, path), File.ReadAllText),
        StringComparer.Ordinal);
}
