using System.Collections.Concurrent;
using SessionMesh.Cli.Attach;
using SessionMesh.Cli.Tests.Run.Process;
using SessionMesh.Contracts.Hooks;
using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Cli.Tests.Run.Attach;

/// <summary>What is read of the file in which Claude Code keeps a session: lines as its version 2.1.332 writes them.</summary>
[Collection(ProcessCollection.Name)]
public sealed class SessionTranscriptTests : IDisposable
{
    private const string Words = "[Request interrupted by user]";

    private readonly FakeTime _time = new();
    private readonly Scratch _scratch = new();
    private readonly CancellationTokenSource _over = new();
    private readonly ConcurrentQueue<HookEvent> _told = new();

    private string File => _scratch.File("session.jsonl");

    public void Dispose()
    {
        _scratch.Dispose();
        _over.Dispose();
    }

    [Theory]
    [InlineData(Words)]
    [InlineData("[Request interrupted by user for tool use]")]
    public async Task Turn_ThatIsBrokenOff_IsTold_AndNothingBefore(string words)
    {
        Append(Row("old"));
        var watching = Watch();
        await LookAsync();
        Assert.Empty(_told);
        Append("""{"type":"assistant","message":{"role":"assistant","content":[{"type":"text","text":"x"}]}}""" + "\n" + Row("new", words));
        await LookAsync();
        Assert.Equal([new HookEvent { Name = "session-mesh:interrupted", SessionId = "s-1", PromptId = "new" }], _told);
        await LookAsync();
        Assert.Single(_told);
        await EndAsync(watching);
    }

    /// <summary>A file that is not there yet is read from its beginning, and one line may come in pieces.</summary>
    [Fact]
    public async Task Line_ThatComesInPieces_IsOne()
    {
        var watching = Watch();
        var row = Row("p");
        for (var at = 0; at < row.Length; at += 100)
        {
            Assert.Empty(_told);
            Append(row.Substring(at, Math.Min(100, row.Length - at)));
            await LookAsync();
        }

        Assert.Equal("p", Assert.Single(_told).PromptId);
        await EndAsync(watching);
    }

    /// <summary>An answer of the model may be long, and may have the words in it.</summary>
    [Fact]
    public async Task Line_ThatIsLong_IsSkipped_AndTheNextIsNot()
    {
        var watching = Watch();
        Append(Row("long").Replace("\"s-1\"", $"\"s-1\",\"x\":\"{new string('x', 200_000)}\"", StringComparison.Ordinal) + Row("next"));
        await LookAsync();
        Assert.Equal("next", Assert.Single(_told).PromptId);
        await EndAsync(watching);
    }

    [Fact]
    public async Task File_ThatIsWrittenAnew_IsReadOn()
    {
        Append(Row("old") + Row("older"));
        var watching = Watch();
        await LookAsync();
        System.IO.File.WriteAllText(File, "{}\n");
        await LookAsync();
        Append(Row("new"));
        await LookAsync();
        Assert.Equal("new", Assert.Single(_told).PromptId);
        await EndAsync(watching);
    }

    [Theory]
    [InlineData("""{"type":"user","message":{"role":"user","content":"[Request interrupted by user]"},"sessionId":"s-1"}""")]
    [InlineData("""{"type":"user","message":{"content":[{"type":"text","text":"[Request interrupted by user] x"}]},"sessionId":"s"}""")]
    [InlineData("""{"type":"assistant","message":{"content":[{"type":"text","text":"[Request interrupted by user]"}]},"sessionId":"s"}""")]
    [InlineData("""
        {"type":"user","isSidechain":true,"message":{"content":[{"type":"text","text":"[Request interrupted by user]"}]},"sessionId":"s"}
        """)]
    [InlineData("""{"type":"user","message":{"content":[{"type":"text","text":"[Request interrupted by user]"}]}}""")]
    [InlineData("""["[Request interrupted by user]"]""")]
    [InlineData("""{"type":"user","message":["[Request interrupted by user]"],"sessionId":"s"}""")]
    [InlineData("""{"type":"user","message":{"content":["[Request interrupted by user]"]},"sessionId":"s"}""")]
    [InlineData("[Request interrupted by user")]
    public async Task Line_ThatIsNoInterruption_SaysNothing(string line)
    {
        var watching = Watch();
        Append(line.Trim() + "\n" + Row("last"));
        await LookAsync();
        Assert.Equal("last", Assert.Single(_told).PromptId);
        await EndAsync(watching);
    }

    [Fact]
    public async Task File_ThatIsADirectory_SaysNothing()
    {
        Directory.CreateDirectory(File);
        var watching = Watch();
        await LookAsync();
        await EndAsync(watching);
        Assert.Empty(_told);
    }

    private static string Row(string prompt, string words = Words) =>
        $$"""{"parentUuid":"b4","isSidechain":false,"promptId":"{{prompt}}","type":"user","message":{"role":"user","content":["""
        + $$"""{"type":"text","text":"{{words}}"}]},"rowSource":"harness","uuid":"6c","interruptedMessageId":"m-1","sessionId":"s-1"}"""
        + "\n";

    private Task Watch() => new SessionTranscript(File, _time).WatchAsync(
        interruption =>
        {
            _told.Enqueue(interruption);
            return Task.CompletedTask;
        },
        _over.Token);

    private void Append(string text) => System.IO.File.AppendAllText(File, text);

    /// <summary>Lets it look once, and comes back when it has.</summary>
    private async Task LookAsync()
    {
        var second = TimeSpan.FromSeconds(1);
        await _time.ArmedAsync(second);
        _time.Advance(second);
        await _time.ArmedAsync(second);
    }

    private async Task EndAsync(Task watching)
    {
        await _over.CancelAsync();
        await watching;
    }
}
