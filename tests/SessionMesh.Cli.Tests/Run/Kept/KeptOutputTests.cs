using System.Collections.Concurrent;
using System.Text;
using SessionMesh.Cli.Run;
using SessionMesh.Cli.Run.Kept;
using SessionMesh.Cli.Tests.Run.Process;
using SessionMesh.Client.Tests;

namespace SessionMesh.Cli.Tests.Run.Kept;

[Collection(ProcessCollection.Name)]
public sealed class KeptOutputTests : IDisposable
{
    private static readonly Uri s_url = new("http://127.0.0.1:7420/");

    private readonly Scratch _scratch = new();
    private readonly ConcurrentQueue<string> _lines = new();
    private readonly HastyTime _time = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void Write_BothStreams_AreReadAsTheyCame()
    {
        using (var writer = Open(KeptWriter.LeastSize))
        {
            writer.Begin(3, 4711);
            writer.Write(KeptKind.Stdout, "one\n"u8);
            writer.Write(KeptKind.Stderr, [0xFF, 0x00, 0xE2]);
            writer.Write(KeptKind.Stdout, [0x82, 0xAC]);
        }

        Assert.Equal(["Life:incarnation 3, process 4711", "Stdout:one\n", "Stderr:\u00ff\u0000\u00e2", "Stdout:\u0082\u00ac"], Frames());
    }

    [Fact]
    public void Write_FarMoreThanTheSize_TheLastOfItStays_AndNeverMore()
    {
        using var writer = Open(KeptWriter.LeastSize);
        var all = new StringBuilder();
        for (var i = 0; i < 40_000; i++)
        {
            var line = $"line {i}\n";
            all.Append(line);
            writer.Write(KeptKind.Stdout, Encoding.UTF8.GetBytes(line));
            Assert.InRange(Size(), 0, KeptWriter.LeastSize);
        }

        var kept = string.Concat(Frames().Select(frame => frame["Stdout:".Length..]));
        Assert.EndsWith(kept, all.ToString(), StringComparison.Ordinal);
        Assert.InRange(Size(), KeptWriter.LeastSize * 3 / 4, KeptWriter.LeastSize);
    }

    [Fact]
    public void Write_OneHugeLine_IsCutIntoFramesAndBounded()
    {
        using var writer = Open(KeptWriter.LeastSize);
        var line = new byte[300_000];
        for (var i = 0; i < line.Length; i++)
        {
            line[i] = (byte)('a' + (i / 1000 % 26));
        }

        writer.Write(KeptKind.Stderr, line);

        var kept = string.Concat(Frames().Select(frame => frame["Stderr:".Length..]));
        Assert.Equal(Encoding.Latin1.GetString(line)[^kept.Length..], kept);
        Assert.InRange(kept.Length, KeptWriter.LeastSize * 3 / 4, KeptWriter.LeastSize);
    }

    [Fact]
    public void Open_ALaterRunner_GoesOnAfterTheEarlier_AndKeepsToItsOwnSize()
    {
        using (var writer = Open(KeptWriter.LeastSize * 4))
        {
            writer.Write(KeptKind.Stdout, new byte[(int)KeptWriter.LeastSize * 3]);
        }

        using (var writer = Open(KeptWriter.LeastSize))
        {
            writer.Begin(2, 1);
        }

        Assert.InRange(Size(), 1, KeptWriter.LeastSize);
        Assert.Equal("Life:incarnation 2, process 1", Frames()[^1]);
    }

    [Fact]
    public void Open_WhileAnotherRunnerKeeps_KeepsNothingAndSaysSo()
    {
        using var writer = Open(KeptWriter.LeastSize);

        Assert.Null(KeptWriter.Open(Kept, s_url, "w1", KeptWriter.LeastSize, Log, _time));

        Assert.Equal(
            ["the process's output is not kept: another runner of this agent still lives on this machine and keeps its own"], _lines);
        Assert.True(KeptOutput.IsLive(DirectoryOfW1));
        writer.Dispose();
        Assert.False(KeptOutput.IsLive(DirectoryOfW1));
    }

    [Fact]
    public void Open_WhereNothingCanBeWritten_KeepsNothingAndSaysSo()
    {
        File.WriteAllText(_scratch.File("output"), "no directory");

        Assert.Null(KeptWriter.Open(Kept, s_url, "w1", KeptWriter.LeastSize, Log, _time));

        Assert.StartsWith("the process's output is not kept: ", Assert.Single(_lines), StringComparison.Ordinal);
    }

