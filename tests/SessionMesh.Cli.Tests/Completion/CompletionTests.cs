using System.CommandLine;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;
using static SessionMesh.Client.Tests.ScriptedServer;

namespace SessionMesh.Cli.Tests.Completion;

/// <summary>What fits where the cursor is, as the scripts of the shells ask for it.</summary>
public sealed class CompletionTests
{
    private const string Agents = """
        {"sessions":[{"agent_id":"a1"},{"agent_id":"a:2"},{"agent_id":null},{"agent_id":"b1"}],"count":4,"next_cursor":null,"as_of":"1"}
        """;

    [Theory]
    [InlineData("kil", "kill")]
    [InlineData("keys cre", "create")]
    [InlineData("keys ", "create list show refresh renew revoke")]
    [InlineData("help ki", "kill")]
    [InlineData("help keys re", "refresh renew revoke")]
    [InlineData("session set", "set")]
    [InlineData("list --filter al", "alive all")]
    [InlineData("list --filter=al", "--filter=alive --filter=all")]
    [InlineData("list -o js", "json jsonl")]
    [InlineData("list --fi", "--fields --filter")]
    [InlineData("list --filter alive --fi", "--fields")]
    [InlineData("session list --status ", "active expired")]
    [InlineData("session config default", "default_ttl default_user")]
    [InlineData("completion ", "bash fish pwsh zsh")]
    [InlineData("frobnicate --", "--help --version --url --key-file --context --timeout --verbose --renew --no-input")]
    [InlineData("session get --fields us", "user")]
    [InlineData("session get --fields id,us", "id,user")]
    [InlineData("session get --fields user,us", "")]
    [InlineData("list --sort -last_p", "-last_progress_at")]
    [InlineData("list --sort load,-last_p", "load,-last_progress_at")]
    [InlineData("keys create --within a", "agent:")]
    [InlineData("steer --message --", "")]
    [InlineData("match ocr --strategy ", "least-loaded most-skilled spread")]
    [InlineData("claim --strategy=m", "--strategy=most-skilled")]
    public async Task Words_AreKnownWithoutAServer(string line, string words)
    {
        using var tool = new Tool(Broken());

        Assert.Equal(Printed("words", words), await tool.RunAsync(Typed(line)));
        Assert.Empty(tool.Server.Requests);
    }

    [Theory]
    [InlineData("session import ")]
    [InlineData("session import data.js")]
    [InlineData("session export -o ")]
    [InlineData("load-config ")]
    [InlineData("list --key-file ")]
    [InlineData("admin restore ")]
    [InlineData("admin check --data ")]
    [InlineData("register --config ")]
    [InlineData("run --steer-file ")]
    public async Task Files_AreTheShellsOwn(string line)
    {
        using var tool = new Tool(Broken());

        Assert.Equal(Printed("files", ""), await tool.RunAsync(Typed(line)));
    }

    [Theory]
    [InlineData("run -- ")]
    [InlineData("run --agent-id a1 -- gi")]
    [InlineData("run -- git --")]
    [InlineData("claim --spec ocr -- gi")]
    public async Task CommandBehindRun_IsTheShellsOwn(string line)
    {
        using var tool = new Tool(Broken());

        Assert.Equal(Printed("command", ""), await tool.RunAsync(Typed(line)));
    }

    [Theory]
    [InlineData("steer --agent-id ", Agents, "a1 a:2 b1", "GET /alive?limit=1000&fields=agent_id")]
    [InlineData("steer a", Agents, "a1 a:2", "GET /alive?limit=1000&fields=agent_id")]
    [InlineData("kill a1 b", Agents, "b1", "GET /alive?limit=1000&fields=agent_id")]
    [InlineData("forget a", Agents, "a1 a:2", "GET /alive?filter=all&limit=1000&fields=agent_id")]
    [InlineData("steer --cluster blue --ids b1,a", Agents, "b1,a1 b1,a:2", "GET /alive?cluster=blue&limit=1000&fields=agent_id")]
    [InlineData("keys create --within subtree:b", Agents, "subtree:b1", "GET /alive?limit=1000&fields=agent_id")]
    [InlineData(
        "list --spec im", """{"specializations":[{"specialization":"image/raw","declared":1,"alive":1}],"agents":[]}""", "image/raw",
        "GET /registry")]
    [InlineData(
        "match im", """{"specializations":[{"specialization":"image/raw","declared":1,"alive":1,"room":1}],"agents":[]}""", "image/raw",
        "GET /registry")]
    [InlineData(
        "claim --spec im", """{"specializations":[{"specialization":"image/raw","declared":1,"alive":1,"room":1}],"agents":[]}""",
        "image/raw", "GET /registry")]
    [InlineData(
        "release c-7 c-",
        """
        {"claims":[{"claim_id":"c-7","agent_id":"w1","specialization":"ocr","key_id":"k1","ttl":60,"claimed_at":"2026-01-02T03:04:05Z",
         "expires_at":"2026-01-02T03:05:05Z"},{"claim_id":"c-30","agent_id":"w1","specialization":"ocr","key_id":"k1","ttl":60,
         "claimed_at":"2026-01-02T03:04:05Z","expires_at":"2026-01-02T03:05:05Z"}],"next_cursor":null}
        """,
        "c-7 c-30", "GET /registry/claims?limit=1000")]
    [InlineData(
        "list --cluster b", """{"sessions":[{"cluster":"blue"},{"cluster":"blue"},{"cluster":null}],"count":3,"as_of":"1"}""", "blue",
        "GET /alive?filter=all&limit=1000&fields=cluster")]
    [InlineData(
        "session get a", $$"""{"sessions":[{{Sessions.SessionCommandTests.Row}}],"count":1,"next_cursor":null}""", "abc123",
        "GET /sessions?limit=1000")]
    [InlineData(
        "keys revoke k",
        """
        {"keys":[{"key_id":"k1","session_key":"ci","scopes":[],"generation":1,"valid":true,"created_at":"2026-01-02T03:04:05Z"}],"count":1}
        """,
        "k1",
        "GET /keys?limit=1000")]
    public async Task Ids_AreAskedFor_WhereOneIsDue(string line, string answer, string words, string call)
    {
        using var tool = new Tool(Json(200, answer));

        Assert.Equal(Printed("words", words), await tool.RunAsync(Typed(line)));
        Assert.Equal(call, Assert.Single(tool.Calls));
    }

