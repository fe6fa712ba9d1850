using SessionMesh.EndToEnd.Tests.Support;

namespace SessionMesh.EndToEnd.Tests.Admin;

/// <summary>
/// The root key replaced with the real tool: of a server that runs, and of one that is stopped, whose root key was revoked.
/// </summary>
public sealed class NewRootTests
{
    [Fact]
    public async Task RootKeyThatWasRevoked_IsReplacedOnTheStoppedMesh_ByTheServersOwnProgram()
    {
        await using var mesh = await Mesh.StartAsync();
        var old = mesh.Server.RootKey;
        await mesh.DoneAsync($"session-mesh keys revoke {old[4..16]} --confirm {old[4..16]}");
        Assert.Equal(4, (await mesh.BashAsync("session-mesh list")).Code);
        var line = $"session-mesh admin new-root --data {mesh.Server.Data} --yes -o json";
        Assert.Equal(5, (await mesh.BashAsync(line, ("SESSION_MESH_SERVER", Built.Server))).Code);
        Assert.Equal(0, (await mesh.Server.StopAsync()).Code);
        var unfound = await mesh.BashAsync(line.Replace(" -o json", "", StringComparison.Ordinal));
        Assert.Equal(1, unfound.Code);
        Assert.Contains($"dotnet SessionMesh.Server.dll new-root --data {mesh.Server.Data}", unfound.Error, StringComparison.Ordinal);

        var ran = await mesh.DoneAsync(line, ("SESSION_MESH_SERVER", Built.Server));
        Members.Equal($$"""{"key_file":"{{mesh.Server.Data}}/root.key"}""", ran.Json);
        Assert.NotEqual(old, mesh.Server.RootKey);
        Assert.DoesNotContain(mesh.Server.RootKey, ran.Out + ran.Error, StringComparison.Ordinal);
        await mesh.Server.StartAsync();
        await mesh.DoneAsync("session-mesh list; session-mesh admin check", ("SESSION_API_KEY", mesh.Server.RootKey));
        Assert.Equal(4, (await mesh.BashAsync("session-mesh list", ("SESSION_API_KEY", old))).Code);
    }

    [Fact]
    public async Task RootKeyOfARunningMesh_IsReplaced_AndWhatWasKeptGoesOn()
    {
        await using var mesh = await Mesh.StartAsync();
        var old = mesh.Server.RootKey;
        await mesh.DoneAsync("session-mesh keys create --scope mesh:read --out reader.key");
        await mesh.DoneAsync($"session-mesh admin new-root --keep-children --yes --key-file {mesh.Server.Data}/root.key");
        Assert.NotEqual(old, mesh.Server.RootKey);
        Assert.Equal(4, (await mesh.BashAsync("session-mesh list", ("SESSION_API_KEY", old))).Code);
        await mesh.DoneAsync("session-mesh list --key-file reader.key");
        await mesh.DoneAsync($"session-mesh admin new-root --yes --key-file {mesh.Server.Data}/root.key");
        Assert.Equal(4, (await mesh.BashAsync("session-mesh list --key-file reader.key")).Code);
        await mesh.DoneAsync($"session-mesh list --key-file {mesh.Server.Data}/root.key");
    }
}
