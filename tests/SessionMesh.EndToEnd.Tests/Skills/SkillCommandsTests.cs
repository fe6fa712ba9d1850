using System.Text;
using SessionMesh.EndToEnd.Tests.Support;

namespace SessionMesh.EndToEnd.Tests.Skills;

/// <summary>Every command of the skill, as an agent would type it: a page's commands after each other, in a mesh of their own.</summary>
public sealed class SkillCommandsTests
{
    public static TheoryData<string> Pages => new(Directory
        .EnumerateFiles(Folder, "*.md", SearchOption.AllDirectories)
        .Select(path => Path.GetRelativePath(Folder, path)).Order(StringComparer.Ordinal));

    private static string Folder => Path.Combine(Built.Repository, "skills", "session-mesh");

    [Theory]
    [MemberData(nameof(Pages))]
    public async Task Commands_Work(string page)
    {
        await using var mesh = await Mesh.StartAsync();
        var script = new StringBuilder("set -eu\ntrap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n");
        var text = await File.ReadAllTextAsync(Path.Combine(Folder, page));
        var blocks = text.Split("```sh\n").Skip(1).Select(block => block.Split("```")[0]);
        foreach (var line in blocks.SelectMany(block => block.Split('\n', StringSplitOptions.RemoveEmptyEntries)))
        {
            script.Append(line).Append('\n');
        }

        Assert.Contains("session-mesh", script.ToString(), StringComparison.Ordinal);
        await mesh.DoneAsync(script.ToString());
    }

    [Fact]
    public async Task Install_ForAProject_PutsItBelowTheDirectoryThatItIsTypedIn()
    {
        await using var mesh = await Mesh.StartAsync();
        await mesh.DoneAsync("mkdir project && cd project && session-mesh skill install --project");
        Assert.All(
            (string[])[".agents", ".claude"],
            agent => Assert.True(File.Exists(mesh.Scratch.File($"project/{agent}/skills/session-mesh/SKILL.md"))));
    }
}
