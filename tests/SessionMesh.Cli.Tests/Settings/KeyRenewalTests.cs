using System.Net;
using SessionMesh.Cli.Tests.Keys;
using static SessionMesh.Client.Tests.ScriptedServer;

namespace SessionMesh.Cli.Tests.Settings;

/// <summary>401, and back: where the tool finds another key, where it must not look, and that it never asks in circles.</summary>
public sealed class KeyRenewalTests
{
    private const string Old = "Bearer smk_abcdefghijkl_THESECRET_check1";
    private const string Page = """{"sessions":[],"count":0,"next_cursor":null,"as_of":"1"}""";

    private const string Created =
        """{"key_id":"mnopqrstuvwx","session_key":"cli","token":"smk_mnopqrstuvwx_FRESH_check2","ttl":"""
        + """3600,"expires_at":"2026-01-02T04:04:05Z","scopes":["admin"],"generation":"""
        + """1,"refresh_token":"smr_mnopqrstuvwx_AGAIN_check3"}""";

    private static readonly Func<CancellationToken, Task<HttpResponseMessage>> s_refused = Problem(401, "unauthenticated", "no such key");

    /// <summary>Whoever gave a key that may little meant it: the operator's own must not act in its place.</summary>
    [Fact]
    public async Task KeyOfTheEnvironment_IsReplacedByNoOther()
    {
        using var tool = new Tool(s_refused);
        WithRootKey(tool);

        var ran = await tool.RunAsync("list");

        Assert.Equal((4, ""), (ran.Code, ran.Out));
        Assert.Contains("no such key (401 unauthenticated)", ran.Error, StringComparison.Ordinal);
        Assert.Contains(
            "the key came from SESSION_API_KEY, and no other is used in its place; mint one with a key that is valid: "
            + "session-mesh keys create --scope …\n",
            ran.Error,
            StringComparison.Ordinal);
        Assert.Equal(["GET /alive?limit=1000"], tool.Calls);
        Assert.Equal([Old], Sent(tool));
    }

    [Theory]
    [InlineData("list --url http://mesh.example:7420", null)]
    [InlineData("list --url https://10.0.0.1", null)]
    [InlineData("list", "inner")]
    public async Task RootKey_GoesToNoOtherMachineAndIsNotTakenInsideAnAgent(string line, string? agent)
    {
        using var tool = new Tool(s_refused);
        WithRootKey(tool);
        if (agent is not null)
        {
            tool.Env["SESSION_MESH_AGENT_ID"] = agent;
        }

        Assert.Equal(4, (await tool.RunAsync(line)).Code);
        Assert.Equal([Old], Sent(tool));
    }

    [Fact]
    public async Task KeyFileThatWasNamed_IsNotReplacedByTheRootKey()
    {
        using var tool = new Tool(s_refused);
        WithRootKey(tool);
        var file = tool.WriteFile("ci.key", "smk_named\n");

        Assert.Equal(4, (await tool.RunAsync($"list --key-file {file}")).Code);
        Assert.Equal(["Bearer smk_named"], Sent(tool));
    }

    [Fact]
    public async Task KeyFileThatHasChanged_IsReadAgain()
    {
        using var tool = new Tool(Replaces("ci.key", "smk_changed"), Json(200, Page));
        var file = tool.WriteFile("ci.key", "smk_named\n");
        tool.WriteFile("ci.key.refresh", "smr_unused\n");
        _home = tool.Home;

        Assert.Equal((0, ""), await tool.RunAsync($"list --key-file {file} -o name") is var ran ? (ran.Code, ran.Error) : default);
        Assert.Equal(["Bearer smk_named", "Bearer smk_changed"], Sent(tool));
    }

