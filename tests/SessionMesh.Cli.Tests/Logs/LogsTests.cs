using System.Text;
using SessionMesh.Cli.Run;
using SessionMesh.Cli.Run.Kept;
using static SessionMesh.Client.Tests.ScriptedServer;

namespace SessionMesh.Cli.Tests.Logs;

public sealed class LogsTests : IDisposable
{
    private static readonly Uri s_url = new("http://127.0.0.1:7420/");

    private readonly Tool _tool = new();

    public void Dispose() => _tool.Dispose();

    [Fact]
    public async Task Kept_IsPrintedByteForByte_WithoutAskingTheServer()
    {
        Keep();

        var ran = await _tool.RunAsync("logs w1");

        Assert.Equal((0, ""), (ran.Code, ran.Out));
        Assert.Equal("one\n\u001b[31mtwo\r\nerr \u00e2\u0082\u00ac\nthree\nunfinished", Printed());
        Assert.Equal($"--- {Began} incarnation 4, process 4711\n", ran.Error);
        Assert.Empty(_tool.Calls);
    }

    [Theory]
    [InlineData("--stderr", "err \u00e2\u0082\u00ac\n")]
    [InlineData("--stdout", "one\n\u001b[31mtwo\r\nthree\nunfinished")]
    [InlineData("--tail 2", "three\nunfinished")]
    [InlineData("--tail 1 --stderr", "err \u00e2\u0082\u00ac\n")]
    [InlineData("--tail 99 --stderr", "err \u00e2\u0082\u00ac\n")]
    [InlineData("--tail 0", "")]
    [InlineData("--since 2026-01-01", "one\n\u001b[31mtwo\r\nerr \u00e2\u0082\u00ac\nthree\nunfinished")]
    [InlineData("--since 2999-01-01", "")]
    [InlineData("--follow --tail 1", "unfinished")]
    public async Task Selected_OnlyThatIsPrinted(string options, string printed)
    {
        Keep();

        var ran = await _tool.RunAsync($"logs w1 {options}");

        Assert.Equal((0, printed), (ran.Code, Printed()));
    }

    [Theory]
    [InlineData("--tail 0")]
    [InlineData("--tail 1")]
    [InlineData("--since 2999-01-01")]
    public async Task MarksBeforeWhatIsPrinted_AreLeftOut(string options)
    {
        Keep();

        Assert.Equal("", (await _tool.RunAsync($"logs w1 {options}")).Error);
    }

    [Fact]
    public async Task OnATerminal_ControlCharactersAreShown_AndALetterInTwoPiecesIsOne()
    {
        Keep();
        _tool.Width = 80;

        Assert.Equal("one\n\\u001b[31mtwo\nerr €\nthree\nunfinished", (await _tool.RunAsync("logs w1")).Out);
        Assert.Equal("", Printed());

        Assert.Equal("", (await _tool.RunAsync("logs w1 --raw")).Out);
        Assert.StartsWith("one\n\u001b[31mtwo\r\n", Printed(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Follow_GoesOnWhileTheRunnerLives_AndEndsWithIt()
    {
        var writer = Writer(s_url);
        writer.Write(KeptKind.Stdout, "first\n"u8);
        var looks = 0;
        using var tool = new Tool { Clock = new LookingTime(() =>
        {
            if (++looks == 1)
            {
                writer.Write(KeptKind.Stdout, "second\n"u8);
            }
            else
            {
                writer.Write(KeptKind.Stdout, "last\n"u8);
                writer.Dispose();
            }
        }) };
        tool.Env["XDG_STATE_HOME"] = Path.Combine(_tool.Home, ".local", "state");

        Assert.Equal(0, (await tool.RunAsync("logs w1 --follow")).Code);

        Assert.Equal((2, "first\nsecond\nlast\n"), (looks, Encoding.Latin1.GetString(tool.Bytes.ToArray())));
    }

    [Fact]
    public async Task AnAgentOfAnotherServer_IsNamed()
    {
        Writer(new Uri("http://127.0.0.1:9999/")).Dispose();
        using (var writer = Writer(new Uri("http://127.0.0.1:9999/")))
        {
            writer.Begin(1, 1);
        }

        Assert.Equal(
            new Ran(
                3,
                "",
                "error: cannot show the output of agent w1\n"
                + "  why: this machine keeps the output of an agent w1 of another server\n"
                + "  try: session-mesh logs w1 --url http://127.0.0.1:9999\n"),
            await _tool.RunAsync("logs w1"));
    }

    [Theory]
    [InlineData("{}", "look on the machine that runs it; what its runner keeps when started with --keep-output lies there")]
    [InlineData(
        """{"host":"node-7"}""",
        "look on the host node-7, as its label says: 'session-mesh logs w1' there, if it runs with --keep-output")]
    public async Task NothingKept_SaysWhereToLook(string labels, string next)
    {
        using var tool = new Tool(Json(200, $$"""{"agent_id":"w1","status":"alive","labels":{{labels}}}"""));

        Assert.Equal(
            new Ran(
                3,
                "",
                "error: cannot show the output of agent w1\n"
                + "  why: no output of agent w1 is kept on this machine\n"
                + $"  try: {next}\n"),
            await tool.RunAsync("logs w1"));
        Assert.Equal(["GET /agents/w1"], tool.Calls);
    }

    [Fact]
    public async Task UnknownAgent_IsNotFound()
    {
        using var tool = new Tool(Json(404, """{"title":"Not Found","status":404,"detail":"No agent 'w1'.","code":"agent_not_found"}"""));

        Assert.Equal(3, (await tool.RunAsync("logs w1")).Code);
    }

    private string Began => _tool.Time.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'");

    private void Keep()
    {
        using var writer = Writer(s_url);
        writer.Begin(4, 4711);
        writer.Write(KeptKind.Stdout, "one\n\u001b[31mtwo\r\n"u8);
        writer.Write(KeptKind.Stderr, "err "u8);
        writer.Write(KeptKind.Stderr, [0xE2]);
        writer.Write(KeptKind.Stderr, [0x82, 0xAC, (byte)'\n']);
        writer.Write(KeptKind.Stdout, "three\nunfinished"u8);
    }

    private KeptWriter Writer(Uri url) => KeptWriter.Open(
        new KeptOutput(Path.Combine(_tool.Home, ".local", "state", "session-mesh", "output")),
        url,
        "w1",
        KeptWriter.LeastSize,
        new RunLog(quiet: true) { Sink = _ => { } },
        _tool.Time)!;

    private string Printed() => Encoding.Latin1.GetString(_tool.Bytes.ToArray());

    /// <summary>Each wait is over at once, after something has happened.</summary>
    private sealed class LookingTime(Action happens) : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            happens();
            return TimeProvider.System.CreateTimer(callback, state, TimeSpan.Zero, period);
        }
    }
}
