using System.Text.RegularExpressions;
using SessionMesh.EndToEnd.Tests.Support;

namespace SessionMesh.EndToEnd.Tests.Sandbox;

/// <summary>
/// The server's own process as a sandbox: each fault as <c>curl</c> sees it, and docs/testing-your-agent.md run as it stands.
/// </summary>
public sealed class SandboxTests : IAsyncLifetime
{
    private readonly Scratch _scratch = new();
    private readonly ServerProcess _server;

    public SandboxTests() => _server = new ServerProcess(_scratch);

    public async Task InitializeAsync()
    {
        _server.Options = ["--sandbox"];
        await _server.StartAsync();
    }

    public Task DisposeAsync()
    {
        _server.Dispose();
        _scratch.Dispose();
        return Task.CompletedTask;
    }

    [Fact]
    public async Task EachFault_IsSeenByCurl_AndTheDirectoryIsGoneAfterSigterm()
    {
        Assert.Contains($"listens on {_server.Url}: a sandbox, which keeps nothing", _server.Printed, StringComparison.Ordinal);
        var data = Assert.Single(Directory.GetDirectories(_scratch.Root, "data"));
        await DoneAsync("""
            api=$SESSION_MESH_URL/api/session-mesh
            call() { curl -sS -H "Authorization: Bearer $SESSION_API_KEY" "$@"; }
            fault() { call -f "$api/sandbox/faults" -d "$1" > fault.json; }
            is() { [ "$1" = "$2" ] || { echo "line ${BASH_LINENO[0]}: expected '$1', got '$2'" >&2; exit 1; }; }
            call -f "$api/agents" -d '{"agent_id":"a","ttl":3600}' > agent.json

            fault '{"endpoint":"GET /agents/{id}","status":503,"count":1}'
            is 503 "$(call -o body.json -w '%{http_code}' "$api/agents/a")"
            grep -q '"code":"sandbox_fault"' body.json
            is 200 "$(call -o body.json -w '%{http_code}' "$api/agents/a")"

            for cut in before after; do
              fault '{"endpoint":"POST /steer","cut":"'$cut'","count":1}'
              is '000 56' "$(call -o body.json -w '%{http_code}' "$api/steer" -d '{"agent_id":"a","direction":"north"}' || echo " $?")"
            done
            call "$api/agents/a" | grep -q '"pending":1' # of that which was done

            fault '{"endpoint":"GET /events","drop_after":3,"count":1}'
            is 18 "$(call -o events.txt "$api/events?after=0" || echo "$?")"
            is 3 "$(grep -c '^data: ' events.txt)"

            fault '{"endpoint":"GET /agents/{id}","malformed":true,"count":1}'
            is '200 application/json' "$(call -o body.json -w '%{http_code} %{content_type}' "$api/agents/a")"
            if python3 -m json.tool body.json > whole.json 2> why.txt; then echo 'it is whole' >&2; exit 1; fi

            fault '{"endpoint":"GET /agents/{id}","delay":0.5,"count":1}'
            is 'late' "$(call -o body.json -w '%{time_total}\n' "$api/agents/a" | awk '$1 >= 0.5 { print "late" }')"
            """);

        await DoneAsync("""
            faults() { curl -sSf -H "Authorization: Bearer $SESSION_API_KEY" "$SESSION_MESH_URL/api/session-mesh/sandbox/faults" "$@"; }
            faults -X DELETE > cleared.json
            faults -d '{"endpoint":"POST /steer","cut":"after","count":2}' > fault.json
            session-mesh steer a -d east --verbose -o name 2> attempts.txt
            [ "$(grep -c '^attempt' attempts.txt)" = 3 ]
            session-mesh show a -o json | grep -q '"pending": *2'
            """);

        var ended = await _server.StopAsync(Signal.Term);
        Assert.Equal((0, ""), (ended.Code, ended.Error));
        Assert.False(Directory.Exists(data));
    }

