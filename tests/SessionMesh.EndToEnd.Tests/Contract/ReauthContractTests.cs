using SessionMesh.EndToEnd.Tests.Support;

namespace SessionMesh.EndToEnd.Tests.Contract;

/// <summary>
/// "If $SESSION_API_KEY is invalid, expect 401; resolve by regenerating the key via POST /api/session-mesh/keys and retry."
/// </summary>
public sealed class ReauthContractTests(Mesh mesh) : IClassFixture<Mesh>
{
    private const string Unknown = "smk_aaaaaaaaaaaa_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa_aaaaaa";

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task KeyThatIsOver_IsRegeneratedAndTheCommandSucceeds(bool revoked)
    {
        var key = revoked ? await RevokedKeyAsync() : Unknown;

        var ran = await mesh.BashAsync(
            "session-mesh register --spec x --agent-id reauth", ("SESSION_API_KEY", key), ("SESSION_MESH_DATA", mesh.Server.Data));

        Assert.True(ran.Code == 0, ran.ToString());
        Assert.Matches(
            $@"\Athe key in SESSION_API_KEY was refused; made another with the local server's {mesh.Server.Data}/root\.key, "
            + @"key [a-z0-9]{12}, valid until \S+\n",
            ran.Error);
        Assert.Equal("alive", (await mesh.Http.GetAsync("agents/reauth")).Text("status"));
        var keys = (await mesh.DoneAsync("session-mesh keys list -o json")).Json.GetProperty("keys").EnumerateArray();
        Assert.Contains(keys, row => ran.Error.Contains($"key {row.Text("key_id")},", StringComparison.Ordinal)
            && row.Text("valid") == "true"
            && row.GetProperty("scopes").EnumerateArray().All(scope => scope.GetString() != "admin"));
    }

    [Fact]
    public async Task RefusedAgain_ThreeCallsAndNoMore()
    {
        var refusal = FlakyProxy.AnswerJson(
            401, """{"type":"t","title":"t","status":401,"detail":"no such key","code":"unauthenticated"}""");
        using var proxy = new FlakyProxy(mesh.Server.Url, refusal, FlakyProxy.Relay, refusal);

        var ran = await mesh.BashAsync(
            "session-mesh list", ("SESSION_MESH_URL", proxy.Url), ("SESSION_API_KEY", Unknown), ("SESSION_MESH_DATA", mesh.Server.Data));

        Assert.Equal(4, ran.Code);
        Assert.Contains("no such key (401 unauthenticated)", ran.Error, StringComparison.Ordinal);
        Assert.Equal(
            ["GET /api/session-mesh/alive", "POST /api/session-mesh/keys", "GET /api/session-mesh/alive"],
            proxy.Calls.Select(call => $"{call.Method} {call.Path}"));
        Assert.Equal($"Bearer {mesh.Server.RootKey}", proxy.Calls[1].Headers["Authorization"]);
    }

    [Fact]
    public async Task InsideAnAgent_TheRootKeyIsLeftAlone()
    {
        var ran = await mesh.BashAsync(
            "session-mesh list", ("SESSION_API_KEY", Unknown), ("SESSION_MESH_DATA", mesh.Server.Data), ("SESSION_MESH_AGENT_ID", "a1"));

        Assert.Equal(4, ran.Code);
        Assert.Contains("401 unauthenticated", ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task KeyFileWithARefreshToken_IsRenewedOnce_WhoeverAsksTogether()
    {
        var file = mesh.Scratch.File("ci.key");
        await mesh.DoneAsync($"session-mesh keys create --name together --scope mesh:read --refresh --out {file}");
        await mesh.DoneAsync($"cp {file} {file}.first; cp {file}.refresh {file}.used; echo {Unknown} > {file}");

        // Each of the four finds a refused key; one token serves them all.
        var ran = await mesh.DoneAsync(
            $"for i in 1 2 3 4; do session-mesh list --key-file {file} -o name & pids=\"$pids $!\"; done; for pid in $pids; "
            + "do wait $pid || exit 1; done");
        Assert.Single(ran.Error.Split('\n'), line => line.Contains("refreshed it", StringComparison.Ordinal));

        var own = (await mesh.DoneAsync($"session-mesh keys show --key-file {file} -o json")).Json;
        Assert.Equal(("together", "2"), (own.Text("session_key"), own.Text("generation")));

        // By hand, in place; and a token that was used before ends the name.
        Assert.Equal(
            "3", (await mesh.DoneAsync($"session-mesh keys refresh --refresh-file {file}.refresh -o json")).Json.Text("generation"));
        Assert.Equal(0, (await mesh.BashAsync($"session-mesh list --key-file {file}")).Code);
        Assert.Equal(4, (await mesh.BashAsync($"session-mesh keys refresh < {file}.used")).Code);
        var refused = await mesh.BashAsync($"session-mesh list --key-file {file}");
        Assert.Equal(4, refused.Code);
        Assert.DoesNotContain("smr_", refused.Error.Replace("smr_…", "", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ReachOfAKey_IsWhatItWasMintedWith()
    {
        await mesh.Http.PostAsync("agents", """{"agent_id":"top"}""");
        await mesh.Http.PostAsync("agents", """{"agent_id":"low","parent_id":"top"}""");
        await mesh.Http.PostAsync("agents", """{"agent_id":"aside"}""");
        var file = mesh.Scratch.File("reach.key");
        await mesh.DoneAsync($"session-mesh keys create --scope mesh:read --scope kill --within subtree:top --out {file}");

        var listed = await mesh.DoneAsync($"session-mesh list --key-file {file} --filter all -o name");
        Assert.Equal(["low", "top"], listed.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries).Order());
        Assert.Equal(3, (await mesh.BashAsync($"session-mesh kill aside --yes --key-file {file}")).Code);
    }

    private async Task<string> RevokedKeyAsync()
    {
        var created = (await mesh.DoneAsync("session-mesh keys create -o json")).Json;
        await mesh.DoneAsync($"session-mesh keys revoke {created.Text("key_id")} --yes");
        return created.Text("token")!;
    }
}
