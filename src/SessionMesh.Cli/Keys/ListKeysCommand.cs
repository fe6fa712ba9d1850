using System.Text.Json;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Output;
using SessionMesh.Client;
using SessionMesh.Contracts;

namespace SessionMesh.Cli.Keys;

/// <summary><c>keys list</c>: the key in use and all below it, never a secret.</summary>
internal sealed class ListKeysCommand : MeshCommand
{
    public ListKeysCommand(CliHost host) : base(host, "list", "List the key in use and all below it; for admin every key.")
    {
        Examples =
        [
            "session-mesh keys list",
            "session-mesh keys list -o wide",
            "session-mesh keys list -o json | jq -r '.keys[] | select(.valid) | .key_id'",
        ];
    }

    protected override async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        context.Doing = "list keys";
        var page = await context.Client.SendAsync(MeshCall.ListKeys(Limits.MaxPage), cancellation);
        var rows = KeyViews.List.Rows(page).ToList();
        while (Json.Text(page, "next_cursor") is { } cursor)
        {
            page = await context.Client.SendAsync(MeshCall.ListKeys(Limits.MaxPage, cursor), cancellation);
            rows.AddRange(KeyViews.List.Rows(page));
        }

        context.Output.Write(Whole(rows), KeyViews.List);
        return ExitCodes.Done;
    }

    /// <summary>All pages as one document.</summary>
    private static JsonElement Whole(List<JsonElement> rows) => Json.Build(json =>
    {
        json.WriteStartArray("keys"u8);
        foreach (var row in rows)
        {
            row.WriteTo(json);
        }

        json.WriteEndArray();
        json.WriteNumber("count"u8, rows.Count);
        json.WriteNull("next_cursor"u8);
    });
}
