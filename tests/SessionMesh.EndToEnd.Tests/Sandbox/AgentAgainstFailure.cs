using System.Net.Http.Json;
using SessionMesh.Client;
using SessionMesh.Client.Streams;
using SessionMesh.Contracts.Agents;
using SessionMesh.Contracts.Steering;

namespace SessionMesh.EndToEnd.Tests.Sandbox;

public static class AgentAgainstFailure
{
    /// <summary>Call it from a test; <paramref name="url"/> and <paramref name="key"/> are the sandbox's.</summary>
    public static async Task RunAsync(string url, string key)
    {
        using var mesh = new MeshClient(new MeshClientOptions { BaseUrl = new Uri(url), Token = key });
        using var sandbox = new HttpClient { BaseAddress = new Uri(url + "/api/session-mesh/sandbox/") };
        sandbox.DefaultRequestHeaders.Authorization = new("Bearer", key);

        await mesh.RegisterAsync(new RegisterAgentRequest { AgentId = "dotnet-1", Ttl = 30 });

        // Two attempts are refused, and the answer of another is lost. Each steer is there once.
        await FailAsync(sandbox, """{"endpoint": "POST /steer", "status": 503, "count": 2}""");
        await mesh.SteerAsync(new SteerRequest { AgentId = "dotnet-1", Direction = "north" });
        await FailAsync(sandbox, """{"endpoint": "POST /steer", "cut": "after", "count": 1}""");
        await mesh.SteerAsync(new SteerRequest { AgentId = "dotnet-1", Direction = "east" });
        await mesh.SteerAsync(new SteerRequest { AgentId = "dotnet-1", Direction = "south" });

        // The stream breaks after each of them. It comes back, and none is lost or comes twice.
        await FailAsync(sandbox, """{"endpoint": "GET /agents/{id}/directives", "drop_after": 1, "count": 2}""");
        var heard = new List<string?>();
        await foreach (var directive in new DirectiveStream(mesh, "dotnet-1").ReadAsync())
        {
            heard.Add(directive.Direction);
            await mesh.AckAsync("dotnet-1", directive.Seq, new AckRequest { State = DirectiveState.Acknowledged });
            if (heard.Count == 3)
            {
                break;
            }
        }

        Check(heard is ["north", "east", "south"], $"heard {string.Join(", ", heard)}");

        // A lease of 30 seconds lapses at once, and a heartbeat takes that back.
        using (await sandbox.PostAsJsonAsync("advance", new { seconds = 31 }))
        {
            Check((await mesh.AgentAsync("dotnet-1")).Status == AgentStatus.Suspect, "silent for longer than its lease");
        }

        await mesh.HeartbeatAsync("dotnet-1");
        Check((await mesh.AgentAsync("dotnet-1")).Status == AgentStatus.Alive, "it was heard again");
    }

    private static async Task FailAsync(HttpClient sandbox, string fault)
    {
        using var answer = await sandbox.PostAsync("faults", new StringContent(fault));
        answer.EnsureSuccessStatusCode();
    }

    private static void Check(bool isSo, string what)
    {
        if (!isSo)
        {
            throw new InvalidOperationException(what);
        }
    }
}
