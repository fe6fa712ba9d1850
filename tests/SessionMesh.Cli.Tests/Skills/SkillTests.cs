using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using SessionMesh.Cli.Config;
using SessionMesh.Cli.Hosting;

namespace SessionMesh.Cli.Tests.Skills;

/// <summary>The skill, by the rules of the Agent Skills specification, and where it is put.</summary>
public sealed class SkillTests : IDisposable
{
    private static readonly string[] s_files =
    [
        "SKILL.md", "references/being-an-agent.md", "references/directing.md", "references/finding.md", "references/sessions.md",
    ];

    private readonly Tool _tool = new();

    public void Dispose() => _tool.Dispose();

    [Fact]
    public void Skill_IsAsTheSpecificationHasIt()
    {
        var text = File.ReadAllText(Path.Combine(Folder(), "SKILL.md"));
        Assert.StartsWith("---\n", text, StringComparison.Ordinal);
        var end = text.IndexOf("\n---\n", StringComparison.Ordinal);
        var front = ConfigReader.Read(_tool.WriteFile("front.yaml", text[4..end]), Host());
        front.Only("name", "description", "license", "compatibility", "metadata", "allowed-tools");
        var name = front.Find("name")!.AsText("name")!;
        Assert.Equal(Path.GetFileName(Folder()), name);
        Assert.Matches(new Regex("^[a-z0-9]+(-[a-z0-9]+)*$", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1)), name);
        Assert.InRange(name.Length, 1, 64);
        Assert.InRange(front.Find("description")!.AsText("description")!.Length, 1, 1024);
        Assert.InRange(front.Find("compatibility")!.AsText("compatibility")!.Length, 1, 500);
        Assert.InRange(text.Split('\n').Length, 1, 500);
        foreach (Match link in Regex.Matches(text, @"\]\((?<path>[^)]+)\)", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1)))
        {
            Assert.True(File.Exists(Path.Combine(Folder(), link.Groups["path"].Value)), $"{link.Groups["path"].Value} is not there");
        }
    }

    [Fact]
    public async Task Install_WritesEveryFile_WhereAgentsLook()
    {
        var agents = Path.Combine(_tool.Home, ".agents/skills/session-mesh");
        var claude = Path.Combine(_tool.Home, ".claude/skills/session-mesh");
        Assert.Equal(
            new Ran(0, $"path,state\r\n{agents},installed\r\n{claude},installed\r\n", ""),
            await _tool.RunAsync("skill install --dry-run -o csv"));
        Assert.False(Directory.Exists(agents));
        Assert.Equal(
            new Ran(0, $"path,state\r\n{agents},installed\r\n{claude},installed\r\n", ""), await _tool.RunAsync("skill install -o csv"));
        foreach (var folder in (string[])[agents, claude])
        {
            Assert.Equal(
                s_files,
                Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Select(path => Path.GetRelativePath(folder, path))
                    .Order(StringComparer.Ordinal));
            Assert.All(s_files, file => Assert.Equal(
                File.ReadAllBytes(Path.Combine(Folder(), file)), File.ReadAllBytes(Path.Combine(folder, file))));
        }

        Assert.Equal(
            new Ran(0, $"path,state\r\n{agents},unchanged\r\n{claude},unchanged\r\n", ""),
            await _tool.RunAsync("skill install --user -o csv"));
        Assert.Empty(_tool.Server.Requests);
    }

    [Fact]
    public async Task Install_OverAFileThatSomebodyChanged_AsksForForce()
    {
        await _tool.RunAsync("skill install");
        var mine = Path.Combine(_tool.Home, ".claude/skills/session-mesh/SKILL.md");
        await File.WriteAllTextAsync(mine, "mine");
        Assert.Equal(
            new Ran(
                5, "",
                $"error: cannot install the skill\n  why: {mine} is another one than this version's\n  try: --force replaces it\n"),
            await _tool.RunAsync("skill install"));
        Assert.Equal("mine", await File.ReadAllTextAsync(mine));
        var forced = await _tool.RunAsync("skill install --force -o csv");
        Assert.EndsWith(",replaced\r\n", forced.Out, StringComparison.Ordinal);
        Assert.Equal(await File.ReadAllTextAsync(Path.Combine(Folder(), "SKILL.md")), await File.ReadAllTextAsync(mine));
        Assert.Equal(2, (await _tool.RunAsync("skill install --user --project")).Code);
    }

    /// <summary>A folder that came with somebody's project leads no write out of it.</summary>
    [Fact]
    public async Task Install_FollowsNoLinkThatWasPlanted()
    {
        var folder = Directory.CreateDirectory(Path.Combine(_tool.Home, ".claude/skills/session-mesh")).FullName;
        var victim = _tool.WriteFile("victim", "mine");
        foreach (var name in (string[])["SKILL.md.new", "SKILL.md"])
        {
            File.CreateSymbolicLink(Path.Combine(folder, name), victim);
        }

        Assert.Equal(5, (await _tool.RunAsync("skill install")).Code);
        Assert.Equal(0, (await _tool.RunAsync("skill install --force")).Code);
        Assert.Equal("mine", await File.ReadAllTextAsync(victim));
        Assert.Null(new FileInfo(Path.Combine(folder, "SKILL.md")).LinkTarget);
    }

    private CliHost Host() => new()
    {
        In = TextReader.Null, Out = TextWriter.Null, Error = TextWriter.Null, Env = _ => null, Home = _tool.Home,
    };

    private static string Folder([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../../../skills/session-mesh"));
}
