using System.Text.Json.Nodes;
using SessionMesh.Client.Tests;

namespace SessionMesh.Cli.Tests.Sandbox;

/// <summary>The tool against each fault of a sandbox.</summary>
public sealed class ToolFaultTests : IClassFixture<SandboxHost>, IDisposable
{
    private readonly SandboxHost _sandbox;
    private readonly Tool _tool;
    private readonly SocketsHttpHandler _network = new();

    public ToolFaultTests(SandboxHost sandbox)
    {
        _sandbox = sandbox;
        _tool = new Tool { Clock = new HastyTime { Endless = TimeSpan.FromSeconds(9) } };
        _tool.Env["SESSION_MESH_URL"] = sandbox.Url.AbsoluteUri.TrimEnd('/');
        _tool.Env["SESSION_API_KEY"] = sandbox.RootKey;
    }

    public void Dispose()
    {
        _tool.Dispose();
        _network.Dispose();
    }

    [Theory]
    [InlineData("status503", """{"endpoint":"POST /steer","status":503,"count":2}""")]
    [InlineData("status429", """{"endpoint":"POST /steer","status":429,"count":2}""")]
    [InlineData("before", """{"endpoint":"POST /steer","cut":"before","count":2}""")]
    [InlineData("after", """{"endpoint":"POST /steer","cut":"after","count":2}""")]
    public async Task Steer_ThatFailsTwice_IsDone_AndDoneOnce(string name, string fault)
    {
        var agent = "tool-" + name;
        await _sandbox.RegisterAsync(agent);
        await _sandbox.SetAsync(fault);
        var ran = await RunAsync($"steer {agent} -d north --verbose -o name");
        Assert.Equal(0, ran.Code);
        Assert.Equal(3, ran.Error.Split('\n').Count(line => line.StartsWith("attempt ", StringComparison.Ordinal)));
        Assert.Equal((2, 1), (await _sandbox.StruckAsync(), await _sandbox.PendingAsync(agent)));
    }

    [Fact]
    public async Task Server_ThatFailsOnAndOn_IsSaid_WithWhatToTypeNext()
    {
        await _sandbox.SetAsync("""{"endpoint":"GET /alive","status":503}""");
        var ran = await RunAsync("list");
        Assert.Equal((1, ""), (ran.Code, ran.Out));
        Assert.Matches(
            "^error: .*\n  why: The sandbox was told to fail here, by its fault f-\\d+. Nothing was done\\. \\(503 sandbox_fault\\)\n"
            + "  try: the same command again; this server is a sandbox, and fails where a test told it to\n",
            ran.Error);
    }

    [Fact]
    public async Task Answer_ThatIsBroken_IsSaid()
    {
        await _sandbox.SetAsync("""{"endpoint":"GET /status","malformed":true}""");
        var ran = await RunAsync("status");
        Assert.Equal((1, ""), (ran.Code, ran.Out));
        Assert.Contains("does not speak the mesh's language", ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Events_OfAStreamThatIsDropped_AreAllThere()
    {
        await _sandbox.RegisterAsync("tool-stream");
        var after = (await _sandbox.CallAsync(HttpMethod.Get, "status"))["revision"]!.GetValue<long>();
        for (var i = 0; i < 5; i++)
        {
            await RunAsync("steer tool-stream -d north");
        }

        await _sandbox.SetAsync("""{"endpoint":"GET /events","drop_after":2,"count":2}""");
        var ran = await RunAsync($"events --after {after} --limit 5 -o jsonl");
        Assert.Equal(0, ran.Code);
        Assert.Equal(
            Enumerable.Range(0, 5).Select(i => after + 1 + (2 * i)), // receipts are between them
            ran.Out.TrimEnd('\n').Split('\n').Select(line => JsonNode.Parse(line)!["revision"]!.GetValue<long>()));
        Assert.Equal(2, await _sandbox.StruckAsync());
    }

    private async Task<Ran> RunAsync(string commandLine) => await _tool.RunAsync(commandLine, _network);
}
