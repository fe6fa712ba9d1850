using System.Reflection;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;
using static SessionMesh.Client.Tests.ScriptedServer;

namespace SessionMesh.Cli.Tests.Commands;

public sealed class CommandLineTests
{
    [Theory]
    [InlineData("lst", "error: 'session-mesh' has no command 'lst'\n  did you mean 'list'?\n  try: session-mesh --help\n")]
    [InlineData(
        "list --filtr=alive",
        "error: 'session-mesh list' has no option '--filtr'\n  did you mean '--filter'?\n  try: session-mesh list --help\n")]
    [InlineData(
        "show --fast", "error: 'session-mesh show' has no option '--fast'\n  try: session-mesh show --help\n")]
    [InlineData(
        "kill a1 --frce",
        "error: 'session-mesh kill' has no option '--frce'\n  did you mean '--force'?\n  try: session-mesh kill --help\n")]
    [InlineData("list -vo json", "error: 'session-mesh list' has no option '-vo'\n  try: session-mesh list --help\n")]
    [InlineData(
        "list -output json",
        "error: 'session-mesh list' has no option '-output'\n  did you mean '--output'?\n  try: session-mesh list --help\n")]
    [InlineData("--frobnicate list", "error: 'session-mesh list' has no option '--frobnicate'\n  try: session-mesh list --help\n")]
    [InlineData(
        "keys creat", "error: 'session-mesh keys' has no command 'creat'\n  did you mean 'create'?\n  try: session-mesh keys --help\n")]
    [InlineData("keys", "error: 'session-mesh keys' needs a command\n  try: session-mesh keys --help\n")]
    [InlineData("--url", "error: --url needs a value\n  try: session-mesh --help\n")]
    [InlineData("--url=", "error: --url needs a value\n  try: session-mesh --help\n")]
    [InlineData("--url list", "error: --url needs a value; 'list' was taken for it\n  try: session-mesh --help\n")]
    [InlineData("keys --context list", "error: --context needs a value; 'list' was taken for it\n  try: session-mesh keys --help\n")]
    [InlineData("--verbose", "error: 'session-mesh' needs a command\n  try: session-mesh --help\n")]
    [InlineData("list --url", "error: --url needs a value\n  try: session-mesh list --help\n")]
    [InlineData("logs", "error: cannot show the output of an agent\n  why: no agent is named\n  try: session-mesh logs --agent-id ID\n")]
    [InlineData(
        "history", "error: cannot read the history of an agent\n  why: no agent is named\n  try: session-mesh history --agent-id ID\n")]
    [InlineData("inbox", "error: cannot read the inbox of an agent\n  why: no agent is named\n  try: session-mesh inbox --agent-id ID\n")]
    [InlineData("heartbeat", "error: cannot send a heartbeat\n  why: no agent is named\n  try: session-mesh heartbeat --agent-id ID\n")]
    [InlineData("list --limit", "error: --limit needs a value\n  try: session-mesh list --help\n")]
    [InlineData("list --limit 1 --limit 2", "error: --limit is given twice\n  try: session-mesh list --help\n")]
    [InlineData("list /?", "error: 'session-mesh list' takes no argument '/?'\n  try: session-mesh list --help\n")]
    [InlineData("list @file", "error: 'session-mesh list' takes no argument '@file'\n  try: session-mesh list --help\n")]
    [InlineData("list --limit 0", "error: --limit takes a whole number from 1 to 2147483647, not '0'\n  try: session-mesh list --help\n")]
    [InlineData(
        "list --limit 2147483648",
        "error: --limit takes a whole number from 1 to 2147483647, not '2147483648'\n  try: session-mesh list --help\n")]
    [InlineData(
        "list -o xml", "error: --output takes table, wide, json, jsonl, yaml, csv, name, not 'xml'\n  try: session-mesh list --help\n")]
    [InlineData(
        "list --timeout soon", "error: --timeout takes a time such as 90, 90s or 1h30m, not 'soon'\n  try: session-mesh list --help\n")]
    [InlineData("heartbeat a1 --load 1.5", "error: --load takes a number from 0 to 1, not '1.5'\n  try: session-mesh heartbeat --help\n")]
    [InlineData(
        "show a/../b",
        "error: agent: 'a/../b' is not an id; an id has 1 to 128 characters, letters, digits or . _ : -, and starts with a letter "
        + "or digit\n  try: session-mesh show --help\n")]
    [InlineData("ack --agent-id a1", "error: --seq is required\n  try: session-mesh ack --help\n")]
    [InlineData(
        "list --key smk_abcdefghijkl_THESECRET_check1",
        "error: 'session-mesh list' has no option '--key'\n  try: session-mesh list --help\n")]
    [InlineData(
        "list smk_abcdefghijkl_THESECRET_check1",
        "error: 'session-mesh list' takes no argument 'smk_abcdefghijkl_…'\n  try: session-mesh list --help\n")]
    public async Task WrongLine_IsSaidOnStderr_WithCode2(string line, string error)
    {
        using var tool = new Tool(Broken());

        Assert.Equal(new Ran(2, "", error), await tool.RunAsync(line));
        Assert.Empty(tool.Server.Requests);
    }

