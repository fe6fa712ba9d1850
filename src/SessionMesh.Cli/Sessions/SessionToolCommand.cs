using System.CommandLine;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Output;
using SessionMesh.Client;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Errors;
using SessionMesh.Contracts.Sessions;

namespace SessionMesh.Cli.Sessions;

/// <summary>
/// A command of <c>session</c>: JSON where standard output is not a terminal, and the errors and exit codes of the tool it replaces.
/// </summary>
internal abstract class SessionToolCommand : MeshCommand
{
    private readonly bool _isTerminal;

    /// <param name="format">Whether <c>--output</c> names a format; where it does not, it may be a file.</param>
    protected SessionToolCommand(CliHost host, string name, string description, bool format = true)
        : base(host, name, description, output: false)
    {
        _isTerminal = host.OutIsTerminal;
        if (format)
        {
            OutputOptions = new OutputOptions(this, "table by default on a terminal, else json");
        }
    }

    protected override OutputFormat DefaultFormat => _isTerminal ? OutputFormat.Table : OutputFormat.Json;

    /// <summary>True for a command whose standard output is a stream of records: an error would look like one of them.</summary>
    protected virtual bool Streams => false;

    /// <summary>
    /// Whether a session's version is shown. It is not a member of a record: tables show it, and <c>--fields</c> can ask for it.
    /// </summary>
    protected static bool ShowsVersion(CommandContext context) => context.Output.IsTable || context.Output.Fields is not null;

    /// <summary>Says that the command prints sessions.</summary>
    protected void PrintsSessions() => Prints(SessionShapes.Session, "type", "version");

    protected static void WriteSession(CommandContext context, SessionRow row) =>
        context.Output.Write(SessionShapes.OkSession(row, ShowsVersion(context)), SessionShapes.Session);

    protected override int Fail(Exception error, CommandContext context) => SessionErrors.Render(error, context, Streams);
}

/// <summary>A command about one session, which it names by id.</summary>
internal abstract class OneSessionCommand : SessionToolCommand
{
    private readonly Argument<string> _id = new("session-id") { Description = "The session's id" };

    protected OneSessionCommand(CliHost host, string name, string description) : base(host, name, description) => Add(_id);

    protected abstract Task<int> RunAsync(CommandContext context, string id, CancellationToken cancellation);

    protected sealed override async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        var id = context.Get(_id)!;
        context.Doing = $"{Name} session {id}";
        if (!MeshId.IsValid(id) || ReservedSessionId.Is(id))
        {
            throw new NoSuchSessionException(id);
        }

        try
        {
            return await RunAsync(context, id, cancellation);
        }
        catch (MeshException e) when (e.Code is ErrorCodes.SessionNotFound)
        {
            throw new NoSuchSessionException(id);
        }
    }
}

/// <summary>There is no session of that id, which may not even be a valid id.</summary>
internal sealed class NoSuchSessionException(string id) : Exception($"Session {id} not found");
