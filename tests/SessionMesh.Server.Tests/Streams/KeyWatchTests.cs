using System.Net.Sockets;
using System.Text;
using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.Streams;

/// <summary>Calls that are under way when their key ends: streams, long polls, waits, and bodies that drip in.</summary>
public sealed class KeyWatchTests
{
    private static readonly TimeSpan s_beat = TimeSpan.FromSeconds(15);

    [Fact]
    public async Task Poll_KeyRevokedMeanwhile_IsToldSo_AndNotWhatCameLater()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        var key = await mesh.MintAsync("""{"scopes":["registry:write"],"ttl":3600}""");
        var poll = mesh.GetAsync("agents/a/directives?wait=40", key);
        await mesh.Time.ArmedAsync(TimeSpan.FromSeconds(40));
        await mesh.RevokeAsync(key);
        (await poll).ShouldBeProblem(401, "unauthenticated");
    }

    [Fact]
    public async Task Poll_KeyExpiresMeanwhile_EndsThen()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a", ttl: 3600);
        var key = await mesh.MintAsync("""{"scopes":["registry:write"],"ttl":60}""");
        await mesh.AdvanceAsync(35);
        var poll = mesh.GetAsync("agents/a/directives?wait=50", key);
        await mesh.Time.ArmedAsync(TimeSpan.FromSeconds(25));
        await mesh.AdvanceAsync(25);
        (await poll).ShouldBeProblem(401, "unauthenticated");
    }

    [Fact]
    public async Task SteerAndKill_ThatWait_KeyRevokedMeanwhile_SayWhatIsDone_AndWaitNoLonger()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        var key = await mesh.MintAsync("""{"scopes":["steer","kill"]}""");
        var steer = mesh.PostAsync("steer", """{"agent_id":"a","direction":"x","wait":"acknowledged","wait_seconds":40}""", key);
        await mesh.Time.ArmedAsync(TimeSpan.FromSeconds(40));
        var kill = mesh.DeleteAsync("agents/a?wait=41", key);
        await mesh.Time.ArmedAsync(TimeSpan.FromSeconds(41));
        await mesh.RevokeAsync(key);
        Assert.Equal("queued", (await steer).Json["state"]!.GetValue<string>());
        Assert.Equal(
            ("stopping", false), ((await kill).Json["status"]!.GetValue<string>(), (await kill).Json["confirmed"]!.GetValue<bool>()));
    }

    [Fact]
    public async Task Stream_KeyRevoked_HearsNothingThatIsSaidAfterwards()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        var key = await mesh.MintAsync("""{"scopes":["registry:write","mesh:read"]}""");
        await using var inbox = await mesh.ListenAsync("agents/a/directives", key);
        await using var events = await mesh.ListenAsync("events", key);
        await mesh.RevokeAsync(key);
        await mesh.PostAsync("steer", """{"agent_id":"a","direction":"secret"}""");
        foreach (var stream in new[] { inbox, events })
        {
            var end = await stream.NextAsync();
            Assert.Equal(("end", "key_revoked"), (end.Name, end.Json["code"]!.GetValue<string>()));
        }
    }

    [Fact]
    public async Task Stream_KeyRevoked_IsCutAtOnce_WithEveryKeyBelowIt()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        var parent = await mesh.MintAsync("""{"scopes":["keys:mint","registry:write"]}""");
        var child = await mesh.MintAsync("""{"agent_id":"a"}""", parent);
        await using var stream = await mesh.ListenAsync("agents/a/directives", child);
        await using var other = await mesh.ListenAsync("agents/a/directives");
        await mesh.RevokeAsync(parent);
        await stream.EndsAsync("key_revoked");
        await mesh.SteerAsync("a");
        await other.NextAsync("directive");
    }

    [Fact]
    public async Task Stream_KeyExpires_IsCutWithoutWaitingForTheNextBeat()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a", ttl: 600);
        var key = await mesh.MintAsync("""{"scopes":["registry:write"],"ttl":64}""");
        await using var stream = await mesh.ListenAsync("agents/a/directives", key);
        for (var i = 0; i < 4; i++)
        {
            await mesh.Time.ArmedAsync(s_beat);
            await mesh.AdvanceAsync(15);
            await stream.NextAsync(":");
        }

        await mesh.Time.ArmedAsync(TimeSpan.FromSeconds(4));
        await mesh.AdvanceAsync(4);
        var next = await stream.NextAsync();
        await stream.EndsAsync("key_expired", next.Name == ":" ? null : next);
    }

    [Theory]
    [InlineData("agents", """{"agent_id":"new"}""")]
    [InlineData("agents/a/heartbeat", """{"note":"late"}""")]
    [InlineData("heartbeats", """{"agents":["a"]}""")]
    [InlineData("steer", """{"agent_id":"a","direction":"late"}""")]
    public async Task Body_ThatDripsInWhileItsKeyIsRevoked_ChangesNothing(string path, string body)
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        var before = (await mesh.GetAsync("agents/a")).Text;
        var key = await mesh.MintAsync("{}");
        using var client = new TcpClient();
        await client.ConnectAsync(mesh.Address.Host, mesh.Address.Port);
        await using var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(
            $"POST /api/session-mesh/{path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key}\r\nExpect: 100-continue\r\n"
            + $"Content-Length: {body.Length}\r\nConnection: close\r\n\r\n"));

        // The server says "continue" when it begins to read the body: by then the key has been looked at.
        var reader = new StreamReader(stream);
        Assert.Equal("HTTP/1.1 100 Continue", await reader.ReadLineAsync().WaitAsync(Eventually.Bound));
        await mesh.RevokeAsync(key);
        var revision = mesh.Revision;
        await stream.WriteAsync(Encoding.ASCII.GetBytes(body));
        var answer = await reader.ReadToEndAsync().WaitAsync(Eventually.Bound);
        Assert.StartsWith("HTTP/1.1 401 Unauthorized", answer.TrimStart(), StringComparison.Ordinal);
        Assert.Equal(revision, mesh.Revision);
        Assert.Equal(before, (await mesh.GetAsync("agents/a")).Text);
    }
}
