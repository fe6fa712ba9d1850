using System.CommandLine;
using System.Text.Json;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Options;
using SessionMesh.Cli.Watch;
using SessionMesh.Client;
using SessionMesh.Client.Streams;

namespace SessionMesh.Cli.Keys;

/// <summary><c>keys list</c>: the key in use and all below it, never a secret.</summary>
internal sealed class ListKeysCommand : MeshCommand
{
    private readonly Option<bool> _service = new("--service") { Description = "Service keys alone" };
    private readonly Option<int?> _endsWithin =
        Opt.Duration("--ends-within", "Keys that end in this time, and that none of their name follows", 1, int.MaxValue);

    private readonly ListOptions _list;
    private readonly WatchOption _watch;

    public ListKeysCommand(CliHost host) : base(host, "list", "List the key in use and all below it; for admin every key.")
    {
        Add(_service);
        Add(_endsWithin);
        _list = new ListOptions(this);
        _watch = new WatchOption(this);
        Prints(KeyViews.List, json => json.KeyRow);
        Examples =
        [
            "session-mesh keys list",
            "session-mesh keys list --service --ends-within 14d",
            "session-mesh keys list -o wide --sort expires_at",
            "session-mesh keys list --watch",
            "session-mesh keys list -o json | jq -r '.keys[] | select(.valid) | .key_id'",
        ];
    }

    protected override async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        context.Doing = "list keys";
        if (_watch.IsWanted(context))
        {
            return await WatchLoop.RunAsync(
                context,
                new WatchedList(
                    context,
                    KeyViews.List,
                    new EventQuery { Kinds = ["key.*"] },
                    token => _list.ReadAsync(context, KeyViews.List, Page, token)),
                cancellation);
        }

        await _list.WriteAsync(context, KeyViews.List, Page, cancellation);
        return ExitCodes.Done;

        Task<JsonElement> Page(int limit, string? cursor, CancellationToken token) =>
            context.Client.SendAsync(
                MeshCall.ListKeys(limit, cursor, context.Get(_service) ? true : null, context.Get(_endsWithin)), token);
    }
}
