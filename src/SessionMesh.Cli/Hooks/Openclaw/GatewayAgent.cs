using System.Security.Cryptography;
using System.Text;
using SessionMesh.Cli.Hosting;
using SessionMesh.Contracts.Agents;

namespace SessionMesh.Cli.Hooks.Openclaw;

/// <summary>The agent that a gateway is. Its sessions are below it, so that one clause says whom the plugin's key is for.</summary>
internal static class GatewayAgent
{
    /// <summary>Makes it known, as long as it is not.</summary>
    public static RegisterAgentRequest Declare(string id) => new()
    {
        AgentId = id,
        Declare = true,
        Labels = new Dictionary<string, string> { ["agent"] = "openclaw-gateway", ["host"] = Environment.MachineName },
    };

    /// <summary>
    /// One id for each directory that a gateway keeps its state in. The gateway holds a lock there, so that there is one at a time.
    /// </summary>
    public static string IdOf(CliHost host)
    {
        var state = host.Env("OPENCLAW_STATE_DIR") ?? Path.Combine(host.Env("OPENCLAW_HOME") ?? host.Home, ".openclaw");
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{Environment.MachineName}\n{Path.GetFullPath(state)}"));
        return "openclaw-gateway-" + Convert.ToHexStringLower(hash.AsSpan(0, 4));
    }
}