    [Fact]
    public async Task RefreshTokenBesideTheKeyFile_GivesTheNextKey_AndBothFilesAreReplaced()
    {
        using var tool = new Tool(s_refused, Json(201, Created), Json(200, Page));
        var file = tool.WriteFile("ci.key", "smk_named\n");
        tool.WriteFile("ci.key.refresh", "smr_first\n");

        var ran = await tool.RunAsync($"list --key-file {file} -o name");

        Assert.Equal(
            new Ran(0, "", $"the key in {file} was refused; refreshed it, key mnopqrstuvwx, valid until 2026-01-02T04:04:05Z\n"), ran);
        Assert.Equal(["Bearer smk_named", "Bearer smr_first", "Bearer smk_mnopqrstuvwx_FRESH_check2"], Sent(tool));
        (string, string)[] files =
        [
            ("ci.key", "smk_mnopqrstuvwx_FRESH_check2\n"),
            ("ci.key.refresh", "smr_mnopqrstuvwx_AGAIN_check3\n"),
        ];
        foreach (var (name, secret) in files)
        {
            Assert.Equal(secret, await File.ReadAllTextAsync(Path.Combine(tool.Home, name)));
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, Tool.ModeOf(Path.Combine(tool.Home, name)));
        }
    }

    [Fact]
    public async Task WhoWaitedForTheLock_TakesWhatTheOtherOneWrote_AndUsesNoTokenTwice()
    {
        var refreshed = 0;
        using var tool = new Tool(_ => Task.FromResult(new HttpResponseMessage(HttpStatusCode.Unauthorized)))
        {
            Clock = TimeProvider.System,
        };
        using var server = new Switchboard(request => request switch
        {
            ("smk_named", _) => s_refused,
            ("smr_first", _) when Interlocked.Increment(ref refreshed) == 1 => Json(201, Created),
            ("smk_mnopqrstuvwx_FRESH_check2", _) => Json(200, Page),
            _ => Problem(401, "unauthenticated", "a token was used twice"),
        });
        var file = tool.WriteFile("ci.key", "smk_named\n");
        tool.WriteFile("ci.key.refresh", "smr_first\n");

        var ran = await Task.WhenAll(
            Enumerable.Range(0, 4).Select(_ => Task.Run(() => tool.RunAsync($"list --key-file {file} -o name", server))));

        Assert.All(ran, one => Assert.Equal(0, one.Code));
        Assert.Equal(1, refreshed);
    }

    [Fact]
    public async Task RefreshTokenRefused_SaysSoAndLeavesTheFiles()
    {
        using var tool = new Tool(s_refused);
        var file = tool.WriteFile("ci.key", "smk_named\n");
        tool.WriteFile("ci.key.refresh", "smr_used\n");

        var ran = await tool.RunAsync($"list --key-file {file}");

        Assert.Equal(4, ran.Code);
        Assert.StartsWith(
            $"the key in {file} was refused, and no other could be had: no such key (unauthenticated)\n",
            ran.Error,
            StringComparison.Ordinal);
        Assert.Equal(["Bearer smk_named", "Bearer smr_used"], Sent(tool));
        Assert.Equal("smr_used\n", await File.ReadAllTextAsync(file + ".refresh"));
    }

    [Fact]
    public async Task Verbose_ShowsTheRefusalAndNoKey()
    {
        using var tool = new Tool(s_refused, Json(201, Created), Json(200, Page));
        var file = tool.WriteFile("ci.key", "smk_named\n");
        tool.WriteFile("ci.key.refresh", "smr_first\n");

        var ran = await tool.RunAsync($"list --key-file {file} --verbose -o json");

        Assert.Matches(
            "attempt 1: GET http://127.0.0.1:7420/api/session-mesh/alive\\?limit=1000 -> 401 after [0-9]+ ms, "
            + "once more with another key\n",
            ran.Error);
        Assert.Matches("attempt 2: GET http://127.0.0.1:7420/api/session-mesh/alive\\?limit=1000 -> 200", ran.Error);
        Assert.DoesNotContain("FRESH", ran.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("smk_named", ran.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("smr_first", ran.Error, StringComparison.Ordinal);
    }

    private string _home = "";

    private static string WithRootKey(Tool tool) => tool.WriteFile(".local/share/session-mesh/root.key", "smk_root\n");

    private static IEnumerable<string> Sent(Tool tool) => tool.Server.Requests.Select(request => request.Headers["Authorization"]);

    /// <summary>Refuses, and by then somebody has put another key into the file.</summary>
    private Func<CancellationToken, Task<HttpResponseMessage>> Replaces(string name, string key) => async cancellation =>
    {
        await File.WriteAllTextAsync(Path.Combine(_home, name), key + "\n", cancellation);
        return await s_refused(cancellation);
    };

    /// <summary>Answers by bearer token and path, whoever asks first.</summary>
    private sealed class Switchboard(
        Func<(string Token, string Path), Func<CancellationToken, Task<HttpResponseMessage>>> answer) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            answer((request.Headers.Authorization!.Parameter!, request.RequestUri!.AbsolutePath))(cancellationToken);
    }
}
