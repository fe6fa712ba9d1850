using SessionMesh.Cli.Run.Process;

namespace SessionMesh.Cli.Tests.Run.Process;

[Collection(ProcessCollection.Name)]
public sealed class ChildProcessTests : IDisposable
{
    private readonly Scratch _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [InlineData("exit 0", 0)]
    [InlineData("exit 7", 7)]
    [InlineData("exit 255", 255)]
    public async Task Exit_Code_IsPassedOn(string script, int code)
    {
        await using var sh = new Sh(script);
        Assert.Equal(ExitStatus.Exited(code), await sh.Exit);
        Assert.Equal(code, (await sh.Exit).ShellCode);
    }

    [Theory]
    [InlineData("TERM", 143)]
    [InlineData("KILL", 137)]
    [InlineData("SEGV", 139)]
    public async Task Exit_BySignal_NamesTheSignalAndGives128More(string signal, int shellCode)
    {
        await using var sh = new Sh($"kill -{signal} $$");
        var exit = await sh.Exit;
        Assert.Null(exit.Code);
        Assert.Equal(signal, exit.SignalName);
        Assert.Equal(shellCode, exit.ShellCode);
    }

    [Fact]
    public void Start_UnknownCommand_Is127()
    {
        var e = Assert.Throws<SpawnException>(() => ChildReaper.Shared.Start(new SpawnRequest { File = "no-such-command-anywhere" }));
        Assert.Equal(127, e.ShellCode);
    }

    [Fact]
    public void Start_FileWithoutExecutePermission_Is126()
    {
        var file = _scratch.File("plain");
        File.WriteAllText(file, "#!/bin/sh\n");
        var e = Assert.Throws<SpawnException>(() => ChildReaper.Shared.Start(new SpawnRequest { File = file }));
        Assert.Equal(126, e.ShellCode);
    }

    [Fact]
    public void Start_Directory_Is126() =>
        Assert.Equal(
            126, Assert.Throws<SpawnException>(() => ChildReaper.Shared.Start(new SpawnRequest { File = _scratch.Directory })).ShellCode);

    [Fact]
    public async Task Environment_IsOurOwnWithTheGivenVariablesSetOrRemoved()
    {
        var output = _scratch.File("env");
        await using var sh = new Sh(
            $"printf '%s|%s|%s\\n' \"$MESH_TEST\" \"${{HOME-gone}}\" \"${{PATH:+path}}\" > {output}",
            new Dictionary<string, string?> { ["MESH_TEST"] = "a=b ü", ["HOME"] = null });
        await sh.Exit;
        Assert.Equal("a=b ü|gone|path", await Eventually.Line(output));
    }

    [Fact]
    public async Task Sigpipe_IsAtItsDefault_SoThatYesEndsWhenItsReaderDoes()
    {
        var output = _scratch.File("status");
        await using var sh = new Sh($"{{ yes; echo $? > {output}; }} | head -1 > /dev/null");
        await sh.Exit;
        Assert.Equal("141", await Eventually.Line(output));
    }

    [Fact]
    public async Task Signals_AreNeitherBlockedNorIgnoredInTheChild()
    {
        var output = _scratch.File("signals");
        await using var sh = new Sh(
            new SpawnRequest { File = "/bin/sh", Arguments = ["-c", $"exec grep -E 'Sig(Blk|Ign):' /proc/self/status > {output}"] });
        await sh.Exit;
        var ours = File.ReadAllLines("/proc/self/status").First(line => line.StartsWith("SigIgn:", StringComparison.Ordinal));
        Assert.NotEqual("SigIgn:\t0000000000000000", ours);

        // Signals 32 and 33 are the C library's own: its posix_spawn ignores them in every child.
        Assert.Equal("SigBlk:\t0000000000000000\nSigIgn:\t0000000180000000", await Eventually.Line(output));
    }

    [Fact]
    public async Task NewSession_HasNoControllingTerminalAndLeadsItsGroup()
    {
        var output = _scratch.File("session");
        await using var sh = new Sh(
            $"read -r pid comm state ppid pgrp session tty rest < /proc/$$/stat; echo $pid $pgrp $session $tty > {output}");
        await sh.Exit;
        var pid = sh.Child.Pid;
        Assert.Equal($"{pid} {pid} {pid} 0", await Eventually.Line(output));
    }

    [Fact]
    public async Task Start_ManyShortLivedChildrenAtOnce_NoneIsMissed()
    {
        using var adoption = ChildReaper.Shared.AdoptOrphans();
        var children = Enumerable.Range(0, 100)
            .Select(i => (Code: i, Child: ChildReaper.Shared.Start(new SpawnRequest { File = "/bin/sh", Arguments = ["-c", $"exit {i}"] })))
            .ToList();
        foreach (var (code, child) in children)
        {
            Assert.Equal(ExitStatus.Exited(code), await child.Exited.WaitAsync(Eventually.Bound));
        }
    }
}
