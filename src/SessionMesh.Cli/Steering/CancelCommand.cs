using System.CommandLine;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Options;
using SessionMesh.Cli.Output;
using SessionMesh.Cli.Targets;
using SessionMesh.Client;

namespace SessionMesh.Cli.Steering;

/// <summary><c>cancel</c>: takes back a directive that has not been delivered.</summary>
internal sealed class CancelCommand : MeshCommand
{
    private static readonly View s_many = DirectiveViews.One with
    {
        Table =
        [
            Column.Of("directive", "directive_id") with { Rank = 0 }, .. DirectiveViews.One.Table,
            Column.Of("code") with { Rank = 0 },
        ],
    };

    private readonly Argument<string[]> _directives =
        Opt.IdArguments("directive", "The directive_id, or several, as steer answers and history shows them");

    public CancelCommand(CliHost host) : base(host, "cancel", "Take back directives that have not been delivered.")
    {
        Add(_directives);
        Usage = "DIRECTIVE… [options]";
        Prints(s_many, json => json.Directive);
        Examples = ["session-mesh cancel d-1742", "session-mesh cancel d-1742 d-1743"];
        ExitNotes =
        [
            "3  no such directive",
            "5  it is delivered, or over: there is nothing to take back",
            "7  some of several were not taken back",
        ];
    }

    protected override async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        List<string> ids = [.. context.Get(_directives)!.Distinct(StringComparer.Ordinal)];
        if (ids.Count > 1)
        {
            context.Doing = $"cancel {ids.Count} directives";
            return await new EachNamed(context, "directive", "directive_id", "cancelled")
                .RunAsync(ids, s_many, MeshCall.CancelDirective, cancellation);
        }

        var id = ids.FirstOrDefault() ?? throw CommandException.Usage("no directive is named", "session-mesh cancel DIRECTIVE_ID");
        context.Doing = $"cancel directive {id}";
        context.Output.Write(await context.Client.SendAsync(MeshCall.CancelDirective(id), cancellation), DirectiveViews.One);
        return ExitCodes.Done;
    }
}
