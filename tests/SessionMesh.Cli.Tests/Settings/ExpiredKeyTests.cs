using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using SessionMesh.Server.Hosting;
using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Cli.Tests.Settings;

/// <summary>
/// A key that was given and has expired, against the real server with its root key at hand: what is minted again, when, and that nothing
/// stronger ever takes its place.
/// </summary>
public sealed class ExpiredKeyTests : IAsyncLifetime
{
    private readonly FakeTime _time = new();
    private readonly Tool _tool;
    private readonly Wire _wire = new();
    private readonly HttpClient _http = new();
    private WebApplication _app = null!;
    private string _url = "";
    private string _root = "";

    public ExpiredKeyTests() => _tool = new Tool { Clock = _time };

    private string Data => Path.Combine(_tool.Home, ".local/share/session-mesh");

    public async Task InitializeAsync()
    {
        _app = MeshServer.Build(["--urls", "http://127.0.0.1:0", "--data", Data], builder =>
        {
            builder.Services.AddSingleton<TimeProvider>(_time);
            builder.Logging.ClearProviders();
        });
        await _app.StartAsync();
        _url = _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        await File.WriteAllTextAsync(Path.Combine(Data, "root.address"), _url + "\n"); // as the server's program does
        _root = (await File.ReadAllTextAsync(Path.Combine(Data, "root.key"))).Trim();
    }

