using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;
using SessionMesh.Client;

namespace SessionMesh.Cli.Keys;

/// <summary><c>keys list</c>: the key in use and all below it, never a secret.</summary>
internal sealed class ListKeysCommand : MeshCommand
{
    private readonly ListOptions _list;

    public ListKeysCommand(CliHost host) : base(host, "list", "List the key in use and all below it; for admin every key.")
    {
        _list = new ListOptions(this);
        Examples =
        [
            "session-mesh keys list",
            "session-mesh keys list -o wide --sort expires_at",
            "session-mesh keys list -o json | jq -r '.keys[] | select(.valid) | .key_id'",
        ];
    }

    protected override async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        context.Doing = "list keys";
        await _list.WriteAsync(
            context,
            KeyViews.List,
            (limit, cursor, token) => context.Client.SendAsync(MeshCall.ListKeys(limit, cursor), token),
            cancellation);
        return ExitCodes.Done;
    }
}
