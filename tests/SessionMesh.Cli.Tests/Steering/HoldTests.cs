using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Steering;
using SessionMesh.Cli.Tests.Commands;
using SessionMesh.Client.Tests;
using SessionMesh.Contracts.Steering;
using static SessionMesh.Client.Tests.ScriptedServer;

namespace SessionMesh.Cli.Tests.Steering;

public sealed class HoldTests
{
    private const string Nobody = """{"sessions":[],"count":0,"next_cursor":null,"as_of":"1"}""";

    [Theory]
    [InlineData("acknowledged", 0, "")]
    [InlineData("rejected", 8, "agent 1 rejected it: busy\n")]
    [InlineData("undeliverable", 9, "the directive is undeliverable, and was never acknowledged: busy\n")]
    [InlineData("queued", 10, "the directive is queued, and not acknowledged after 30 s; it stays in the inbox of agent 1\n")]
    public async Task Pause_WaitsUntilTheAgentSaysSo(string state, int code, string error)
    {
        using var tool = new Tool(Json(200, $$"""{"directive_id":"d-1","agent_id":"1","state":"{{state}}","note":"busy"}"""));

        Assert.Equal(new Ran(code, "d-1\n", error), await tool.RunAsync("pause 1 -o name"));
        Assert.Equal(["""POST /steer {"agent_id":"1","verb":"pause","wait":"accepted","wait_seconds":30}"""], tool.Calls);
    }

