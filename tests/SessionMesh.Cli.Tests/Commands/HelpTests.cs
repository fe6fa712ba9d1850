using System.CommandLine;
using System.Text;
using SessionMesh.Cli.Hosting;
using static SessionMesh.Client.Tests.ScriptedServer;

namespace SessionMesh.Cli.Tests.Commands;

/// <summary>Help is made of the commands alone, and is reviewed like code: a change shows in the diff of <c>docs/help.txt</c>.</summary>
public sealed class HelpTests
{
    private const string Update = "UPDATE_HELP_SNAPSHOT";

    [Fact]
    public async Task Help_OfEveryCommand_EqualsTheReviewedSnapshot_AndAsksNobody()
    {
        using var tool = new Tool(Broken());
        var now = new StringBuilder();
        foreach (var path in Paths(SessionMeshTool.Build(HostOf(tool)), ""))
        {
            var ran = await tool.RunAsync(path + "--help");
            Assert.Equal((0, ""), (ran.Code, ran.Error));
            now.Append("$ session-mesh ").Append(path).Append("--help\n").Append(ran.Out).Append('\n');
        }

        Assert.Empty(tool.Server.Requests);
        var file = SnapshotPath();
        if (Environment.GetEnvironmentVariable(Update) is not (null or ""))
        {
            await File.WriteAllTextAsync(file, now.ToString());
        }

        var reviewed = File.Exists(file) ? (await File.ReadAllTextAsync(file)).ReplaceLineEndings("\n") : "";
        if (reviewed != now.ToString())
        {
            var (before, after) = (reviewed.Split('\n'), now.ToString().Split('\n'));
            var line = before.Zip(after).TakeWhile(pair => pair.First == pair.Second).Count();
            Assert.Fail(
                $"The help is not the one in docs/help.txt: line {line + 1} is '{after.ElementAtOrDefault(line)}', "
                + $"not '{before.ElementAtOrDefault(line)}'.\nIf that is meant: {Update}=1 dotnet test tests/SessionMesh.Cli.Tests "
                + $"--filter {nameof(HelpTests)}, and review the diff.");
        }
    }

    [Theory]
    [InlineData("help kill", "kill --help")]
    [InlineData("help keys create", "keys create --help")]
    [InlineData("help", "--help")]
    [InlineData("session help list", "session list --help")]
    [InlineData("--version", "version")]
    public async Task OtherWaysToAskForIt_SayTheSame(string line, string same)
    {
        using var tool = new Tool(Broken());
        var ran = await tool.RunAsync(line);
        Assert.Equal(0, ran.Code);
        Assert.Equal(await tool.RunAsync(same), ran);
    }

    [Theory]
    [InlineData("help kil", "'session-mesh' has no command 'kil'")]
    [InlineData("help keys mint", "'session-mesh keys' has no command 'mint'")]
    public async Task HelpOfWhatThereIsNot_IsAUsageError(string line, string why)
    {
        using var tool = new Tool(Broken());
        var ran = await tool.RunAsync(line);
        Assert.Equal((2, ""), (ran.Code, ran.Out));
        Assert.Contains(why, ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Help_FitsTheTerminal()
    {
        using var tool = new Tool(Broken()) { Width = 72 };
        var lines = (await tool.RunAsync("--help")).Out.Split('\n');
        Assert.All(lines, line => Assert.InRange(line.Length, 0, 72));
    }

    private static IEnumerable<string> Paths(Command command, string path)
    {
        yield return path;
        foreach (var below in command.Subcommands.Where(one => !one.Hidden).SelectMany(one => Paths(one, $"{path}{one.Name} ")))
        {
            yield return below;
        }
    }

    private static CliHost HostOf(Tool tool) => new()
    {
        In = TextReader.Null,
        Out = TextWriter.Null,
        Error = TextWriter.Null,
        Env = _ => null,
        Home = tool.Home,
    };

    private static string SnapshotPath()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (directory is not null && !File.Exists(Path.Combine(directory.FullName, "SessionMesh.sln")))
        {
            directory = directory.Parent;
        }

        return Path.Combine(
            directory?.FullName ?? throw new DirectoryNotFoundException("the tests do not run inside the repository"), "docs", "help.txt");
    }
}
