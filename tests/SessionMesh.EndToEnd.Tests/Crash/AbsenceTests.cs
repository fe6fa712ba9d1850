using System.Security.Cryptography;
using SessionMesh.EndToEnd.Tests.Support;

namespace SessionMesh.EndToEnd.Tests.Crash;

/// <summary>What the server's own absence does to those who wait for it: nothing.</summary>
public sealed class AbsenceTests : IDisposable
{
    private readonly Scratch _scratch = new();
    private readonly ServerProcess _server;

    public AbsenceTests() => _server = new ServerProcess(_scratch);

    public void Dispose()
    {
        _server.Dispose();
        _scratch.Dispose();
    }

    [Fact]
    public async Task Restart_AfterEveryLeaseWouldHaveLapsed_AgentsAreAliveWithAFullLease()
    {
        await _server.StartAsync();
        DateTimeOffset lapses;
        using (var http = new MeshHttp(_server.Url, _server.RootKey))
        {
            var agent = await http.PostAsync("agents", """{"agent_id":"patient","ttl":5}""");
            await http.PostAsync("agents/patient/heartbeat", """{"activity":"working","load":0.5}""");
            lapses = agent.Json.GetProperty("expires_at").GetDateTimeOffset();
        }

        await _server.KillAsync();
        await Eventually.True(() => TimeProvider.System.GetUtcNow() > lapses, () => "the lease would have lapsed");
        await _server.StartAsync();

        using var after = new MeshHttp(_server.Url, _server.RootKey);
        var detail = await after.GetAsync("agents/patient");
        Assert.Equal("alive", detail.Text("status"));
        Assert.Equal(1, detail.Number("incarnation"));
        Assert.Equal("null", detail.Text("last_heartbeat_at"));
        Assert.Equal("null", detail.Text("activity"));
        Assert.Equal("null", detail.Text("load"));
        Assert.True(detail.Json.GetProperty("expires_at").GetDateTimeOffset() > lapses + TimeSpan.FromSeconds(20), detail.ToString());
        Assert.Equal(200, (await after.PostAsync("agents/patient/heartbeat", """{"incarnation":1}""")).Status);
    }

    [Fact]
    public async Task Kill9_DuringTheFirstStarts_TheNextStartHasAKeyThatWorks()
    {
        for (var attempt = 0; attempt < 6; attempt++)
        {
            using var started = _server.Launch();
            await Task.WhenAny(started.ExitAsync(), Task.Delay(RandomNumberGenerator.GetInt32(150, 1500)));
            Assert.False(started.HasExited, started.Out + started.Error);
            started.Send(Signal.Kill);
            await started.ExitAsync();
        }

        await _server.StartAsync();
        using var http = new MeshHttp(_server.Url, _server.RootKey);
        Assert.Equal(201, (await http.PostAsync("agents")).Status);
    }
}
