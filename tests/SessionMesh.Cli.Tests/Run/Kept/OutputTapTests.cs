using System.Collections.Concurrent;
using System.Text;
using SessionMesh.Cli.Run;
using SessionMesh.Cli.Run.Kept;
using SessionMesh.Cli.Run.Process;
using SessionMesh.Cli.Tests.Run.Process;

namespace SessionMesh.Cli.Tests.Run.Kept;

/// <summary>Real pipes; our own stdout and stderr are files or pipes of the test.</summary>
[Collection(ProcessCollection.Name)]
public sealed class OutputTapTests(HostedServer server) : IDisposable
{
    private readonly Scratch _scratch = new();
    private readonly ConcurrentQueue<string> _lines = new();
    private readonly HostedMesh _mesh = new(server);

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public async Task Bytes_ArePassedOnAsTheyAre_AndKept()
    {
        using var keeper = Keeper();
        using var stdout = Create("stdout");
        using var stderr = Create("stderr");
        using var tap = new OutputTap(keeper, Log, Descriptor(stdout), Descriptor(stderr));
        var child = Start(tap, "head -c 300000 /dev/zero | tr '\\0' x; printf '\\377\\342\\202' >&2");

        tap.Begin();
        await child.Exited.WaitAsync(Eventually.Bound);
        await Ended(tap);

        Assert.Equal(new string('x', 300_000), File.ReadAllText(_scratch.File("stdout")));
        Assert.Equal([0xFF, 0xE2, 0x82], File.ReadAllBytes(_scratch.File("stderr")));
        Assert.Equal(300_000 + 3, Kept().Length);
        Assert.Empty(_lines);
    }

    [Fact]
    public async Task SomebodyHoldsThePipeOpen_ItsEndIsNotWaitedFor()
    {
        using var keeper = Keeper();
        using var stdout = Create("stdout");
        using var tap = new OutputTap(keeper, Log, Descriptor(stdout), Descriptor(stdout));
        var child = Start(tap, "echo last words; exec sleep 1000");
        tap.Begin();
        await Eventually.Line(_scratch.File("stdout"));

        await Ended(tap); // as if sleep were out of reach

        ChildReaper.Shared.SignalGroup(child, Signals.Kill);
        Assert.Equal("last words\n", File.ReadAllText(_scratch.File("stdout")));
        Assert.Equal("last words\n", Encoding.UTF8.GetString(Kept()));
    }

    [Fact]
    public async Task TheReaderOfOurOutputGoes_TheProcessGetsItsSigpipe()
    {
        using var keeper = Keeper();
        using var reader = new System.IO.Pipes.AnonymousPipeServerStream(System.IO.Pipes.PipeDirection.Out);
        reader.DisposeLocalCopyOfClientHandle();
        using var tap = new OutputTap(keeper, Log, (int)reader.SafePipeHandle.DangerousGetHandle(), 2);
        var child = Start(tap, "exec yes");
        tap.Begin();

        var status = await child.Exited.WaitAsync(Eventually.Bound);

        await Ended(tap);
        Assert.Equal("PIPE", status.SignalName);
    }

    [Fact]
    public async Task OurOutputIsAFullDisk_TheProcessGoesOn_WithOneLine()
    {
        using var keeper = Keeper();
        using var full = File.OpenWrite("/dev/full");
        using var tap = new OutputTap(keeper, Log, Descriptor(full), 2);
        var child = Start(tap, "echo one; sleep 0.1; echo two; exit 7");
        tap.Begin();

        Assert.Equal(7, (await child.Exited.WaitAsync(Eventually.Bound)).Code);

        await Ended(tap);
        Assert.Equal("one\ntwo\n", Encoding.UTF8.GetString(Kept()));
        Assert.StartsWith(
            "cannot pass on what the process writes to its stdout, and the process goes on: ",
            Assert.Single(_lines),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_KeepOutput_KeepsEveryLife_WithAMarkEach()
    {
        var lives = _scratch.File("lives");
        var options = Running.Sh($"echo life $SESSION_MESH_INCARNATION; echo >> {lives}; test $(wc -l < {lives}) -ge 2") with
        {
            KeepOutput = KeptWriter.LeastSize,
            Kept = new KeptOutput(_scratch.File("output")),
            Restart = RestartPolicy.Parse("on-failure")!,
            RestartDelay = TimeSpan.FromMilliseconds(20),
        };

        Assert.Equal(0, await new Running(_mesh, options).Ends);

        using var reader = new KeptReader(options.Kept.DirectoryOf(_mesh.Url, _mesh.AgentId));
        var frames = new List<string>();
        while (reader.Next() is { } frame)
        {
            frames.Add($"{frame.Kind}: {Encoding.UTF8.GetString(frame.Bytes.Span).Split(", process")[0]}");
        }

        Assert.Equal(["Life: incarnation 1", "Stdout: life 1\n", "Life: incarnation 2", "Stdout: life 2\n"], frames);
    }

    private static async Task Ended(OutputTap tap)
    {
        await tap.FinishAsync(TimeProvider.System, CancellationToken.None).WaitAsync(Eventually.Bound);
    }

    private static ChildProcess Start(OutputTap tap, string script) => ChildReaper.Shared.Start(new SpawnRequest
    {
        File = "/bin/sh",
        Arguments = ["-c", script],
        Stdout = tap.Stdout,
        Stderr = tap.Stderr,
    });

    private FileStream Create(string name) => new(_scratch.File(name), FileMode.CreateNew, FileAccess.Write, FileShare.ReadWrite);

    private static int Descriptor(FileStream file) => (int)file.SafeFileHandle.DangerousGetHandle();

    private RunLog Log => new(quiet: false) { Sink = _lines.Enqueue };

    private static readonly Uri s_url = new("http://127.0.0.1:7420/");

    private KeptWriter Keeper() =>
        KeptWriter.Open(new KeptOutput(_scratch.File("output")), s_url, "w1", 1 << 20, Log, TimeProvider.System)!;

    private byte[] Kept()
    {
        using var reader = new KeptReader(new KeptOutput(_scratch.File("output")).DirectoryOf(s_url, "w1"));
        var bytes = new List<byte>();
        while (reader.Next() is { } frame)
        {
            bytes.AddRange(frame.Bytes.ToArray());
        }

        return [.. bytes];
    }
}
