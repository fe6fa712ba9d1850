using Microsoft.Extensions.Logging;
using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.Keys;

public sealed class AuthenticationTests
{
    [Fact]
    public async Task Unauthenticated_IsTheSameAnswerForEveryKeyThatIsNotValid()
    {
        await using var mesh = await MeshHost.StartAsync();
        var revoked = await mesh.MintAsync("{}");
        await mesh.RevokeAsync(revoked);
        var expired = await mesh.MintAsync("""{"ttl":60}""");
        await mesh.AdvanceAsync(61);
        var live = await mesh.MintAsync("{}");
        var answers = new List<string>();
        foreach (var header in new[]
        {
            null, "", "Bearer", "Bearer ", "Bearer x", "Basic " + live, live, "Bearer " + live[..^1], "Bearer " + live + "x",
            "Bearer " + revoked, "Bearer " + expired,
            "Bearer " + live[..^1] + (live[^1] == 'x' ? 'y' : 'x'),                     // another checksum
            "Bearer " + live[..20] + (live[20] == 'x' ? 'y' : 'x') + live[21..],        // another secret under a valid id
            "Bearer smk_aaaaaaaaaaaa" + live[16..],                                     // an unknown id
            "Bearer smr_" + live[4..],
            $"Bearer {live}, Bearer {live}",
        })
        {
            using var request = mesh.Request(HttpMethod.Get, "alive", key: "");
            request.Headers.TryAddWithoutValidation("Authorization", header);
            var reply = (await mesh.SendAsync(request)).ShouldBeProblem(401, "unauthenticated");
            Assert.Equal("Bearer realm=\"session-mesh\"", reply.Headers["WWW-Authenticate"]);
            answers.Add(reply.Text);
        }

        Assert.Single(answers.Distinct());
        Assert.Contains("POST /api/session-mesh/keys", answers[0], StringComparison.Ordinal); // says how to get a new one
    }

    [Fact]
    public async Task Scheme_IsTakenInAnyCase()
    {
        await using var mesh = await MeshHost.StartAsync();
        using var request = mesh.Request(HttpMethod.Get, "alive", key: "");
        request.Headers.TryAddWithoutValidation("Authorization", "bearer  " + mesh.RootKey);
        Assert.Equal(200, (await mesh.SendAsync(request)).Status);
    }

    [Theory]
    [InlineData("GET", "agents/nobody")]
    [InlineData("DELETE", "agents/nobody")]
    [InlineData("GET", "directives/d-1")]
    [InlineData("POST", "steer")]
    [InlineData("DELETE", "keys/aaaaaaaaaaaa")]
    public async Task Unauthenticated_ComesBeforeEverythingThatWouldTellWhatExists(string method, string path)
    {
        await using var mesh = await MeshHost.StartAsync();
        (await mesh.SendAsync(new HttpMethod(method), path, "not json", key: "smk_x")).ShouldBeProblem(401, "unauthenticated");
    }

    [Fact]
    public async Task KeyInTheQuery_IsNotTaken_AndSaysWhy()
    {
        await using var mesh = await MeshHost.StartAsync();
        foreach (var name in new[] { "key", "access_token", "token" })
        {
            var refused = (await mesh.GetAsync($"alive?{name}={mesh.RootKey}", key: "")).ShouldBeProblem(401, "key_in_query");
            Assert.DoesNotContain(mesh.RootKey, refused.Text, StringComparison.Ordinal);
        }

        // Beside a valid header too, also where a route reads no query: its owner must hear that it has leaked.
        Reply[] answers = [await mesh.GetAsync($"alive?key={mesh.RootKey}"), await mesh.PostAsync($"agents?key={mesh.RootKey}", "{}")];
        foreach (var beside in answers)
        {
            beside.ShouldBeProblem(401, "key_in_query");
            Assert.DoesNotContain(mesh.RootKey, beside.Text, StringComparison.Ordinal);
        }

        Assert.Equal(1, mesh.Revision);
    }

    [Fact]
    public async Task Store_HoldsTheHashOfAKeyAlone_AndTheLogsNothingOfIt()
    {
        await using var mesh = await MeshHost.StartAsync(LogLevel.Trace);
        await mesh.RegisterAsync("a");
        var tokens = new List<string> { mesh.RootKey };
        tokens.Add(await mesh.MintAsync("""{"session_key":"named"}"""));
        tokens.Add(await mesh.MintAsync("""{"session_key":"named"}"""));
        tokens.Add(await mesh.MintAsync("""{"agent_id":"a"}"""));
        tokens.Add((await mesh.PostAsync("keys", "{}", idempotencyKey: "once")).Json["token"]!.GetValue<string>());
        foreach (var token in tokens)
        {
            await mesh.GetAsync("alive", token);
            await mesh.GetAsync("alive", token[..^1] + "!");
            await mesh.GetAsync("alive?key=" + token, key: "");
            await mesh.PostAsync("agents/a/heartbeat", "{}", token);
            await mesh.PostAsync("steer", "{", token);
        }

        await mesh.DeleteAsync("keys/" + tokens[1][4..16]);
        await mesh.DeleteAsync("agents/a?force=true");
        await mesh.StopAsync();

        var hash = Server.Auth.KeyToken.Hash(tokens[4]);
        var stored = await mesh.StoredAsync();
        Assert.Contains(hash, stored, StringComparison.Ordinal);
        Assert.True(mesh.Log.Lines.Count > 100, "the logs were captured");
        Assert.Contains(mesh.Log.Lines, l => l.Contains("/api/session-mesh/alive", StringComparison.Ordinal));
        foreach (var secret in tokens.Select(t => t.Split('_')[2]))
        {
            Assert.DoesNotContain(secret, stored, StringComparison.Ordinal);
            Assert.DoesNotContain(mesh.Log.Lines, l => l.Contains(secret, StringComparison.Ordinal));
        }
    }
}