    [Fact]
    public void Write_TheDirectoryIsGone_SaysSoOnce_AndMarksTheGapWhenItIsBack()
    {
        using var writer = Open(KeptWriter.LeastSize);
        Directory.Delete(DirectoryOfW1, recursive: true);
        writer.Write(KeptKind.Stdout, new byte[2000]);
        writer.Write(KeptKind.Stdout, new byte[48]);

        Directory.CreateDirectory(DirectoryOfW1);
        writer.Write(KeptKind.Stdout, "back\n"u8);

        Assert.StartsWith(
            "the process's output is not kept for now, and the process goes on: ", Assert.Single(_lines), StringComparison.Ordinal);
        Assert.Equal(["Gap:2.0 KiB could not be kept", "Stdout:back\n"], Frames());
    }

    [Fact]
    public void Files_AreForTheAccountAlone()
    {
        using var writer = Open(KeptWriter.LeastSize);
        writer.Begin(1, 1);

        const UnixFileMode read = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        foreach (var directory in new[] { _scratch.File("output"), DirectoryOfW1 })
        {
            Assert.Equal(read | UnixFileMode.UserExecute, Tool.ModeOf(directory));
        }

        Assert.Equal(3, Directory.GetFiles(DirectoryOfW1).Length);
        Assert.All(Directory.GetFiles(DirectoryOfW1), file => Assert.Equal(read, Tool.ModeOf(file)));
    }

    [Fact]
    public void OneIdInTwoMeshes_IsKeptApart()
    {
        var other = new Uri("http://127.0.0.1:7421/");
        using (var writer = Open(KeptWriter.LeastSize))
        using (var others = KeptWriter.Open(Kept, other, "w1", KeptWriter.LeastSize, Log, _time)!)
        {
            writer.Write(KeptKind.Stdout, "ours\n"u8);
            others.Write(KeptKind.Stdout, "theirs\n"u8);
        }

        Assert.Equal(["Stdout:ours\n"], Frames());
        Assert.Equal(["http://127.0.0.1:7420", "http://127.0.0.1:7421"], Kept.ServersOf("w1"));
        Assert.Empty(Kept.ServersOf("w"));
    }

    [Fact]
    public void Clear_RemovesWhatIsOldOrTooMany_ButNothingThatIsHeld()
    {
        using var held = Open(KeptWriter.LeastSize);
        held.Begin(1, 1);
        for (var i = 0; i < KeptOutput.MostAgents + 5; i++)
        {
            Kept.Take(s_url, $"a{i:D3}")!.Dispose();
            File.WriteAllBytes(KeptOutput.Segment(Kept.DirectoryOf(s_url, $"a{i:D3}"), 1), [0]);
        }

        var now = TimeProvider.System.GetUtcNow();
        foreach (var directory in Directory.GetDirectories(_scratch.File("output")))
        {
            // a000 the newest; w1, which is held, the oldest.
            var name = Path.GetFileName(directory);
            var age = name.StartsWith("w1", StringComparison.Ordinal) ? 5000 : int.Parse(name[1..4]);
            File.SetLastWriteTimeUtc(KeptOutput.Segment(directory, 1), now.AddHours(-age).UtcDateTime);
        }

        Kept.Clear(now);
        var left = Directory.GetDirectories(_scratch.File("output")).Select(directory => Path.GetFileName(directory)[..4]).Order().ToList();
        Assert.Equal([.. Enumerable.Range(0, KeptOutput.MostAgents).Select(i => $"a{i:D3}"), "w1.2"], [.. left.SkipLast(1), "w1.2"]);
        Assert.StartsWith("w1.", left[^1], StringComparison.Ordinal);

        Kept.Clear(now + KeptOutput.MostAge - TimeSpan.FromHours(10.5));
        Assert.Equal(
            [.. Enumerable.Range(0, 11).Select(i => $"a{i:D3}"), left[^1]],
            Directory.GetDirectories(_scratch.File("output")).Select(directory => Path.GetFileName(directory)[..4]).Order());
    }

    private RunLog Log => new(quiet: false) { Sink = _lines.Enqueue };

    private KeptOutput Kept => new(_scratch.File("output"));

    private string DirectoryOfW1 => Kept.DirectoryOf(s_url, "w1");

    private KeptWriter Open(long size) => KeptWriter.Open(Kept, s_url, "w1", size, Log, _time)!;

    private long Size() => Directory.GetFiles(DirectoryOfW1, "*.seg").Sum(file => new FileInfo(file).Length);

    private List<string> Frames()
    {
        using var reader = new KeptReader(DirectoryOfW1);
        var frames = new List<string>();
        while (reader.Next() is { } frame)
        {
            frames.Add($"{frame.Kind}:{Encoding.Latin1.GetString(frame.Bytes.Span)}");
        }

        return frames;
    }
}
