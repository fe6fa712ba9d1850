using System.CommandLine;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Options;
using SessionMesh.Cli.Targets;
using SessionMesh.Client;

namespace SessionMesh.Cli.Claims;

/// <summary>
/// <c>release</c>: gives slots back. By id alone: a key may be shared, and "all of mine" would release somebody else's.
/// </summary>
internal sealed class ReleaseCommand : MeshCommand
{
    private readonly Argument<string[]> _claims = Opt.IdArguments("claim", "The claim, or several");

    public ReleaseCommand(CliHost host) : base(host, "release", "Release claims: their slots are free for others.")
    {
        Add(_claims);
        Prints(ClaimViews.Released, "code");
        Usage = "CLAIM… [options]";
        Examples =
        [
            "session-mesh release c-1234",
            "session-mesh release c-1234 c-1301 -o json",
            "session-mesh claim --list --agent-id w1 -o name | xargs session-mesh release",
        ];
        ExitNotes =
        [
            "3  no such claim is held: it was released, it lapsed, or its agent ended",
            "4  it is the claim of another key",
            "7  some of several could not be released",
        ];
    }

    protected override async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        string[] ids = [.. (context.Get(_claims) ?? []).Distinct(StringComparer.Ordinal)];
        switch (ids)
        {
            case []:
                throw CommandException.Usage("no claim is named", "session-mesh claim --list, to see what is held");
            case [var id]:
                context.Doing = $"release claim {id}";
                context.Output.Write(await context.Client.SendAsync(MeshCall.ReleaseClaim(id), cancellation), ClaimViews.Released);
                return ExitCodes.Done;
            default:
                context.Doing = $"release {ids.Length} claims";
                return await new EachNamed(context, "claim", "claim_id", "released")
                    .RunAsync(ids, ClaimViews.Released, MeshCall.ReleaseClaim, cancellation);
        }
    }
}
