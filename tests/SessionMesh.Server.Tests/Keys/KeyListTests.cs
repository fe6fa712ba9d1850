using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.Keys;

public sealed class KeyListTests
{
    [Fact]
    public async Task Keys_PageByPage_AreTheCallersOwnFamily_AndForAdminAll()
    {
        await using var mesh = await MeshHost.StartAsync();
        var mine = await mesh.MintAsync("""{"session_key":"mine","scopes":["keys:mint","steer"]}""");
        await mesh.MintAsync("""{"session_key":"theirs"}""");
        var child = await mesh.MintAsync("""{"session_key":"child"}""", mine);
        await mesh.MintAsync("""{"session_key":"grandchild"}""", child);
        await mesh.MintAsync("""{"session_key":"gone"}""", mine);
        child = await mesh.MintAsync("""{"session_key":"child"}""", mine); // the generation before stays valid for a while
        await mesh.MintAsync("""{"session_key":"theirs"}""");
        var gone = (await mesh.GetAsync("keys", mine)).Json["keys"]!.AsArray()
            .Single(key => key!["session_key"]!.GetValue<string>() == "gone");
        await mesh.DeleteAsync("keys/" + gone!["key_id"]!.GetValue<string>(), mine);

        Assert.Equal(["mine 1", "child 1", "grandchild 1", "child 2"], await ListAsync(mesh, mine));
        Assert.Equal(["child 1", "grandchild 1", "child 2"], await ListAsync(mesh, child));
        Assert.Equal(["root 1", "mine 1", "theirs 1", "child 1", "grandchild 1", "child 2", "theirs 2"], await ListAsync(mesh, null));
        var newest = (await mesh.GetAsync("keys/self", child)).Json["key_id"]!.GetValue<string>();
        Assert.Equal(newest, (await mesh.GetAsync("keys", child)).Json["keys"]![1]!["parent_id"]!.GetValue<string>()); // the grandchild's
    }

    private static async Task<List<string>> ListAsync(MeshHost mesh, string? key)
    {
        var (names, cursor) = (new List<string>(), "");
        while (cursor is not null)
        {
            var page = (await mesh.GetAsync($"keys?limit=2{cursor}", key)).Json;
            Assert.InRange(page["count"]!.GetValue<int>(), 1, 2);
            names.AddRange(
                page["keys"]!.AsArray().Select(row => $"{row!["session_key"]!.GetValue<string>()} {row["generation"]!.GetValue<int>()}"));
            cursor = page["next_cursor"]?.GetValue<string>() is { } next ? "&cursor=" + next : null;
        }

        return names;
    }
}
