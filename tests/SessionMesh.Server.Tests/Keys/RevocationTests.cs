using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.Keys;

public sealed class RevocationTests
{
    [Fact]
    public async Task Revoke_TakesAllBelowWithIt_AndNobodyElse()
    {
        await using var mesh = await MeshHost.StartAsync();
        var parent = await mesh.MintAsync("{}");
        var child = await mesh.MintAsync("{}", parent);
        var grandchild = await mesh.MintAsync("""{"scopes":["mesh:read"]}""", child);
        var sibling = await mesh.MintAsync("{}");
        var reply = await mesh.DeleteAsync("keys/" + Id(parent));
        reply.ShouldBe(200, $$"""{"key_id":"{{Id(parent)}}","revoked":["{{Id(parent)}}","{{Id(child)}}","{{Id(grandchild)}}"]}""");
        foreach (var gone in new[] { parent, child, grandchild })
        {
            (await mesh.GetAsync("alive", gone)).ShouldBeProblem(401, "unauthenticated");
        }

        Assert.Equal(200, (await mesh.GetAsync("alive", sibling)).Status);
        (await mesh.DeleteAsync("keys/" + Id(parent))).ShouldBeProblem(404, "key_not_found");
        await mesh.RestartAsync();
        (await mesh.GetAsync("alive", grandchild)).ShouldBeProblem(401, "unauthenticated");
        Assert.Equal(200, (await mesh.GetAsync("alive", sibling)).Status);
    }

    [Fact]
    public async Task Revoke_WithoutAdmin_OnlyItselfAndWhatItMinted()
    {
        await using var mesh = await MeshHost.StartAsync();
        var one = await mesh.MintAsync("""{"scopes":["keys:mint"]}""");
        var below = await mesh.MintAsync("""{"scopes":["keys:mint"]}""", one);
        var other = await mesh.MintAsync("""{"scopes":["keys:mint"]}""");
        var revision = mesh.Revision;
        var unknown = (await mesh.DeleteAsync("keys/aaaaaaaaaaaa", one)).ShouldBeProblem(404, "key_not_found");
        var invisible = (await mesh.DeleteAsync("keys/" + Id(other), one)).ShouldBeProblem(404, "key_not_found");
        Assert.Equal(
            unknown.Detail.Replace("aaaaaaaaaaaa", "", StringComparison.Ordinal),
            invisible.Detail.Replace(Id(other), "", StringComparison.Ordinal));
        (await mesh.DeleteAsync("keys/" + Id(one), below)).ShouldBeProblem(404, "key_not_found");
        Assert.Equal(revision, mesh.Revision);
        (await mesh.DeleteAsync("keys/" + Id(below), one)).ShouldBe(200, $$"""{"key_id":"{{Id(below)}}","revoked":["{{Id(below)}}"]}""");
        (await mesh.DeleteAsync("keys/" + Id(one), one)).ShouldBe(200, $$"""{"key_id":"{{Id(one)}}","revoked":["{{Id(one)}}"]}""");
    }

    [Fact]
    public async Task Expiry_IsExact_HasNoGrace_AndIsAChange()
    {
        await using var mesh = await MeshHost.StartAsync();
        var key = await mesh.MintAsync("""{"ttl":60}""");
        var child = await mesh.MintAsync("""{"ttl":60}""", key);
        await mesh.AdvanceAsync(59);
        mesh.Time.Advance(TimeSpan.FromMilliseconds(999));
        Assert.Equal(200, (await mesh.GetAsync("alive", key)).Status);
        mesh.Time.Suspend(TimeSpan.FromMilliseconds(1)); // before anybody has looked
        (await mesh.GetAsync("alive", key)).ShouldBeProblem(401, "unauthenticated");
        Assert.Equal(3, mesh.Revision);
        await mesh.AdvanceAsync(1);
        Assert.Equal("key.expired", (await mesh.ChangeAsync("key.expired", Id(key))).Name);
        Assert.Equal("key.expired", (await mesh.ChangeAsync("key.expired", Id(child))).Name);
        Assert.Equal(5, mesh.Revision);
    }

    [Fact]
    public async Task Expiry_RunsOnTheWallClock_AndAClockSetBackRevivesNothing()
    {
        await using var mesh = await MeshHost.StartAsync();
        var key = await mesh.MintAsync("""{"ttl":60}""");
        mesh.Time.JumpWall(TimeSpan.FromSeconds(61));
        (await mesh.GetAsync("alive", key)).ShouldBeProblem(401, "unauthenticated");
        mesh.Time.JumpWall(TimeSpan.FromSeconds(-61));
        (await mesh.GetAsync("alive", key)).ShouldBeProblem(401, "unauthenticated");
        await mesh.AdvanceAsync(1);
        await mesh.RestartAsync(TimeSpan.FromHours(-1));
        (await mesh.GetAsync("alive", key)).ShouldBeProblem(401, "unauthenticated");
    }

    private static string Id(string token) => token[4..16];
}
