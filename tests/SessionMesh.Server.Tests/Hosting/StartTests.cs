using SessionMesh.Server.Hosting;
using SessionMesh.Server.Options;
using SessionMesh.Server.Store;
using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.Hosting;

public sealed class StartTests
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    [Fact]
    public async Task FirstStart_WritesARootKeyForItsOwnerAlone_AndTheNextStartKeepsIt()
    {
        await using var mesh = await MeshHost.StartAsync();
        var key = mesh.RootKey;
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(OwnerOnly, File.GetUnixFileMode(Path.Combine(mesh.Directory, "root.key")));
            Assert.Equal(OwnerOnly | UnixFileMode.UserExecute, File.GetUnixFileMode(mesh.Directory));
        }

        await mesh.RestartAsync();
        Assert.Equal(key, mesh.RootKey);
        Assert.Equal(200, (await mesh.GetAsync("alive")).Status);
        Assert.Equal(1, mesh.Revision);
    }

    [Fact]
    public async Task FirstStart_RootKeyFileThatAnybodyCouldRead_IsClosedBeforeTheKeyGoesIn()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        var directory = Directory.CreateTempSubdirectory("mesh-open-").FullName;
        var left = Path.Combine(directory, "root.key");
        await File.WriteAllTextAsync(left, "left by a start that was cut off");
        File.SetUnixFileMode(directory, (UnixFileMode)0b111_111_111);
        File.SetUnixFileMode(left, (UnixFileMode)0b110_110_110);
        await using (var app = MeshServer.Build(["--urls", "http://127.0.0.1:0", "--data", directory]))
        {
            await app.StartAsync();
            Assert.Equal(OwnerOnly, File.GetUnixFileMode(left));
            Assert.Equal(OwnerOnly | UnixFileMode.UserExecute, File.GetUnixFileMode(directory));
            Assert.StartsWith("smk_", await File.ReadAllTextAsync(left), StringComparison.Ordinal);
        }

        Directory.Delete(directory, recursive: true);
    }

    [Fact]
    public async Task SecondServer_OnTheSameDirectory_IsRefused()
    {
        await using var mesh = await MeshHost.StartAsync();
        var refused = Assert.Throws<StartupException>(() => MeshServer.Build(["--urls", "http://127.0.0.1:0", "--data", mesh.Directory]));
        Assert.Equal(
            $"Another server holds the data directory {mesh.Directory}. "
            + "Stop it, or choose another directory with --data DIR and another port with --urls.",
            refused.Message);
        Assert.Equal(200, (await mesh.GetAsync("alive")).Status);
    }

    [Fact]
    public void DataDirectory_ThatCannotBe_IsRefusedInWords()
    {
        var file = Path.GetTempFileName();
        var refused = Assert.Throws<StartupException>(() => DataDirectory.Open(file));
        Assert.StartsWith($"The data directory {file} cannot be used: ", refused.Message, StringComparison.Ordinal);
        File.Delete(file);
    }
}
