using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;

namespace SessionMesh.Cli.Tests.Commands;

public sealed class ConfirmTests
{
    /// <summary>A terminal's read cannot be cancelled: the first Ctrl+C was swallowed by it, and the second killed the tool.</summary>
    [Fact]
    public void Confirm_Interrupted_EndsWithoutAnAnswer()
    {
        using var nobody = new NobodyTypes();
        using var error = new StringWriter { NewLine = "\n" };
        using var interrupt = new CancellationTokenSource();
        var host = new CliHost
        {
            In = nobody,
            Out = TextWriter.Null,
            Error = error,
            InIsTerminal = true,
            ErrorIsTerminal = true,
            Env = _ => null,
            Home = "/",
        };
        var root = new System.CommandLine.RootCommand();
        host.Globals.AddTo(root);
        using var context = new CommandContext(host, root.Parse(""), options: null) { Interrupted = interrupt.Token };

        nobody.Asked = interrupt.Cancel;
        Assert.ThrowsAny<OperationCanceledException>(() => context.Confirm("Stop?"));
        Assert.Equal("Stop? [y/N] \n", error.ToString());
    }

    private sealed class NobodyTypes : TextReader
    {
        private readonly ManualResetEventSlim _never = new();

        public Action? Asked { get; set; }

        public override string? ReadLine()
        {
            Asked?.Invoke();
            _never.Wait();
            return null;
        }

        protected override void Dispose(bool disposing)
        {
            _never.Set();
            base.Dispose(disposing);
        }
    }
}
