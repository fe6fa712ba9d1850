using System.CommandLine;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Output;

namespace SessionMesh.Cli.Commands;

/// <summary>
/// One command: declares its options in its constructor and answers with an exit code. It throws what it cannot do
/// (<see cref="CommandException"/>, or the client's own exception), and this class turns that into words and a code.
/// </summary>
internal abstract class MeshCommand : Command
{
    private readonly CliHost _host;

    /// <param name="output">Whether the command has <c>-o/--output</c> and <c>--fields</c>.</param>
    protected MeshCommand(CliHost host, string name, string description, bool output = true) : base(name, description)
    {
        _host = host;
        OutputOptions = output ? new OutputOptions(this) : null;
        SetAction(InvokeAsync);
    }

    /// <summary>What follows the command's name, in its help; null for what its arguments and required options say.</summary>
    public string? Usage { get; protected init; }

    /// <summary>Command lines that work, shown under the help.</summary>
    public IReadOnlyList<string> Examples { get; protected init; } = [];

    /// <summary>Exit codes where they differ from the usual ones, shown under the help.</summary>
    public IReadOnlyList<string> ExitNotes { get; protected init; } = [];

    /// <summary>True for a command that handles Ctrl+C and TERM itself; for the others they cancel the token.</summary>
    protected virtual bool OwnsSignals => false;

    protected OutputOptions? OutputOptions { get; init; }

    /// <summary>How to print where no format is asked for.</summary>
    protected virtual OutputFormat DefaultFormat => OutputFormat.Table;

    /// <summary>Does the work. Cancelled by Ctrl+C; <see cref="OperationCanceledException"/> then is exit code 130.</summary>
    protected abstract Task<int> RunAsync(CommandContext context, CancellationToken cancellation);

    /// <summary>Renders the error and returns its exit code.</summary>
    protected virtual int Fail(Exception error, CommandContext context) => Errors.Render(error, context);

    private async Task<int> InvokeAsync(ParseResult parse, CancellationToken cancellation)
    {
        using var interrupt = new Interrupt(_host.TakesSignals && !OwnsSignals, cancellation);
        using var context = new CommandContext(_host, parse, OutputOptions, DefaultFormat)
        {
            Interrupted = interrupt.Token,
            AsksAboutKeys = !OwnsSignals,
        };
        try
        {
            var code = await RunAsync(context, interrupt.Token);
            await _host.Out.FlushAsync(CancellationToken.None);
            return code;
        }
        catch (Exception e) when (e is OutputClosedException or OutputFailedException)
        {
            throw; // there is nowhere to say more: the tool ends with it
        }
        catch (Exception e)
        {
            return Fail(e, context);
        }
    }
}