    [Fact]
    public async Task NameAlone_ShowsTheHelp()
    {
        using var tool = new Tool(Broken());

        var bare = await tool.RunAsync("");

        Assert.Equal((0, ""), (bare.Code, bare.Error));
        Assert.Equal(await tool.RunAsync("--help"), bare);
        Assert.Contains("simulate", bare.Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("list --filter ALIVE --output JSON")]
    [InlineData("--verbose list --filter alive --output=json")]
    [InlineData("list --filter alive -ojson")]
    [InlineData("list --filter alive -o=json")]
    [InlineData("-v list --filter alive -oJSON")]
    public async Task Words_AreTakenInAnyCase_AndGlobalOptionsAnywhere(string line)
    {
        using var tool = new Tool(Json(200, "{}"));

        Assert.Equal((0, "{\n  \"sessions\": []\n}\n"), (await tool.RunAsync(line)) is var ran ? (ran.Code, ran.Out) : default);
        Assert.Equal(["GET /alive?filter=alive&limit=1000"], tool.Calls);
    }

    [Fact]
    public async Task MessageThatBeginsWithAt_IsAMessage()
    {
        using var tool = new Tool(Json(200, "{}"));

        await tool.RunAsync("steer 1 --direction north --message @/etc/passwd -o json");

        Assert.Equal(["""POST /steer {"agent_id":"1","direction":"north","message":"@/etc/passwd"}"""], tool.Calls);
    }

    [Theory]
    [InlineData("--message -5")]
    [InlineData("--message=-5")]
    public async Task ValueThatBeginsWithADash_IsAValue(string message)
    {
        using var tool = new Tool(Json(200, "{}"));

        await tool.RunAsync($"steer 1 --direction --north {message} -o json");

        Assert.Equal(["""POST /steer {"agent_id":"1","direction":"--north","message":"-5"}"""], tool.Calls);
    }

    [Fact]
    public async Task HelpThatIsAskedFor_IsShown_WhateverElseIsWrong()
    {
        using var tool = new Tool(Broken());

        Assert.Equal(await tool.RunAsync("kill --help"), await tool.RunAsync("kill --frce --help"));
    }

    [Fact]
    public async Task Help_IsData_AndEveryCommandHasAPurposeAndAnExampleThatParses()
    {
        using var tool = new Tool(Broken());
        var help = await tool.RunAsync("kill --help");
        Assert.Equal((0, ""), (help.Code, help.Error));
        Assert.Contains("Examples:\n  session-mesh kill --agent-id 456 --force\n", help.Out, StringComparison.Ordinal);
        Assert.Contains(
            "Exit codes:\n  0  every end is confirmed; with --detach: told to stop; with --force and no --wait: ended in the mesh\n",
            help.Out,
            StringComparison.Ordinal);

        var host = new CliHost { In = TextReader.Null, Out = TextWriter.Null, Error = TextWriter.Null, Env = _ => null, Home = tool.Home };
        var root = SessionMeshTool.Build(host);
        var commands = root.Subcommands.Concat(root.Subcommands.SelectMany(command => command.Subcommands)).ToList();
        Assert.All(commands, command => Assert.False(string.IsNullOrEmpty(command.Description)));
        Assert.All(commands.OfType<MeshCommand>(), command =>
        {
            Assert.NotEmpty(command.Examples);
            var first = command.Examples[0]
                .Split('|')[0]
                .Replace("eval \"$(", "", StringComparison.Ordinal)
                .Replace(")\"", "", StringComparison.Ordinal);
            var parse = root.Parse(first["session-mesh ".Length..]);
            Assert.Empty(parse.Errors);
            Assert.Same(command, parse.CommandResult.Command);
        });
    }

    [Fact]
    public async Task Version_AsksNobody()
    {
        using var tool = new Tool(Broken());
        var attribute = typeof(SessionMeshTool).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!;
        var version = attribute.InformationalVersion.Split('+')[0];

        Assert.Equal(new Ran(0, $"session-mesh {version}\n", ""), await tool.RunAsync("version"));
        Assert.Equal(new Ran(0, version + "\n", ""), await tool.RunAsync("version -o name"));
        Assert.Equal(new Ran(0, $$"""{"version":"{{version}}"}""" + "\n", ""), await tool.RunAsync("version -o jsonl --fields version"));
        Assert.Empty(tool.Server.Requests);
    }
}
