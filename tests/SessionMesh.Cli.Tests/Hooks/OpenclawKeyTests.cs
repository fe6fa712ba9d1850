using System.Security.Cryptography;
using System.Text;
using static SessionMesh.Client.Tests.ScriptedServer;

namespace SessionMesh.Cli.Tests.Hooks;

/// <summary><c>hook openclaw --key</c>: what OpenClaw's plugin gets its key by.</summary>
public sealed class OpenclawKeyTests
{
    private const string Created =
        """{"key_id":"mnopqrstuvwx","session_key":"k","token":"smk_mnopqrstuvwx_FRESH_check2","ttl":3600,"""
        + "\"expires_at\":\"2026-01-02T04:04:05Z\","
        + "\"scopes\":" + """["mesh:read","registry:write"],"within":["subtree:x"],"agent_id":null,"generation":1,"service":false}""";

    [Fact]
    public async Task Key_IsForTheGatewayAndWhatIsBelowIt_AndSaysWhereTheMeshIs()
    {
        using var tool = new Tool(Json(200, """{"agent_id":"x","ttl":60,"next_heartbeat_in":20}"""), Json(201, Created));
        var gateway = GatewayOf(Path.Combine(tool.Home, ".openclaw"));

        var ran = await tool.RunAsync("hook openclaw --key");

        Assert.Equal((0, ""), (ran.Code, ran.Error));
        Assert.Equal(
            """{"url":"http://127.0.0.1:7420","token":"smk_mnopqrstuvwx_FRESH_check2","key_id":"mnopqrstuvwx","""
            + $"\"expires_at\":\"2026-01-02T04:04:05.000Z\",\"agent_id\":\"{gateway}\",\"host\":\"{Environment.MachineName}\"}}",
            ran.Out.TrimEnd());
        Assert.Equal(
            [
                $"POST /agents {{\"agent_id\":\"{gateway}\",\"labels\":{{\"agent\":\"openclaw-gateway\","
                + $"\"host\":\"{Environment.MachineName}\"}},\"declare\":true}}",
                $$"""POST /keys {"ttl":3600,"scopes":["mesh:read","registry:write"],"within":["subtree:{{gateway}}"]}""",
            ],
            tool.Calls);
    }

    [Fact]
    public async Task Gateway_WithAStateDirectoryOfItsOwn_IsAnotherAgent()
    {
        using var tool = new Tool(Json(200, """{"agent_id":"x","ttl":60,"next_heartbeat_in":20}"""), Json(201, Created));
        tool.Env["OPENCLAW_STATE_DIR"] = "/srv/claw";

        var ran = await tool.RunAsync("hook openclaw --key");

        Assert.Contains($"\"agent_id\":\"{GatewayOf("/srv/claw")}\"", ran.Out, StringComparison.Ordinal);
    }

    private static string GatewayOf(string state)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{Environment.MachineName}\n{state}"));
        return "openclaw-gateway-" + Convert.ToHexStringLower(hash.AsSpan(0, 4));
    }
}