    public async Task DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
        _http.Dispose();
        _wire.Dispose();
        _tool.Dispose();
    }

    [Fact]
    public async Task KeyOfTheEnvironment_IsMintedAgainForThisCommand_WhenSomebodySaysYes()
    {
        var old = await ExpiredAsync("""{"session_key":"ci","scopes":["mesh:read","steer"],"within":["cluster:lab"],"ttl":600}""");
        _tool.Env["SESSION_API_KEY"] = old;
        _tool.Typed = "y";

        var ran = await RunAsync("keys show self --fields session_key,scopes,within -o jsonl");

        Assert.Equal((0, """{"session_key":"ci","scopes":["mesh:read","steer"],"within":["cluster:lab"]}""" + "\n"), (ran.Code, ran.Out));
        Assert.Equal(
            [$"GET self {Id(old)}", $"GET {Id(old)} {Id(_root)}", $"POST {Id(old)}/renew {Id(_root)}", $"GET self {_wire.LastId}"],
            _wire.Calls);
        Assert.Equal(
            $"The key ci ({Id(old)}) in SESSION_API_KEY expired 1h50m ago. Mint it again, with the same rights (mesh:read, steer within "
            + $"cluster:lab)? [y/N] the key ci ({Id(old)}) in SESSION_API_KEY had expired; minted it again for this command alone, key "
            + $"{_wire.LastId}, valid until 2026-01-31T10:25:31.000Z. To export the next one: export SESSION_API_KEY=\"$(env -u "
            + "SESSION_API_KEY session-mesh keys create --name ci --scope mesh:read,steer --within cluster:lab --ttl 600 --fields token "
            + "--no-headers -o csv | tr -d '\\r')\"\n",
            ran.Error);
    }

    /// <summary>The line that is shown mints a key of that name and prints its token alone.</summary>
    [Fact]
    public async Task ExportLine_PrintsATokenAndNothingElse()
    {
        _tool.Env.Remove("SESSION_API_KEY");
        var ran = await RunAsync("keys create --name ci --scope mesh:read --ttl 600 --fields token --no-headers -o csv");
        Assert.Matches("^smk_[a-z0-9]{12}_[0-9A-Za-z]{43}_[0-9A-Za-z]{6}\r\n$", ran.Out);
        Assert.Equal((0, ""), (ran.Code, ran.Error));
    }

    [Theory]
    [InlineData("--key-file {0} --renew", null)]
    [InlineData("--key-file {0}", "y")]
    [InlineData("--context here --renew", null)]
    public async Task KeyInAFile_IsMintedAgainIntoThatFile(string options, string? typed)
    {
        var old = await ExpiredAsync("""{"session_key":"ci","scopes":["mesh:read"],"ttl":600}""");
        var file = _tool.WriteFile("ci.key", old + "\n");
        await RunAsync($"context add here --key-file {file}");
        _tool.Typed = typed;

        var ran = await RunAsync(string.Format(null, options, file) + " list -o name");

        Assert.Equal((0, ""), (ran.Code, ran.Out));
        Assert.EndsWith(
            $"the key ci ({Id(old)}) in {file} had expired; minted it again, key {_wire.LastId}, valid until 2026-01-31T10:25:31.000Z\n",
            ran.Error,
            StringComparison.Ordinal);
        var token = (await File.ReadAllTextAsync(file)).Trim();
        Assert.Equal(_wire.LastId, Id(token));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, Tool.ModeOf(file));
        _tool.Typed = null;
        Assert.Equal(new Ran(0, "", ""), await RunAsync($"list --key-file {file} -o name"));
    }

    [Fact]
    public async Task KeyWithARefreshTokenThatIsOver_IsMintedAgainWithTheNext()
    {
        var body = """{"session_key":"ci","scopes":["mesh:read"],"ttl":600,"refresh":true}""";
        var created = (await CallAsync(HttpMethod.Post, "keys", body))!;
        var file = _tool.WriteFile("ci.key", created["token"] + "\n");
        _tool.WriteFile("ci.key.refresh", created["refresh_token"] + "\n");
        Pass(TimeSpan.FromDays(8));

        var ran = await RunAsync($"list --key-file {file} --renew -o name");

        Assert.Equal((0, ""), (ran.Code, ran.Out));
        Assert.Equal(_wire.LastId, Id((await File.ReadAllTextAsync(file)).Trim()));
        Assert.Equal(_wire.LastId, Id((await File.ReadAllTextAsync(file + ".refresh")).Trim()));
    }

    /// <summary>It may do what it could, and no more: what it was refused before is refused still.</summary>
    [Fact]
    public async Task Key_IsMintedAgainWithNoMoreThanItHad()
    {
        _tool.Env["SESSION_API_KEY"] = await ExpiredAsync("""{"session_key":"ci","scopes":["mesh:read"]}""");
        var ran = await RunAsync("keys create --scope steer --renew");
        Assert.Equal((4, ""), (ran.Code, ran.Out));
        Assert.Contains("This key lacks the scope keys:mint", ran.Error, StringComparison.Ordinal);
        Assert.Equal(["root", "ci"], await NamesAsync());
    }

    [Theory]
    [InlineData("list", null)]
    [InlineData("list --no-input", "y")]
    public async Task WithoutAWord_NothingIsAskedOfTheServer_AndTheOptionIsNamed(string line, string? typed)
    {
        var old = _tool.Env["SESSION_API_KEY"] = await ExpiredAsync("""{"session_key":"ci","scopes":["mesh:read"]}""");
        _tool.Typed = typed;
        var ran = await RunAsync(line);
        Assert.Equal((4, ""), (ran.Code, ran.Out));
        Assert.StartsWith(
            "if the key in SESSION_API_KEY has expired, --renew mints it again, with the same rights\n",
            ran.Error,
            StringComparison.Ordinal);
        Assert.Equal([$"GET alive {Id(old)}"], _wire.Calls);
    }

    /// <summary>The server answers every such key alike; that it may have expired is said all the same.</summary>
    [Theory]
    [InlineData(true, "the key is not valid: unknown, expired or revoked")]
    [InlineData(false, "no key was found")]
    public async Task Refusal_SaysWhatTheKeyMayBe(bool hasKey, string why)
    {
        _tool.Env["SESSION_API_KEY"] = await ExpiredAsync("""{"session_key":"ci","scopes":["mesh:read"]}""");
        _tool.Env["SESSION_MESH_AGENT_ID"] = "a"; // the root key is not at hand
        if (!hasKey)
        {
            _tool.Env.Remove("SESSION_API_KEY");
        }

        using var network = new SocketsHttpHandler();
        var ran = await _tool.RunAsync($"list --url {_url}", network);
        Assert.Equal((4, ""), (ran.Code, ran.Out));
        Assert.StartsWith($"error: cannot list agents\n  why: {why} (401 unauthenticated)\n  try: ", ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhoSaysNo_IsAskedOnce_AndNothingIsMinted()
    {
        var old = _tool.Env["SESSION_API_KEY"] = await ExpiredAsync("""{"session_key":"ci","scopes":["steer"]}""");
        _tool.Typed = "n";
        var ran = await RunAsync("steer a b --direction north --yes");
        Assert.Equal(4, ran.Code);
        Assert.Single(ran.Error.Split('\n'), line => line.Contains("Mint it again", StringComparison.Ordinal));
        Assert.DoesNotContain(_wire.Calls, call => call.StartsWith("POST keys", StringComparison.Ordinal));
        Assert.Equal(["root"], await NamesAsync());
        Assert.Equal(
            [$"GET {Id(old)} {Id(_root)}"], _wire.Calls.Where(call => call.EndsWith(Id(_root), StringComparison.Ordinal)).Distinct());
    }

    [Theory]
    [InlineData("revoked", "was revoked 2h ago, and is not minted again")]
    [InlineData("rotated", "is not the newest of its name: use that one")]
    [InlineData("unknown", null)]
    [InlineData("wrong secret", "is not the one that the server knows by that id")]
    public async Task KeyThatHasNotExpired_IsNeverMintedAgain(string kind, string? words)
    {
        const string Body = """{"session_key":"ci","scopes":["mesh:read"]}""";
        var key = (await CallAsync(HttpMethod.Post, "keys", Body))!["token"]!.GetValue<string>();
        if (kind == "revoked")
        {
            await CallAsync(HttpMethod.Delete, "keys/" + Id(key));
        }
        else if (kind == "rotated")
        {
            await CallAsync(HttpMethod.Post, "keys", Body);
        }

        Pass(kind == "wrong secret" ? TimeSpan.FromSeconds(1) : TimeSpan.FromHours(2));
        var given = kind switch
        {
            "unknown" => "smk_aaaaaaaaaaaa" + key[16..],
            "wrong secret" => key[..^1] + (key[^1] == 'x' ? 'y' : 'x'),
            _ => key,
        };
        _tool.Env["SESSION_API_KEY"] = given;
        _tool.Typed = "y";

        var ran = await RunAsync("list --renew");

        Assert.Equal((4, ""), (ran.Code, ran.Out));
        Assert.StartsWith(
            words is null
                ? "the key aaaaaaaaaaaa in SESSION_API_KEY is unknown to the server\nerror: "
                : $"the key ci ({Id(key)}) in SESSION_API_KEY {words}\nerror: ",
            ran.Error,
            StringComparison.Ordinal);
        Assert.Contains("  try: the key came from SESSION_API_KEY, and no other is used in its place", ran.Error, StringComparison.Ordinal);
        Assert.Equal([$"GET alive {Id(given)}", $"GET {Id(given)} {Id(_root)}"], _wire.Calls);
    }

    [Fact]
    public async Task RootKey_IsNotAskedWhereItIsNotThatServers_NorInsideAnAgent()
    {
        var old = _tool.Env["SESSION_API_KEY"] = await ExpiredAsync("""{"session_key":"ci","scopes":["mesh:read"]}""");
        _tool.Env["SESSION_MESH_AGENT_ID"] = "a";
        Assert.Equal(4, (await RunAsync("list --renew")).Code);
        _tool.Env.Remove("SESSION_MESH_AGENT_ID");
        await File.WriteAllTextAsync(Path.Combine(Data, "root.address"), "http://127.0.0.1:1\n");
        Assert.Equal(4, (await RunAsync("list --renew")).Code);
        Assert.Equal([$"GET alive {Id(old)}", $"GET alive {Id(old)}"], _wire.Calls);
    }

    [Fact]
    public async Task Renew_ByHand_WritesTheKeyIntoAFile()
    {
        var old = await ExpiredAsync("""{"session_key":"ci","scopes":["mesh:read"],"ttl":600}""");
        var file = _tool.WriteFile("ci.key", old + "\n");
        _tool.Env.Remove("SESSION_API_KEY");
        var ran = await RunAsync($"keys renew {Id(old)} --out {file} --force --fields session_key,ttl -o jsonl");
        Assert.Equal(
            new Ran(0, """{"session_key":"ci","ttl":600}""" + "\n", $"the key is in {file}: use it with --key-file\n"), ran);
        Assert.Equal(0, (await RunAsync($"list --key-file {file} -o name")).Code);
        var again = await RunAsync($"keys renew {Id(old)}");
        Assert.Equal((5, ""), (again.Code, again.Out));
        Assert.Contains("is the name of another key by now", again.Error, StringComparison.Ordinal);
    }

    private static string Id(string token) => token[4..16];

    private Task<Ran> RunAsync(string line) => _tool.RunAsync($"{line} --url {_url}", _wire);

    /// <summary>A key that was valid once, and has left the server's memory.</summary>
    private async Task<string> ExpiredAsync(string body)
    {
        var key = (await CallAsync(HttpMethod.Post, "keys", body))!["token"]!.GetValue<string>();
        Pass(TimeSpan.FromHours(2));
        return key;
    }

    private void Pass(TimeSpan time)
    {
        _time.JumpWall(time);
        _time.Advance(TimeSpan.FromSeconds(1));
    }

    private async Task<List<string>> NamesAsync() =>
        [.. (await CallAsync(HttpMethod.Get, "keys"))!["keys"]!.AsArray().Select(row => row!["session_key"]!.GetValue<string>())];

    private async Task<JsonNode?> CallAsync(HttpMethod method, string path, string? body = null)
    {
        using var request = new HttpRequestMessage(method, new Uri(new Uri(_url), "/api/session-mesh/" + path));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", _root);
        request.Content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json");
        using var answer = await _http.SendAsync(request);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        return JsonNode.Parse(await answer.Content.ReadAsStringAsync());
    }

    /// <summary>The network, and what went over it: method, path below <c>keys/</c>, and the id of the key.</summary>
    private sealed class Wire() : DelegatingHandler(new SocketsHttpHandler())
    {
        private readonly List<string> _calls = [];

        public IEnumerable<string> Calls => _calls;

        /// <summary>Id of the key of the last call.</summary>
        public string LastId => _calls[^1].Split(' ')[2];

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var path = request.RequestUri!.AbsolutePath.Replace("/api/session-mesh/", "", StringComparison.Ordinal)
                .Replace("keys/", "", StringComparison.Ordinal);
            lock (_calls)
            {
                _calls.Add($"{request.Method} {path} {Id(request.Headers.Authorization!.Parameter!)}");
            }

            return base.SendAsync(request, cancellationToken);
        }
    }
}