    [Fact]
    public async Task Page_InAShell_WorksAsItStands()
    {
        var ran = await DoneAsync(Snippet("bash"));
        Assert.EndsWith("{\"cleared\":2}\n", ran.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Page_InPython_WorksAsItStands()
    {
        _scratch.Write("test_agent.py", Snippet("python"));
        var ran = await DoneAsync("python3 test_agent.py");
        Assert.Matches(@"Ran 4 tests in [\d.]+s\s+OK", ran.Error);
    }

    [Fact]
    public async Task Page_InDotnet_WorksAsItStands()
    {
        const string Namespace = "\nnamespace SessionMesh.EndToEnd.Tests.Sandbox;\n";
        var compiled = await File.ReadAllTextAsync(
            Path.Combine(Built.Repository, "tests", "SessionMesh.EndToEnd.Tests", "Sandbox", "AgentAgainstFailure.cs"));
        Assert.Equal(Snippet("csharp"), compiled.Replace(Namespace, "", StringComparison.Ordinal));
        await AgentAgainstFailure.RunAsync(_server.Url, _server.RootKey);
    }

    [Fact]
    public async Task Page_HasAFileOfFaults_ThatTheServerTakes()
    {
        var file = _scratch.Write("faults.json", Snippet("json"));
        using var other = new ServerProcess(_scratch, "other") { Options = ["--sandbox", "--sandbox-faults", file] };
        await other.StartAsync();
        using var http = new MeshHttp(other.Url, other.RootKey);
        Assert.Equal(3, (await http.GetAsync("sandbox/faults")).Json.GetProperty("faults").GetArrayLength());
        await other.StopAsync(Signal.Int);
        Assert.False(Directory.Exists(other.Data));
    }

    [Fact]
    public async Task DirectoryThatNobodyNamed_IsUnderTheTemporaryOne_AndGoneAtTheEnd()
    {
        using var other = new ServerProcess(_scratch, "none");
        using var process = other.LaunchPlain("--sandbox", "--urls", "http://127.0.0.1:0");
        await Eventually.True(() => process.Out.Contains("Ctrl+C", StringComparison.Ordinal), () => process.Out + process.Error);
        var directory = Assert.Single(Directory.GetDirectories(_scratch.Root, "session-mesh-sandbox-*"));
        Assert.Contains($"data      {directory}, deleted when the server stops", process.Out, StringComparison.Ordinal);
        process.Send(Signal.Term);
        Assert.Equal(0, await process.ExitAsync());
        Assert.Empty(Directory.GetDirectories(_scratch.Root, "session-mesh-sandbox-*"));
    }

    [Fact]
    public async Task Restore_GoesOnInTheSameDirectory_WhichIsStillThrownAway()
    {
        using var http = new MeshHttp(_server.Url, _server.RootKey);
        Assert.True((await http.PostAsync("agents", """{"agent_id":"kept","ttl":3600}""")).IsDone);
        await DoneAsync("session-mesh admin backup backup.db");
        Assert.True((await http.PostAsync("sandbox/advance", """{"seconds":2000000}""")).IsDone);
        await DoneAsync("session-mesh admin restore backup.db --yes");
        await Eventually.True(
            async () => _server.Printed.Contains("A backup was restored", StringComparison.Ordinal)
                && (await TryAsync(http))?.IsDone == true,
            () => "the restored sandbox knows the agent\n" + _server.Printed);
        Assert.Equal("[]", (await http.GetAsync("sandbox/faults")).Json.GetProperty("faults").GetRawText());
        await _server.StopAsync(Signal.Term);
        Assert.False(Directory.Exists(_server.Data));

        static async Task<Answer?> TryAsync(MeshHttp http)
        {
            try
            {
                return await http.GetAsync("agents/kept");
            }
            catch (HttpRequestException)
            {
                return null;
            }
        }
    }

    /// <summary>The one block in that language.</summary>
    private static string Snippet(string language)
    {
        var page = File.ReadAllText(Path.Combine(Built.Repository, "docs", "testing-your-agent.md"));
        return Assert.Single(Regex.Matches(
            page, $"\n```{language}\n(?<it>.*?\n)```\n", RegexOptions.Singleline | RegexOptions.ExplicitCapture, Eventually.Bound)
            .Select(match => match.Groups["it"].Value));
    }

    private async Task<Ran> DoneAsync(string script)
    {
        var environment = new Dictionary<string, string>(_scratch.Environment())
        {
            ["SESSION_MESH_URL"] = _server.Url,
            ["SESSION_API_KEY"] = _server.RootKey,
        };
        using var bash = new Started("bash", ["-euc", script], environment, _scratch.Root);
        var ran = await bash.EndAsync();
        Assert.True(ran.Code == 0, $"{script}\n{ran}");
        Assert.DoesNotContain(_server.RootKey, ran.Out + ran.Error, StringComparison.Ordinal);
        return ran;
    }
}