    [Theory]
    [InlineData("pause", "the pause was sent", "'session-mesh show 1' says whether the agent is paused")]
    [InlineData("resume", "the resume was sent", "'session-mesh show 1' says whether the agent is paused")]
    [InlineData("steer", "the directive was sent", "'session-mesh history 1' shows what becomes of it")]
    public async Task Interrupted_SaysWhatIsTrue_InTheWordsOfTheCommand(string verb, string sent, string next)
    {
        using var interrupt = new CancellationTokenSource();
        using var server = new ScriptedServer(cancellation =>
        {
            interrupt.Cancel();
            return Silent()(cancellation);
        });
        using var error = new StringWriter { NewLine = "\n" };
        var host = new CliHost
        {
            In = TextReader.Null,
            Out = TextWriter.Null,
            Error = error,
            Env = _ => null,
            Home = "/",
            Handler = server,
        };
        var root = new System.CommandLine.RootCommand();
        host.Globals.AddTo(root);
        using var context = new CommandContext(host, root.Parse(""), options: null) { Interrupted = interrupt.Token };
        var request = new SteerRequest { AgentId = "1", Verb = verb, Wait = "acknowledged" };

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => SteerOne.RunAsync(context, request, 30, interrupt.Token));
        Assert.Equal($"{sent}, unless the server was never reached; {next}\n", error.ToString());
    }

    [Fact]
    public async Task Pause_Many_ListsWhoHasNotAcknowledged()
    {
        using var tool = new Tool(OpenStream(Acknowledged(9, "a", 1)), Json(200, Sent("a", "b")));

        Assert.Equal(
            new Ran(7, """
                AGENT  SEQ  STATE   CODE  NOTE
                b        1  queued  -     -

                """, "1 of 2 agents acknowledged after 2 s; the others: 1 queued\n"),
            await tool.RunAsync("pause --subtree lead --expect 2 --wait-seconds 2"));
    }

    [Fact]
    public async Task Resume_Many_AllAcknowledged_IsOneLine()
    {
        using var tool = new Tool(OpenStream(Acknowledged(9, "a", 1) + Acknowledged(10, "b", 1)), Json(200, Sent("a", "b")));

        Assert.Equal(new Ran(0, "", "2 agents, all acknowledged\n"), await tool.RunAsync("resume --ids a,b --expect 2"));
    }

    /// <summary>Named one by one it is clear who is meant: no question, and one that is gone does not keep the others from it.</summary>
    [Fact]
    public async Task Several_AreToldByName_WithoutAQuestion()
    {
        using var tool = new Tool(
            Problem(409, "expectation_failed"), Json(200, """{"matched":1,"results":[{"agent_id":"b"}]}"""), Json(200, Sent("b")));

        Assert.Equal(
            new Ran(7, """
                AGENT  SEQ  STATE  CODE       NOTE
                a      -    -      not_alive  -

                """, "1 of 2 agents told; the others: 1 not_alive\n"),
            await tool.RunAsync("pause a b --detach"));
        Assert.Equal("""POST /steer {"selector":{"agent_ids":["a","b"]},"expect":2,"verb":"pause"}""", tool.Calls.First());
    }

    [Fact]
    public async Task PauseAll_AsksOnce_AndReachesTheSuspectToo()
    {
        using var tool = new Tool(
            Json(200, Page("c2", "a")), Json(200, Page(null, "b")), Json(200, Page(null, "c", "b")),
            OpenStream(Acknowledged(9, "a", 1) + Acknowledged(10, "b", 1) + Acknowledged(11, "c", 1)),
            Json(200, Sent("a", "b", "c")))
        { Typed = "y" };
        tool.Env["TERM"] = "dumb";

        Assert.Equal(
            new Ran(0, "", "Pause 3 agents: everyone that is alive, in every cluster? [y/N] 3 agents, all acknowledged\n"),
            await tool.RunAsync("pause --all"));
        Assert.Equal(
            [
                "GET /alive?filter=alive&limit=1000&fields=agent_id",
                "GET /alive?filter=alive&limit=1000&cursor=c2&fields=agent_id",
                "GET /alive?filter=suspect&limit=1000&fields=agent_id",
                "GET /events",
                """POST /steer {"selector":{"agent_ids":["a","b","c"]},"expect":3,"verb":"pause"}""",
            ],
            tool.Calls);
    }

    [Fact]
    public async Task PauseAll_AnythingButYes_SendsNothing()
    {
        using var tool = new Tool(Json(200, Page(null, "a")), Json(200, Nobody)) { Typed = "n" };
        tool.Env["TERM"] = "dumb";

        Assert.Equal(
            new Ran(1, "", "Pause 1 agent: everyone that is alive, in every cluster? [y/N] nothing was sent\n"),
            await tool.RunAsync("pause --all"));
    }

    [Fact]
    public async Task PauseAll_SomebodyGoneMeanwhile_IsReported_AndTheOthersAreToldAllTheSame()
    {
        using var tool = new Tool(
            Json(200, Page(null, "a", "b")), Json(200, Nobody),
            Problem(409, "expectation_failed"), Json(200, """{"matched":1,"results":[{"agent_id":"b"}]}"""), Json(200, Sent("b")));

        Assert.Equal(
            new Ran(7, """
                AGENT  SEQ  STATE  CODE       NOTE
                a      -    -      not_alive  -

                """, "1 of 2 agents told; the others: 1 not_alive\n"),
            await tool.RunAsync("pause --all --yes --detach"));
        Assert.Equal("""POST /steer {"selector":{"agent_ids":["b"]},"expect":1,"verb":"pause"}""", tool.Calls.Last());
    }

    [Fact]
    public async Task PauseAll_LargeFleet_IsToldInPages()
    {
        var ids = Enumerable.Range(1, 1001).Select(i => $"agent-{i}").ToArray();
        using var tool = new Tool(
            Json(200, Page(null, ids)), Json(200, Nobody), Json(200, Sent(ids[..1000])), Json(200, Sent(ids[1000..])));

        Assert.Equal(new Ran(0, "", "1001 agents told\n"), await tool.RunAsync("pause --all --yes --detach"));
        Assert.Equal("""POST /steer {"selector":{"agent_ids":["agent-1001"]},"expect":1,"verb":"pause"}""", tool.Calls.Last());
        Assert.All(tool.Server.Requests, request => Assert.True((request.Body?.Length ?? 0) <= 64 * 1024));
    }

    [Fact]
    public async Task PauseAll_LongIds_AreFewerAPage()
    {
        var ids = Enumerable.Range(1, 1000).Select(i => new string('x', 120) + i).ToArray();
        using var tool = new Tool(Json(200, Page(null, ids)), Json(200, Nobody), Json(200, Sent("x")));

        await tool.RunAsync("pause --all --yes --detach");

        Assert.All(tool.Server.Requests, request => Assert.True((request.Body?.Length ?? 0) <= 64 * 1024));
    }

    [Fact]
    public async Task PauseAll_NobodyIsAlive_IsNoSuccess()
    {
        using var tool = new Tool(Json(200, Nobody));

        Assert.Equal(3, (await tool.RunAsync("pause --all --yes")).Code);
        Assert.Equal(3, (await tool.RunAsync("pause --all --dry-run")).Code);
    }

    [Fact]
    public async Task PauseAll_AnotherCountThanExpected_SendsNothing()
    {
        using var tool = new Tool(Json(200, Page(null, "a")), Json(200, Nobody));

        Assert.Equal(
            new Ran(5, "", """
                error: cannot pause every agent
                  why: 1 agent is alive, not 2; nothing was sent
                  try: look again with --dry-run

                """),
            await tool.RunAsync("pause --all --expect 2"));
        Assert.DoesNotContain(tool.Calls, call => call.StartsWith("POST", StringComparison.Ordinal));
    }

    private static string Page(string? next, params string[] ids)
    {
        var rows = ids.Select(id => $$"""{"agent_id":"{{id}}"}""");
        var cursor = next is null ? "null" : $"\"{next}\"";
        return $$"""{"sessions":[{{string.Join(',', rows)}}],"count":{{ids.Length}},"next_cursor":{{cursor}},"as_of":"1"}""";
    }

    private static string Sent(params string[] ids)
    {
        var results = ids.Select(id => $$"""{"agent_id":"{{id}}","directive_id":"d-{{id}}","seq":1,"state":"queued"}""");
        return $$"""{"matched":{{ids.Length}},"results":[{{string.Join(',', results)}}]}""";
    }

    private static string Acknowledged(long revision, string agent, long seq) =>
        $"event: directive.acknowledged\nid: {revision}\n"
        + $"data: {{\"revision\":{revision},\"at\":\"2026-01-02T03:04:05Z\",\"actor\":\"k1\","
        + $"\"kind\":\"directive.acknowledged\",\"subject\":\"{agent}\",\"seq\":{seq}}}\n\n";
}
