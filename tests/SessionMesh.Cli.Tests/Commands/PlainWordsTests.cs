using SessionMesh.Cli.Tests.Run;
using static SessionMesh.Client.Tests.ScriptedServer;

namespace SessionMesh.Cli.Tests.Commands;

/// <summary>What the runtime and its libraries find wrong is said in the words of this tool, and never in their sentences.</summary>
public sealed class PlainWordsTests
{
    [Theory]
    [InlineData("{bad", "--data is not JSON: see character 2")]
    [InlineData("{\"a\":\n 1,}", "--data is not JSON: see line 2, character 4")]
    [InlineData("", "--data is empty")]
    public async Task Data_ThatIsNoJson_SaysWhere(string data, string why)
    {
        using var tool = new Tool(Broken());
        Assert.Equal(
            new Ran(2, "", $"error: cannot steer agent x\n  why: {why}\n  try: --data '{{\"speed\": 3}}'\n"),
            await tool.RunAsync(["steer", "x", "-d", "west", "--data", data]));
        Assert.Empty(tool.Server.Requests);
    }

    [Theory]
    [InlineData("list --key-file {0}/none", "cannot list agents", "--key-file cannot be read: {0}/none is not there")]
    [InlineData("list --key-file {0}/no/ne", "cannot list agents", "--key-file cannot be read: there is no directory {0}/no")]
    [InlineData("list --key-file {0}", "cannot list agents", "--key-file cannot be read: {0} is a directory")]
    [InlineData("load-config {0}/none", "cannot load the config", "{0}/none is not there")]
    [InlineData("load-config {0}", "cannot load the config", "{0} is a directory")]
    [InlineData("register --config {0}", "cannot register the agent", "{0} is a directory")]
    [InlineData("admin restore {0} --yes", "cannot restore the mesh", "{0} is a directory")]
    [InlineData("admin backup {0}/no/ne", "cannot back up the mesh", "there is no directory {0}/no")]
    public async Task File_ThatCannotBeUsed_IsNamedWithTheReason(string line, string what, string why)
    {
        using var tool = new Tool(Broken());
        var ran = await tool.RunAsync(string.Format(null, line, tool.Home));
        Assert.Equal((2, ""), (ran.Code, ran.Out));
        Assert.StartsWith($"error: {what}\n  why: {string.Format(null, why, tool.Home)}\n", ran.Error, StringComparison.Ordinal);
        Assert.Empty(tool.Server.Requests);
    }

    [Theory]
    [InlineData("--progress -1", "--progress takes a number from 0 on, not '-1'")]
    [InlineData("--load 2", "--load takes a number from 0 to 1, not '2'")]
    public async Task Number_OutOfItsBounds_NamesThemAsAPersonWould(string option, string why)
    {
        using var tool = new Tool(Broken());
        Assert.Equal(
            new Ran(2, "", $"error: {why}\n  try: session-mesh heartbeat --help\n"), await tool.RunAsync("heartbeat x " + option));
    }

    /// <summary>It was a crash: the library does not say that it is YAML's fault.</summary>
    [Theory]
    [InlineData("sessions:\n  - {id: 1\n  x: [")]
    [InlineData("a: [")]
    [InlineData("{")]
    [InlineData("- [\n- ]")]
    public async Task Yaml_ThatBreaksOff_IsAUsageError(string content)
    {
        using var tool = new Tool(Broken());
        var ran = await tool.RunAsync("load-config " + tool.WriteFile("bad.yaml", content));
        Assert.Equal((2, ""), (ran.Code, ran.Out));
        Assert.Matches(@"\n  why: .*/bad\.yaml, line \d+, column \d+: not (YAML|JSON): [a-z', ]+\n", ran.Error);
    }

    [Fact]
    public async Task StoreThatIsNone_IsSaidOfAStoppedMesh()
    {
        using var tool = new Tool(Broken());
        var store = tool.WriteFile("data/mesh.db", new string('x', 8192));
        Assert.Equal(
            new Ran(
                1,
                "",
                $"error: cannot check the mesh\n  why: {store} is not the database of a mesh, or it is damaged\n"
                + "  try: session-mesh admin restore FILE --data DIR, to put a backup in its place\n"),
            await tool.RunAsync($"admin check --data {Path.GetDirectoryName(store)}"));
    }

    [Fact]
    public async Task Https_ToAServerOfPlainHttp_SaysSo()
    {
        var server = new HostedServer();
        await server.InitializeAsync();
        using var tool = new Tool(Broken());
        using var network = new SocketsHttpHandler();
        Assert.Equal(
            new Ran(
                6,
                "",
                $"error: cannot list agents\n  why: cannot reach https://{server.Url.Authority} after 3 attempts: it does not speak TLS\n"
                + $"  try: --url http://{server.Url.Authority}, if the server there speaks plain http\n"),
            await tool.RunAsync($"list --url https://{server.Url.Authority}", network));
        await server.DisposeAsync();
    }

    [Theory]
    [InlineData("context add prod", "session-mesh context add prod --url https://mesh.example --key-file FILE")]
    [InlineData("context add", null)]
    public async Task Context_OfNothing_IsRefused(string line, string? next)
    {
        using var tool = new Tool(Broken());
        var ran = await tool.RunAsync(line);
        Assert.Equal((2, ""), (ran.Code, ran.Out));
        Assert.Equal(
            next is null
                ? "error: 'session-mesh context add' needs NAME\n  try: session-mesh context add --help\n"
                : "error: cannot add context prod\n  why: a context has the address of a server, a key or a cluster, and none is given\n"
                    + $"  try: {next}\n",
            ran.Error);
        Assert.Equal("", (await tool.RunAsync("context list -o name")).Out);
    }
}
