using SessionMesh.Contracts;
using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.Sessions;

public sealed class SessionLimitTests
{
    [Theory]
    [InlineData("sessions", """{"ttl":0}""", "/ttl")]
    [InlineData("sessions", """{"ttl":-1}""", "/ttl")]
    [InlineData("sessions", """{"ttl":1.5}""", "/ttl")]
    [InlineData("sessions", """{"ttl":99999999999999}""", "/ttl")]
    [InlineData("sessions", """{"ttl":"forever"}""", "/ttl")]
    [InlineData("sessions", """{"ttl":true}""", "/ttl")]
    [InlineData("sessions", """{"id":"-x"}""", "/id")]
    [InlineData("sessions", """{"id":"s-12"}""", "/id")]
    [InlineData("sessions", """{"user":""}""", "/user")]
    [InlineData("sessions", """{"meta":{"":"x"}}""", "/meta")]
    [InlineData("sessions", """{"meta":{"a":1}}""", "/meta")]
    [InlineData("sessions", """{"meta":{"a":null}}""", "/meta/a")]
    [InlineData("sessions", """{"metadata":{}}""", "/metadata")]
    [InlineData("sessions/cleanup", """{"before":"yesterday"}""", "/before")]
    [InlineData("sessions/cleanup", """{"before":""}""", "/before")]
    [InlineData("sessions/cleanup", """{"before":1769847330}""", "/before")]
    [InlineData("sessions/cleanup", """{"limit":0}""", "/limit")]
    [InlineData("sessions/a/refresh", """{"ttl":0}""", "/ttl")]
    [InlineData("PATCH sessions/a", """{"meta":{}}""", "/meta")]
    [InlineData("PATCH sessions/a", "{}", "/meta")]
    [InlineData("PATCH sessions/a", """{"meta":{"":"x"}}""", "/meta")]
    public async Task BadInput_IsRefusedByName_AndChangesNothing(string path, string body, string pointer)
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.PostAsync("sessions", """{"id":"a","ttl":5}""");
        mesh.Time.Suspend(TimeSpan.FromSeconds(10));
        var (method, at) = path.StartsWith("PATCH ", StringComparison.Ordinal) ? (HttpMethod.Patch, path[6..]) : (HttpMethod.Post, path);
        var refused = (await mesh.SendAsync(method, at, body)).ShouldBeRefused(400, "invalid_request");
        Assert.StartsWith(pointer, refused.Json["errors"]![0]!["pointer"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal(2, mesh.Revision);
        Assert.Equal(1, mesh.State.Sessions.Count);
    }

    [Theory]
    [InlineData("sessions?status=alive", "?status")]
    [InlineData("sessions?meta=x", "?meta")]
    [InlineData("sessions?meta==x", "?meta")]
    [InlineData("sessions?kind=x", "?kind")]
    [InlineData("sessions?cursor=x", "?cursor")]
    [InlineData("sessions?limit=1001", "?limit")]
    [InlineData("sessions?page=2", "?page")]
    [InlineData("sessions/export?format=xml", "?format")]
    [InlineData("sessions/export?status=all", "?status")]
    public async Task BadQuery_IsRefusedByName(string path, string pointer)
    {
        await using var mesh = await MeshHost.StartAsync();
        (await mesh.GetAsync(path)).ShouldBeProblem(400, "invalid_request", ",\"errors\":\"*\"").ShouldBlame(pointer);
    }

    [Fact]
    public async Task Ttl_AYear_AndNotASecondMore()
    {
        await using var mesh = await MeshHost.StartAsync();
        Assert.Equal(201, (await mesh.PostAsync("sessions", $$"""{"ttl":{{Limits.MaxSessionTtl}}}""")).Status);
        (await mesh.PostAsync("sessions", $$"""{"ttl":{{Limits.MaxSessionTtl + 1}}}"""))
            .ShouldBeProblem(400, "invalid_request", ",\"errors\":\"*\"")
            .ShouldBlame("/ttl");
    }

    [Fact]
    public async Task MetaKey_OfTwoHundredAndFiftySixCharacters_AndNotOneMore()
    {
        await using var mesh = await MeshHost.StartAsync();
        string Body(int length) => $$$"""{"meta":{"{{{new string('k', length)}}}":"v"}}""";
        Assert.Equal(201, (await mesh.PostAsync("sessions", Body(Limits.SessionMetaKeyLength))).Status);
        (await mesh.PostAsync("sessions", Body(Limits.SessionMetaKeyLength + 1)))
            .ShouldBeProblem(400, "invalid_request", ",\"errors\":\"*\"")
            .ShouldBlame("/meta");
    }

    [Fact]
    public async Task Meta_SixteenKibibytesInAll_AndNotOneMore()
    {
        await using var mesh = await MeshHost.StartAsync();
        var overhead = """{"k":""}""".Length;
        string Body(int bytes) => $$$"""{"meta":{"k":"{{{new string('v', bytes - overhead)}}}"}}""";
        var full = await mesh.PostAsync("sessions", Body(Limits.SessionMetaBytes));
        Assert.Equal(201, full.Status);
        (await mesh.PostAsync("sessions", Body(Limits.SessionMetaBytes + 1)))
            .ShouldBeProblem(400, "invalid_request", ",\"errors\":\"*\"")
            .ShouldBlame("/meta");
        var revision = mesh.Revision;
        (await SessionTests.PatchAsync(mesh, full.Json["id"]!.GetValue<string>(), """{"meta":{"x":""}}"""))
            .ShouldBeProblem(400, "invalid_request", ",\"errors\":\"*\"")
            .ShouldBlame("/meta");
        Assert.Equal(revision, mesh.Revision);
    }

    [Fact]
    public async Task Cleanup_TenThousandAtATime()
    {
        await using var mesh = await MeshHost.StartAsync();
        var lines = Enumerable.Range(0, Limits.CleanupMatches + 1)
            .Select(i => $$"""{"type":"session","id":"i{{i}}","status":"expired","created_at":"2026-01-01T00:00:00Z"}""");
        Assert.Equal(200, (await mesh.PostAsync("sessions/import", string.Join('\n', lines))).Status);
        var first = await mesh.PostAsync("sessions/cleanup");
        Assert.Equal(
            (Limits.CleanupMatches, 1, true),
            (first.Json["removed_count"]!.GetValue<int>(), first.Json["remaining_count"]!.GetValue<int>(),
             first.Json["more"]!.GetValue<bool>()));
        Assert.False((await mesh.PostAsync("sessions/cleanup")).Json["more"]!.GetValue<bool>());
        (await mesh.PostAsync("sessions/cleanup", $$"""{"limit":{{Limits.CleanupMatches + 1}}}"""))
            .ShouldBeProblem(400, "invalid_request", ",\"errors\":\"*\"")
            .ShouldBlame("/limit");
    }

    [Fact]
    public async Task DefaultTtl_IsAnHour()
    {
        await using var mesh = await MeshHost.StartAsync();
        Assert.Equal(Limits.DefaultSessionTtl, (await mesh.PostAsync("sessions")).Json["ttl"]!.GetValue<int>());
    }
}
