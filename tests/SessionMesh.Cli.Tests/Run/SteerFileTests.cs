using SessionMesh.Cli.Tests.Run.Process;
using static SessionMesh.Client.Tests.ScriptedServer;

namespace SessionMesh.Cli.Tests.Run;

[Collection(ProcessCollection.Name)]
public sealed class SteerFileTests
{
    /// <summary>It ran, and rejected each steer.</summary>
    [Theory]
    [InlineData("no-such-directory/steer.json", "there is no directory {0}/no-such-directory")]
    [InlineData("", "it is a directory")]
    [InlineData("file/steer.jsonl", "there is no directory {0}/file")]
    public async Task FileThatCannotBeMade_IsRefused_BeforeAnythingIsStarted(string name, string why)
    {
        using var tool = new Tool(Json(200, "{}"));
        tool.WriteFile("file", "");
        var file = Path.Combine(tool.Home, name);
        Assert.Equal(
            new Ran(2, "", $"""
                error: cannot run touch
                  why: --steer-file {file}: {string.Format(why, tool.Home)}
                  try: a file in a directory that is there and can be written to

                """),
            await tool.RunAsync($"run --agent-id w1 --steer-file {file} -- touch {tool.Home}/started"));
        Assert.Empty(tool.Server.Requests);
        Assert.False(File.Exists(Path.Combine(tool.Home, "started")));
    }

    [Fact]
    public async Task FileThatCanBeMade_IsNotMadeYet()
    {
        using var tool = new Tool(Problem(403, "missing_scope"));
        Assert.Equal(125, (await tool.RunAsync($"run --agent-id w1 --steer-file {tool.Home}/steer.json -- true")).Code);
        Assert.Empty(Directory.GetFiles(tool.Home));
    }
}
