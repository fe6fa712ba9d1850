using SessionMesh.EndToEnd.Tests.Support;

namespace SessionMesh.EndToEnd.Tests.FirstStart;

/// <summary>
/// Where <c>eng/install.sh</c> puts the tool, and what it leaves to be typed. What it builds is the tool that the other tests run.
/// </summary>
public sealed class InstallTests : IDisposable
{
    private const string System = "/usr/local";

    private readonly Scratch _scratch = new();

    private string HomeBin => Path.Combine(_scratch.Home, ".local", "bin");

    private string HomeTool => Path.Combine(_scratch.Home, ".local", "share", "session-mesh-tool");

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public async Task NoPlaceOnThePath_IsTheHome_AndTheLastLineMakesItFound()
    {
        var ran = await DryRunAsync(path: "/usr/bin:/bin");
        Assert.Equal(
            new Ran(
                0,
                $"would install {HomeBin}/session-mesh, a link into {HomeTool}\n"
                + $"{HomeBin} is not on the PATH. Type this, and add it to your shell's profile:\n"
                + "export PATH=\"$HOME/.local/bin:$PATH\"\n",
                ""),
            ran);
        await FindsAsync(ran, HomeBin);
    }

    [Theory]
    [InlineData("")]
    [InlineData("/")]
    public async Task HomeOnThePath_IsTheHome_AndNothingIsLeftToType(string end)
    {
        var ran = await DryRunAsync(path: $"{HomeBin}{end}:/usr/bin:/bin");
        Assert.Equal(new Ran(0, $"would install {HomeBin}/session-mesh, a link into {HomeTool}\n", ""), ran);
    }

    /// <summary>Where the user may write there: root, mostly.</summary>
    [Fact]
    public async Task SystemOnThePath_IsTheSystemWhereItCanBeWritten()
    {
        using var look = new Started(
            "bash", ["-c", $"[ -w {System}/bin ] && [ -w {System}/lib ]"], _scratch.Environment(), _scratch.Root);
        var expected = (await look.EndAsync()).Code == 0
            ? $"would install {System}/bin/session-mesh, a link into {System}/lib/session-mesh-tool\n"
            : $"would install {HomeBin}/session-mesh, a link into {HomeTool}\n";
        var ran = await DryRunAsync(path: $"{HomeBin}:{System}/bin:/usr/bin:/bin");
        Assert.Equal((0, expected), (ran.Code, ran.Out.Split('\n')[0] + "\n"));
    }

    [Fact]
    public async Task Prefix_Wins_AndItsExportIsOneWordForAShell()
    {
        var prefix = _scratch.File("a $HOME of \"its\" `own`");
        var ran = await DryRunAsync(path: $"{HomeBin}:/usr/bin:/bin", prefix);
        Assert.Equal((0, ""), (ran.Code, ran.Error));
        Assert.StartsWith(
            $"would install {prefix}/bin/session-mesh, a link into {prefix}/lib/session-mesh-tool\n", ran.Out, StringComparison.Ordinal);
        await FindsAsync(ran, Path.Combine(prefix, "bin"));
    }

    [Fact]
    public async Task AnotherToolEarlierOnThePath_IsNamed()
    {
        Executable(HomeBin);
        var ran = await DryRunAsync(path: $"{_scratch.Bin}:{HomeBin}:/usr/bin:/bin");
        Assert.Equal(
            new Ran(
                0,
                $"would install {HomeBin}/session-mesh, a link into {HomeTool}\n"
                + $"{_scratch.Bin}/session-mesh comes before it on the PATH: remove that one, or call {HomeBin}/session-mesh\n",
                ""),
            ran);
    }

    [Fact]
    public async Task UnknownOption_IsRefused()
    {
        using var script = new Started("bash", [Built.Install, "--prefix=/opt"], _scratch.Environment(), _scratch.Root);
        Assert.Equal(
            new Ran(2, "", "install.sh does not know --prefix=/opt; it takes --dry-run or nothing, and PREFIX=DIR from the environment\n"),
            await script.EndAsync());
    }

    private async Task<Ran> DryRunAsync(string path, string? prefix = null)
    {
        var environment = new Dictionary<string, string>(_scratch.Environment()) { ["PATH"] = path };
        if (prefix is not null)
        {
            environment["PREFIX"] = prefix;
        }

        using var script = new Started("bash", [Built.Install, "--dry-run"], environment, _scratch.Root);
        return await script.EndAsync();
    }

    /// <summary>Types the last line into a shell, which then finds the tool in the directory.</summary>
    private async Task FindsAsync(Ran ran, string bin)
    {
        Executable(bin);
        var environment = new Dictionary<string, string>(_scratch.Environment()) { ["PATH"] = "/usr/bin:/bin" };
        var script = ran.Out.TrimEnd('\n').Split('\n')[^1] + "\ncommand -v session-mesh";
        using var shell = new Started("sh", ["-c", script], environment, _scratch.Root);
        Assert.Equal(new Ran(0, $"{bin}/session-mesh\n", ""), await shell.EndAsync());
    }

    private static void Executable(string bin)
    {
        Directory.CreateDirectory(bin);
        File.CreateSymbolicLink(Path.Combine(bin, "session-mesh"), "/bin/true");
    }
}
