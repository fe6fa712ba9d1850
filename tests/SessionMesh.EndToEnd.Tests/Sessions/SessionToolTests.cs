using SessionMesh.EndToEnd.Tests.Support;

namespace SessionMesh.EndToEnd.Tests.Sessions;

/// <summary>What the script did not have, and where it is wrong.</summary>
public sealed class SessionToolTests(Mesh mesh) : IClassFixture<Mesh>
{
    [Theory]
    [InlineData("cleanup --before tomorrow", "tomorrow")]
    [InlineData("create --ttl 0", "1 to 31536000")]
    [InlineData("create --meta =v", "empty")]
    [InlineData("set kept \"\" v", "empty")]
    [InlineData("set kept $(printf 'k%.0s' {1..257}) v", "256")]
    [InlineData("list --status gone", "active, expired")]
    [InlineData("set kept big $(head -c 20000 /dev/zero | tr '\\0' x)", "16 KiB")]
    [InlineData("create --user $(head -c 200 /dev/zero | tr '\\0' x)", "128")]
    [InlineData("export --output there.json", "--force")]
    public async Task BadInput_IsNamed_WithCode1_AndChangesNothing(string line, string named)
    {
        await mesh.BashAsync("session-mesh session create --id kept && session-mesh session expire kept; touch there.json");
        var before = await mesh.DoneAsync("session-mesh session export --format jsonl");

        var ran = await mesh.BashAsync("session-mesh session " + line);

        Assert.Equal((1, ""), (ran.Code, ran.Out));
        Assert.Equal(["error"], Members.Parse(ran.Error).EnumerateObject().Select(member => member.Name));
        Assert.Contains(named, ran.Error, StringComparison.Ordinal);
        Assert.Equal(before.Out, (await mesh.DoneAsync("session-mesh session export --format jsonl")).Out);
    }

    [Fact]
    public async Task AnIdThatIsTaken_Is5()
    {
        await mesh.DoneAsync("session-mesh session create --id taken");

        var ran = await mesh.BashAsync("session-mesh session create --id taken");

        Assert.Equal(5, ran.Code);
        Members.Equal("""{"ok":false,"error":"<text>","code":"session_exists","try":"<text>","request_id":"<text>"}""", ran.Json);
    }

    [Fact]
    public async Task IfMatch_TakesTheVersionThatGetShows_Once()
    {
        await mesh.DoneAsync("session-mesh session create --id versioned");
        const string Line = "session-mesh session set versioned k v --if-match $V";
        var ran = await mesh.BashAsync(
            $"V=$(session-mesh session get versioned --fields version -o csv | tail -1 | tr -d '\\r'); {Line} >&2 && {Line}");

        Assert.Equal((5, "precondition_failed"), (ran.Code, ran.Json.Text("code")));
        Assert.Contains("\"k\": \"v\"", ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ManyAtOnce_LoseNothing()
    {
        await mesh.DoneAsync("session-mesh session create --id busy");

        await mesh.DoneAsync("for i in 1 2 3 4 5 6; do session-mesh session set busy k$i v$i >/dev/null & done; wait");

        var meta = (await mesh.DoneAsync("session-mesh session get busy")).Json.GetProperty("session").GetProperty("meta");
        Assert.Equal(["k1", "k2", "k3", "k4", "k5", "k6"], meta.EnumerateObject().Select(entry => entry.Name).Order());
    }

    [Fact]
    public async Task ListByMeta_AndByUser()
    {
        await mesh.DoneAsync(
            "session-mesh session create --id m1 --user listed --meta a=1,b=2 && session-mesh session create "
            + "--id m2 --user listed --meta a=1");

        Assert.Equal("m1\nm2\n", (await mesh.DoneAsync("session-mesh session list --user listed --meta a=1 -o name")).Out);
        Assert.Equal("m1\n", (await mesh.DoneAsync("session-mesh session list --meta a=1 --meta b=2 -o name")).Out);
        Assert.Equal("m1\n", (await mesh.DoneAsync("session-mesh session list --user listed --limit 1 -o name")).Out);
    }

    [Fact]
    public async Task Csv_IsDefusedOnce()
    {
        await mesh.DoneAsync("session-mesh session create --id formula --user '=1+1'");

        Assert.Contains(
            "\r\nformula,'=1+1,active,", (await mesh.DoneAsync("session-mesh session export --format csv")).Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Export_IntoAFile_IsPrivate_AndAloneThere()
    {
        await mesh.DoneAsync(
            "mkdir exports && session-mesh session export --format jsonl --output exports/all.jsonl && session-mesh session export "
            + "--output exports/all.jsonl --force");

        Assert.Equal("all.jsonl 600\n", (await mesh.DoneAsync("cd exports && stat -c '%n %a' $(ls -A)")).Out);
    }

    [Fact]
    public async Task LoadConfig_FindsThePlainSession()
    {
        await mesh.DoneAsync("session-mesh session create --id plain");
        mesh.Scratch.Write("plain.yaml", "sessions: [{id: plain, filter: alive}]");

        var ran = await mesh.DoneAsync("session-mesh load-config plain.yaml -o json");

        Members.Equal(
            """
            {"sessions":[{"id":"plain","filter":"alive","status":"active","matches":true,"declared":false,"error":null,
               "change":"none","changes":[]}],"links":[],"cluster":null,
             "count":1,"matching":1,"declared":0,"updated":0,"dry_run":false}
            """,
            ran.Json);
        Assert.Equal(404, (await mesh.Http.GetAsync("agents/plain")).Status);
    }

    [Fact]
    public async Task ServerThatIsNotThere_Is6()
    {
        var ran = await mesh.BashAsync("session-mesh --url http://127.0.0.1:1 session stats");

        Assert.Equal((6, "unreachable"), (ran.Code, ran.Json.Text("code")));
    }
}
