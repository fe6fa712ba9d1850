using System.CommandLine;
using System.Text.Json.Serialization.Metadata;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Output;
using SessionMesh.Client;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Errors;

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

    /// <summary>What <c>--fields</c> may name; null where nobody can say.</summary>
    public IReadOnlyList<string>? Fields => OutputOptions?.Members;

    /// <summary><c>--sort</c>, for a command that has it.</summary>
    public SortOption? Sort { get; set; }

    /// <summary>What follows the command's name, in its help; null for what its arguments and required options say.</summary>
    public string? Usage { get; protected init; }

    /// <summary>Command lines that work, shown under the help.</summary>
    public IReadOnlyList<string> Examples { get; protected init; } = [];

    /// <summary>Exit codes where they differ from the usual ones, shown under the help.</summary>
    public IReadOnlyList<string> ExitNotes { get; protected init; } = [];

    /// <summary>The exit code of a command line that cannot be understood.</summary>
    public virtual int UsageCode => ExitCodes.Usage;

    /// <summary>True for a command that handles Ctrl+C and TERM itself; for the others they cancel the token.</summary>
    protected virtual bool OwnsSignals(ParseResult parse) => false;

    protected OutputOptions? OutputOptions { get; init; }

    /// <summary>How to print where no format is asked for.</summary>
    protected virtual OutputFormat DefaultFormat => OutputFormat.Table;

    /// <summary>Says what rows the command prints, so that <c>--fields</c> can be checked before anything is done.</summary>
    /// <param name="view">How they are shown.</param>
    /// <param name="wire">Their type on the wire, which may have members that no column shows.</param>
    protected void Prints(View view, Func<MeshJson, JsonTypeInfo> wire) => OutputOptions!.Knows(
        () => view.Members.Concat(wire(ClientJson.Context).Properties.Select(property => property.Name)), view.Table.Concat(view.More));

    /// <inheritdoc cref="Prints(View, Func{MeshJson, JsonTypeInfo})"/>
    /// <param name="others">Members that no column shows.</param>
    protected void Prints(View view, params string[] others) => OutputOptions!.Knows(
        () => view.Members.Concat(others), view.Table.Concat(view.More));

    /// <summary>Does the work. Cancelled by Ctrl+C; <see cref="OperationCanceledException"/> then is exit code 130.</summary>
    protected abstract Task<int> RunAsync(CommandContext context, CancellationToken cancellation);

    /// <summary>Renders the error and returns its exit code.</summary>
    protected virtual int Fail(Exception error, CommandContext context) => Errors.Render(error, context);

    private async Task<int> InvokeAsync(ParseResult parse, CancellationToken cancellation)
    {
        var ownsSignals = OwnsSignals(parse);
        using var interrupt = new Interrupt(_host.TakesSignals && !ownsSignals, cancellation);
        using var context = new CommandContext(_host, parse, OutputOptions, DefaultFormat)
        {
            Interrupted = interrupt.Token,
            AsksAboutKeys = !ownsSignals,
        };
        try
        {
            if (OutputOptions?.FieldsOf(parse) is { } fields)
            {
                CheckMembers("--fields", fields, Fields);
            }

            if (Sort?.NamesIn(parse) is { } sorted)
            {
                CheckMembers("--sort", sorted, [.. (Fields ?? []).Concat(Sort.Words)]);
            }

            var code = await RunTakingPrefixesAsync(context, interrupt.Token);
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

    /// <summary>
    /// Whether the beginning of an agent's id will do, where it is the only one that begins so and a terminal shows which one is meant. Not
    /// where something ends without a question that names it.
    /// </summary>
    protected virtual bool TakesPrefixes(CommandContext context) => false;

    /// <summary>Only an id that no agent has is taken for the beginning of one, so nothing was done the first time.</summary>
    private async Task<int> RunTakingPrefixesAsync(CommandContext context, CancellationToken cancellation)
    {
        try
        {
            return await RunAsync(context, cancellation);
        }
        catch (MeshException e) when (e.Code == ErrorCodes.AgentNotFound && context is { NamedAgent: not null, FullAgent: null }
            && _host.ErrorIsTerminal && context.Output.IsTable && TakesPrefixes(context))
        {
            context.FullAgent = await AgentPrefix.FindAsync(context, context.NamedAgent!, cancellation);
            if (context.FullAgent is null)
            {
                throw;
            }

            context.Note($"agent {context.FullAgent}, the only one whose id begins with {context.NamedAgent}");
            return await RunAsync(context, cancellation);
        }
    }

    /// <summary>Members that were asked for by name are there.</summary>
    /// <param name="members">Those that there are; null where nobody can say.</param>
    /// <exception cref="CommandException">There are none, or one that no row has.</exception>
    private void CheckMembers(string option, IReadOnlyList<string> named, IReadOnlyList<string>? members)
    {
        var known = members is null ? null : string.Join(", ", members.Order(StringComparer.Ordinal));
        if (named.Count == 0)
        {
            throw CommandException.Usage(
                $"{option} names no field", known is null ? $"{option} with the names of fields" : $"{option} takes {known}");
        }

        if (members is null || named.Except(members, StringComparer.Ordinal).FirstOrDefault() is not { } first)
        {
            return;
        }

        var near = OutputOptions!.MemberUnder(first) is { } shown ? $"; the column {first.ToUpperInvariant()} is '{shown}'"
            : ParseErrors.Nearest(first, members) is { } word ? $" (did you mean '{word}'?)"
            : "";
        throw CommandException.Usage($"there is no field '{first}'{near}", $"{option} takes {known}");
    }
}
