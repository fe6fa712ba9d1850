using System.Diagnostics;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;
using static SessionMesh.Client.Tests.ScriptedServer;

namespace SessionMesh.Cli.Tests.Commands;

/// <summary>The manual pages, which have the text of the help.</summary>
public sealed class ManPageTests
{
    /// <summary>What mandoc remarks on, and pages that are made of the commands alone cannot have: a date.</summary>
    private const string NoDate = "missing date";

    [Fact]
    public async Task EveryCommand_HasAPage_AndNoServerIsAsked()
    {
        using var tool = new Tool(Broken());
        var directory = Path.Combine(tool.Home, "share/man/man1");

        Assert.Equal(new Ran(0, "", ""), await tool.RunAsync($"help --man {directory}"));
        Assert.Empty(tool.Server.Requests);

        var host = new CliHost { In = TextReader.Null, Out = TextWriter.Null, Error = TextWriter.Null, Env = _ => null, Home = "/" };
        Assert.Equal(
            SessionMeshTool.Build(host).Subcommands.Select(command => $"session-mesh-{command.Name}.1").Append("session-mesh.1").Order(),
            Directory.GetFiles(directory).Select(Path.GetFileName).Order());
    }

    [Fact]
    public async Task Page_SaysWhatTheHelpSays()
    {
        using var tool = new Tool(Broken());
        await tool.RunAsync($"help --man {tool.Home}");

        Assert.Equal(
            $$"""
            .TH SESSION\-MESH\-REVIVE 1 "" "session\-mesh {{ToolVersion.Current}}" "Session Mesh"
            .SH NAME
            session\-mesh\-revive \- Let an agent register again whose end nobody confirmed
            """,
            string.Join('\n', (await File.ReadAllTextAsync(Path.Combine(tool.Home, "session-mesh-revive.1"))).Split('\n').Take(3)));
        var keys = await File.ReadAllTextAsync(Path.Combine(tool.Home, "session-mesh-keys.1"));
        Assert.Contains(".SH session\\-mesh keys create\nMint a key.\n", keys, StringComparison.Ordinal);
        Assert.Contains(".TP\n\\fB\\-\\-scope SCOPE\\fR\n", keys, StringComparison.Ordinal);
        Assert.Contains("\nsession\\-mesh keys revoke 4fT9aB2kQ0xZ \\-\\-yes\n", keys, StringComparison.Ordinal);
    }

    /// <summary>Where mandoc is installed, which eng/test.sh sees to.</summary>
    [Fact]
    public async Task Pages_AreWellFormed()
    {
        using var tool = new Tool(Broken());
        await tool.RunAsync($"help --man {tool.Home}");
        if (!File.Exists("/usr/bin/mandoc"))
        {
            return;
        }

        var start = new ProcessStartInfo("/usr/bin/mandoc", ["-T", "lint", "-W", "warning", .. Directory.GetFiles(tool.Home, "*.1")])
        {
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };
        using var lint = Process.Start(start)!;
        var remarks = await lint.StandardOutput.ReadToEndAsync();
        await lint.WaitForExitAsync();

        Assert.Equal([], remarks.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line =>
            !line.Contains(NoDate, StringComparison.Ordinal)));
    }
}
