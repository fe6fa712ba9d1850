using System.Text.Json;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Output;
using SessionMesh.Cli.Settings;
using SessionMesh.Client;
using SessionMesh.Contracts.Admin;

namespace SessionMesh.Cli.Status;

/// <summary><c>status</c>: which server a command would talk to, as whom, and how it stands there.</summary>
internal sealed class StatusCommand : MeshCommand
{
    private static readonly View s_view = new()
    {
        Names = ["url"],
        Vertical = true,
        Table =
        [
            new("server", "url", (row, _) => $"{Json.Text(row, "url")} ({Json.Text(row, "url_origin")})"),
            Column.Of("context"),
            Column.Of("cluster"),
            Column.Of("tool version", "tool_version"),
            Column.Of("server version", "server_version"),
            new("status", "status", (row, _) => StatusText(row), Colour),
            Column.Of("epoch"),
            Column.Of("revision"),
            Column.Of("agents"),
            new("key", "session_key", (row, _) => $"{Json.Text(row, "session_key")} ({Json.Text(row, "key_id")})"),
            new("key from", "key_source", (row, _) => Origin(row)),
            Column.Of("scopes"),
            Column.Of("within"),
            Column.Of("bound to", "agent_id"),
            Column.Of("ends", "expires_at"),
        ],
    };

    public StatusCommand(CliHost host) : base(host, "status", "Show which server this is, how it stands, and what your key may do.")
    {
        Prints(s_view, "url_origin", "expiry_slowed", "reserve_in_use", "key_origin", "key_id");
        Examples = ["session-mesh status", "session-mesh status --context prod -o json"];
        ExitNotes = ["0  the server answers, and takes the key", "4  it does not take the key", "6  it cannot be reached"];
    }

    protected override async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        context.Doing = "show the status";
        var key = await context.Client.SendAsync(MeshCall.OwnKey(), cancellation);
        var server = await context.Client.SendAsync(MeshCall.Status(), cancellation);
        context.Output.Write(Document(context.Settings, server, key), s_view);
        foreach (var warning in await EndingKeys.WarningsAsync(context, key, cancellation))
        {
            context.Note("warning: " + warning);
        }

        return ExitCodes.Done;
    }

    private static JsonElement Document(MeshSettings settings, JsonElement server, JsonElement key) => Json.Build(json =>
    {
        json.WriteString("url"u8, settings.Url.AbsoluteUri.TrimEnd('/'));
        json.WriteString("url_origin"u8, settings.UrlOrigin);
        json.WriteString("context"u8, settings.Context);
        json.WriteString("cluster"u8, settings.Cluster);
        json.WriteString("tool_version"u8, ToolVersion.Current);
        Write("server_version", server, "version");
        foreach (var member in (string[])["status", "epoch", "revision", "expiry_slowed", "reserve_in_use", "agents"])
        {
            Write(member, server, member);
        }

        json.WriteString("key_origin"u8, settings.KeyOrigin);
        json.WriteString("key_source"u8, settings.KeySource);
        foreach (var member in (string[])["key_id", "session_key", "scopes", "within", "agent_id", "expires_at"])
        {
            Write(member, key, member);
        }

        void Write(string name, JsonElement from, string member)
        {
            json.WritePropertyName(name);
            if (from.TryGetProperty(member, out var value))
            {
                value.WriteTo(json);
            }
            else
            {
                json.WriteNullValue();
            }
        }
    });

    private static string StatusText(JsonElement row) => Json.Text(row, "status") + (Why(row) is { } why ? $": {why}" : "");

    /// <summary>Why it is not as it should be, or null.</summary>
    private static string? Why(JsonElement row) =>
        Json.Text(row, "status") == ServerStatus.Busy ? "its log has taken no turn for two seconds"
        : Json.IsTrue(row, "reserve_in_use") ? "the disk is full, and only kill, pause, revoke and expire are taken"
        : Json.IsTrue(row, "expiry_slowed") ? "many leases lapse at once, and are ended slowly"
        : null;

    private static string? Colour(JsonElement row) =>
        Json.Text(row, "status") == ServerStatus.Busy ? "31" : Why(row) is null ? "32" : "33";

    private static string Origin(JsonElement row)
    {
        var (source, origin) = (Json.Text(row, "key_source"), Json.Text(row, "key_origin"));
        return source == origin ? source ?? "-" : $"{source} ({origin})";
    }
}
