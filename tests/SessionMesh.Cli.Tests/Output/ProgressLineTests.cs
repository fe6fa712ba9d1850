using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Output;

namespace SessionMesh.Cli.Tests.Output;

public sealed class ProgressLineTests
{
    [Fact]
    public void OnATerminal_ItComesAfterHalfASecond_Changes_AndGoes()
    {
        var (time, error, step) = (new OneTimer(), new StringWriter(), 0);
        using (var context = ContextOf(time, error))
        using (context.ShowProgress(() => $"step {++step}\e[2J"))
        {
            Assert.Equal((TimeSpan.FromMilliseconds(500), ""), (time.Due, error.ToString()));
            time.Tick!(null);
            time.Tick!(null);
        }

        time.Tick!(null);
        Assert.Equal("\r⠋ step 1\\u001b[2J\e[K\r⠙ step 2\\u001b[2J\e[K\r\e[K", error.ToString());
    }

    [Theory]
    [InlineData(false, "xterm", "version")]
    [InlineData(true, "dumb", "version")]
    [InlineData(true, null, "version")]
    [InlineData(true, "xterm", "version --verbose")]
    [InlineData(true, "xterm", "version -o json")]
    public void WhereNobodySeesIt_ThereIsNone(bool terminal, string? term, string line)
    {
        var time = new OneTimer();
        using var context = ContextOf(time, new StringWriter(), terminal, term, line);
        using var progress = context.ShowProgress(() => "unseen");

        Assert.Null(time.Tick);
    }

    [Theory]
    [InlineData(0, 40, "[--------------------] 0/40")]
    [InlineData(39, 40, "[###################-] 39/40")]
    [InlineData(40, 40, "[####################] 40/40")]
    [InlineData(0, 0, "[####################] 0/0")]
    [InlineData(999_999, 1_000_000, "[###################-] 999999/1000000")]
    public void Bar_IsFullOnlyWhenAllIsDone(int part, int whole, string bar) => Assert.Equal(bar, ProgressLine.Bar(part, whole));

    private static CommandContext ContextOf(
        OneTimer time, TextWriter error, bool terminal = true, string? term = "xterm", string line = "version")
    {
        var host = new CliHost
        {
            In = TextReader.Null,
            Out = TextWriter.Null,
            Error = error,
            ErrorIsTerminal = terminal,
            Time = time,
            Home = "/",
            Env = name => name == "TERM" ? term : null,
        };
        var command = new System.CommandLine.RootCommand();
        host.Globals.AddTo(command);
        var version = new System.CommandLine.Command("version");
        command.Add(version);
        var output = new OutputOptions(version);
        return new CommandContext(host, command.Parse(line), output);
    }

    private sealed class OneTimer : TimeProvider
    {
        public TimerCallback? Tick { get; private set; }

        public TimeSpan Due { get; private set; }

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            (Tick, Due) = (callback, dueTime);
            return new Nothing();
        }

        private sealed class Nothing : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => true;

            public void Dispose()
            {
            }

            public ValueTask DisposeAsync() => ValueTask.CompletedTask;
        }
    }
}
