using System.CommandLine;
using System.ComponentModel;
using SessionMesh.Cli.Attach;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hooks.Openclaw;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Output;
using SessionMesh.Cli.Run.Process;
using SessionMesh.Contracts.Hooks;

namespace SessionMesh.Cli.Hooks;

/// <summary>
/// <c>hook</c>: what a coding agent's program runs at each event of a hook. It brings the event to the mesh and the answer back. Whatever
/// happens, the agent goes on: this command prints nothing that is no answer, ends with 0, and takes no more than a second, unless the
/// agent is paused.
/// </summary>
internal sealed class HookCommand : MeshCommand
{
    public const string Word = "hook";

    private const string Openclaw = "openclaw";

    /// <summary>What wakes a session at rest, in Claude Code: this exit code of an asynchronous hook, with words on stderr.</summary>
    private const int Wakes = 2;

    private static readonly TimeSpan s_betweenWakes = TimeSpan.FromSeconds(5);

    private readonly Argument<string> _program = new("PROGRAM")
    {
        Description = "The coding agent: " + string.Join(", ", HookedProgram.Names),
    };

    private readonly Option<bool> _wake = new("--wake")
    {
        Description = "Wait until a session at rest is steered, then wake it with the words",
    };

    private readonly Option<bool> _detail = new("--detail")
    {
        Description = "Report what tools are called with, too: the first 500 characters",
    };

    private readonly Option<bool> _key = new("--key")
    {
        Description = "Print where the mesh is and a key for OpenClaw's plugin, as JSON; with openclaw alone",
    };

    private readonly Option<bool> _receipt = new("--receipt")
    {
        Description = "Print words' receipt too, which the program sends back once it has taken them",
    };

    public HookCommand(CliHost host)
        : base(host, Word, "Bring one event of a coding agent to the mesh, and print the answer for it.", output: false)
    {
        Add(_program);
        Add(_wake);
        Add(_detail);
        Add(_receipt);
        Add(_key);
        Examples = ["session-mesh hook claude-code", "session-mesh hook openclaw --key"];
        ExitNotes = ["0  always; with --wake 2, the words on stderr, when there are some", "1  the command line is wrong"];
    }

    /// <summary>Claude Code blocks every tool whose hook ends with 2.</summary>
    public override int UsageCode => ExitCodes.Failed;

    protected override async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        if (context.Get(_key))
        {
            if (context.Get(_program) != Openclaw)
            {
                throw CommandException.Usage("--key is for openclaw alone", $"session-mesh {Word} {Openclaw} --key");
            }

            return await OpenclawKey.PrintAsync(context, cancellation);
        }

        var program = HookedProgram.Find(context.Get(_program)!);
        var ledger = new HookLedger(context.Host, program.Name);
        var read = await HookInput.ReadAsync(context.Host.OpenIn, context.Get(_detail), context.Host.Time, cancellation);
        if (read.Event is not { SessionId: not null } happening)
        {
            await ledger.NoteAsync(read.IsTooLarge ? HookOutcome.TooLarge : HookOutcome.Unreadable, null, cancellation: cancellation);
            return ExitCodes.Done;
        }

        HookExchange exchange;
        try
        {
            exchange = new HookExchange(context, program, happening);
        }
        catch (CommandException e)
        {
            // A setting that cannot be read, by which no event is heard until somebody mends it.
            var reply = new HookReply(HookOutcome.Refused, Detail: e.Message);
            return await UnheardAsync(context, program, happening, ledger, reply, cancellation);
        }

