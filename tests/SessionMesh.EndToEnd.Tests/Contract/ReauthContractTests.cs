using SessionMesh.EndToEnd.Tests.Support;

namespace SessionMesh.EndToEnd.Tests.Contract;

/// <summary>
/// "If $SESSION_API_KEY is invalid, expect 401; resolve by regenerating the key via POST /api/session-mesh/keys and retry." The tool says
/// so, and leaves it to whoever holds a key that may.
/// </summary>
public sealed class ReauthContractTests(Mesh mesh) : IClassFixture<Mesh>
{
    private const string Unknown = "smk_aaaaaaaaaaaa_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa_aaaaaa";

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task KeyThatIsOver_ActsNoMore_AlsoWhereTheRootKeyIsAtHand(bool revoked)
    {
        var key = revoked ? await RevokedKeyAsync() : Unknown;
        var agent = revoked ? "over" : "unknown";

        var ran = await mesh.BashAsync(
            $"session-mesh register --spec x --agent-id {agent}", ("SESSION_API_KEY", key), ("SESSION_MESH_DATA", mesh.Server.Data));

        Assert.Equal((4, ""), (ran.Code, ran.Out));
        Assert.Contains("401 unauthenticated", ran.Error, StringComparison.Ordinal);
        Assert.Contains("session-mesh keys create", ran.Error, StringComparison.Ordinal);
        Assert.Equal(404, (await mesh.Http.GetAsync($"agents/{agent}")).Status);
    }

    [Fact]
    public async Task KeyThatIsOver_IsTriedOnce_AndTheRootKeyIsNotSent()
    {
        using var proxy = new FlakyProxy(mesh.Server.Url, FlakyProxy.Relay);

        var ran = await mesh.BashAsync(
            "session-mesh list", ("SESSION_MESH_URL", proxy.Url), ("SESSION_API_KEY", Unknown), ("SESSION_MESH_DATA", mesh.Server.Data));

        Assert.Equal(4, ran.Code);
        var call = Assert.Single(proxy.Calls);
        Assert.Equal(
            ("GET", "/api/session-mesh/alive?limit=1000", $"Bearer {Unknown}"), (call.Method, call.Path, call.Headers["Authorization"]));
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
        var created = (await mesh.DoneAsync("session-mesh keys create --scope mesh:read -o json")).Json;
        await mesh.DoneAsync($"session-mesh keys revoke {created.Text("key_id")} --yes");
        return created.Text("token")!;
    }
}