    [Fact]
    public async Task Context_AddsItsCluster_AndIsCompletedItself()
    {
        using var tool = new Tool(Json(200, Agents));
        await tool.RunAsync("context add prod --url http://127.0.0.1:7420 --cluster blue --select");

        await tool.RunAsync(Typed("show "));
        await tool.RunAsync(Typed("list --all-clusters --subtree "));
        Assert.Equal(
            ["GET /alive?filter=all&cluster=blue&limit=1000&fields=agent_id", "GET /alive?limit=1000&fields=agent_id"], tool.Calls);
        Assert.Equal(Printed("words", "prod"), await tool.RunAsync(Typed("list --context p")));
        Assert.Equal(Printed("words", "prod"), await tool.RunAsync(Typed("context use ")));
        Assert.Equal(Printed("words", ""), await tool.RunAsync(Typed("context add ")));
    }

    [Fact]
    public async Task WhatIsWrong_IsSilent()
    {
        using var absent = new Tool(Broken());
        Assert.Equal(Printed("words", ""), await absent.RunAsync(Typed("steer --agent-id ")));
        Assert.Single(absent.Server.Requests);

        using var refused = new Tool(Problem(401, "unauthenticated"));
        Assert.Equal(Printed("words", ""), await refused.RunAsync(Typed("steer --agent-id ")));
        Assert.Equal(Printed("words", ""), await refused.RunAsync(Typed("steer --context nowhere --agent-id ")));

        using var hostile = new Tool(
            Json(200, """{"specializations":[{"specialization":"$(rm x)","declared":1,"alive":1}],"agents":[]}"""));
        Assert.Equal(Printed("words", ""), await hostile.RunAsync(Typed("list --spec ")));
    }

    [Theory]
    [InlineData("bash")]
    [InlineData("zsh")]
    [InlineData("fish")]
    [InlineData("PWSH")]
    public async Task EveryShell_HasAScript(string shell)
    {
        using var tool = new Tool(Broken());

        var ran = await tool.RunAsync("completion " + shell);

        Assert.Equal((0, ""), (ran.Code, ran.Error));
        Assert.Contains(" __complete ", ran.Out, StringComparison.Ordinal);
    }

    [Fact]
    public void EveryCommandThatPrintsRows_KnowsItsFields_ButThoseOfEvents()
    {
        using var tool = new Tool(Broken());
        var host = new CliHost { In = TextReader.Null, Out = TextWriter.Null, Error = TextWriter.Null, Env = _ => null, Home = tool.Home };

        Assert.Equal(
            ["session-mesh events", "session-mesh session config", "session-mesh session watch"],
            Below(SessionMeshTool.Build(host), "session-mesh")
                .Where(one => one.Command.Options.Any(option => option.Name == "--fields") && ((MeshCommand)one.Command).Fields is null)
                .Select(one => one.Path)
                .Order());
    }

    private static IEnumerable<(Command Command, string Path)> Below(Command command, string path) =>
        command.Subcommands.SelectMany(one => Below(one, $"{path} {one.Name}")).Prepend((command, path));

    private static string[] Typed(string line) => ["__complete", .. line.Split(' ')];

    private static Ran Printed(string kind, string words) =>
        new(0, string.Concat(words.Split(' ', StringSplitOptions.RemoveEmptyEntries).Prepend(kind).Select(word => word + "\n")), "");
}