        using var held = exchange;
        return context.Get(_wake)
            ? await WakeAsync(context, program, exchange, cancellation)
            : await TakeAsync(context, program, exchange, ledger, cancellation);
    }

    /// <summary>An error of ours is nothing that an agent should see.</summary>
    protected override int Fail(Exception error, CommandContext context)
    {
        if (context.Get(_key) || error is CommandException)
        {
            var code = base.Fail(error, context);
            return code == ExitCodes.Usage ? UsageCode : code;
        }

        if (context.Verbose)
        {
            Errors.Render(error, context);
        }

        return ExitCodes.Done;
    }

    private async Task<int> TakeAsync(
        CommandContext context, HookedProgram program, HookExchange exchange, HookLedger ledger, CancellationToken cancellation)
    {
        var reply = await exchange.SendAsync(cancellation);
        if (reply.Outcome != HookOutcome.Ok)
        {
            return await UnheardAsync(context, program, exchange.Event, ledger, reply, cancellation);
        }

        var isLeft = context.Get(_receipt);
        if ((isLeft ? reply.JsonWithReceipt : reply.Json) is { } json && await WriteAsync(context, json, cancellation) && !isLeft)
        {
            await exchange.WrittenAsync(reply, cancellation);
        }

        var begins = reply.HasRegistered || program.Begins(exchange.Event.Name);
        var unwatched = begins || (program.Prompts(exchange.Event.Name) && exchange.Event.SubAgentId is null)
            ? Watch(context, program, exchange.Event, reply, begins)
            : null;
        await ledger.NoteAsync(reply.Outcome, exchange.Event.Name, reply.Detail, unwatched, cancellation);
        return ExitCodes.Done;
    }

    /// <summary>Notes why an event was not heard, and says it once in a session, at an event whose answer is shown.</summary>
    private static async Task<int> UnheardAsync(
        CommandContext context, HookedProgram program, HookEvent happening, HookLedger ledger, HookReply reply,
        CancellationToken cancellation)
    {
        var why = Secrets.Redact(TerminalText.Escape(reply.Detail!));
        if (reply.Json is { } json)
        {
            await WriteAsync(context, json, cancellation);
        }
        else if (HookedProgram.TakesNoticesAt(happening.Name) && ledger.IsFirstOf(happening.SessionId!))
        {
            var notice = $"Session Mesh does not hear this session: {why.TrimEnd('.')}. Try: session-mesh hooks doctor";
            await WriteAsync(context, HookedProgram.Notice(notice), cancellation);
        }

        await ledger.NoteAsync(reply.Outcome, happening.Name, why, cancellation: cancellation);
        return ExitCodes.Done;
    }

    /// <summary>Writes through. False where nobody takes it, which is no failure of the agent's.</summary>
    private static async Task<bool> WriteAsync(CommandContext context, string text, CancellationToken cancellation)
    {
        try
        {
            context.Host.Out.Write(text);
            await context.Host.Out.FlushAsync(cancellation);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    /// <summary>Starts what keeps the agent's lease and sees its process end, and leaves it alone.</summary>
    /// <param name="begins">Whether an incarnation has begun; else it is to have a watcher already, unless that was killed.</param>
    /// <returns>Why it could not be started; empty where it was, or there is one; null where nobody can tell.</returns>
    private static string? Watch(CommandContext context, HookedProgram program, HookEvent happening, HookReply reply, bool begins)
    {
        if (!Platform.IsLinux || reply is not { AgentId: { } agent, Incarnation: { } incarnation }
            || program.ProcessAbove(context.Host.Pid) is not { } pid
            || ProcFs.Read(pid) is not { } process)
        {
            return null;
        }

        if (!begins && AttachRecord.IsWatched(context.Host, process, agent))
        {
            return "";
        }

        try
        {
            string[] globals =
            [
                .. context.Get(context.Host.Globals.Url) is { } url ? (string[])["--url", url] : [],
                .. context.Get(context.Host.Globals.KeyFile) is { } file ? (string[])["--key-file", Path.GetFullPath(file)] : [],
                .. context.Get(context.Host.Globals.Context) is { } name ? (string[])["--context", name] : [],
            ];
            string[] mark = program.SessionVariable is { } variable ? ["--mark", $"{variable}={happening.SessionId}"] : [];
            string[] transcript = program.HidesInterruptions && happening.Transcript is { } kept && Path.IsPathFullyQualified(kept)
                ? ["--transcript", kept]
                : [];
            Background.Leave(context.Host.Program(),
            [
                "attach", "--pid", pid.ToString(System.Globalization.CultureInfo.InvariantCulture), "--agent-id", agent, "--hooked",
                "--incarnation", incarnation, "-q", .. mark, .. transcript, .. globals,
            ], program.SessionVariable);
            return "";
        }
        catch (Exception e) when (e is SpawnException or Win32Exception or IOException or UnauthorizedAccessException)
        {
            return $"{context.Host.Program()[0]} cannot be started";
        }
    }

    private async Task<int> WakeAsync(
        CommandContext context, HookedProgram program, HookExchange exchange, CancellationToken cancellation)
    {
        var process = program.ProcessAbove(context.Host.Pid);
        if (!program.LetsWait(context.Host.Env))
        {
            return ExitCodes.Done;
        }

        using var turn = await WakeTurn.TakeAsync(context.Host, program.Name, exchange.Event.SessionId!, cancellation);
        if (turn is null)
        {
            return ExitCodes.Done; // another one waits for this session
        }

        while (process is null || ProcFs.Read(process.Value) is { IsOver: false })
        {
            var asked = context.Host.Time.GetTimestamp();
            var reply = await exchange.WaitForWordsAsync(cancellation);
            if (reply.Words is { } words)
            {
                if (!context.Host.WriteError(words))
                {
                    return ExitCodes.Done; // they are not given, and come again
                }

                if (!context.Get(_receipt))
                {
                    await exchange.WrittenAsync(reply, cancellation);
                }
                else if (reply.Receipt is { } receipt)
                {
                    await WriteAsync(context, HookReply.ReceiptAlone(receipt), cancellation);
                }

                return Wakes;
            }

            if (reply is { Outcome: HookOutcome.Ok, Again: null } or { Outcome: HookOutcome.Refused })
            {
                return ExitCodes.Done;
            }

            if (reply.Outcome != HookOutcome.Ok)
            {
                await Task.Delay(s_betweenWakes, context.Host.Time, cancellation);
            }

            await exchange.PaceAsync(asked, cancellation);
        }

        return ExitCodes.Done;
    }
}
