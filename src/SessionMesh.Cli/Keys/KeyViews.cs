using System.Text.Json;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Output;
using SessionMesh.Contracts;

namespace SessionMesh.Cli.Keys;

/// <summary>How keys are shown, and how one is named.</summary>
internal static class KeyViews
{
    private const string LastUsedAt = "last_used_at";

    /// <summary>The server keeps the last use of service keys alone: of the others a dash would say that nobody used them.</summary>
    private static readonly Column s_lastUsed = Column.Of("last used", LastUsedAt) with { Text = LastUsed };

    /// <summary>As <c>create</c> and <c>refresh</c> answer, secrets included.</summary>
    public static readonly View Created = Single(
        ["key_id", "session_key", "token", "refresh_token", "ttl", "expires_at", "scopes", "within", "agent_id", "generation", "service"]);

    /// <summary>The same where the secrets are in files.</summary>
    public static readonly View Saved = Created with
    {
        Table = [.. Created.Table.Where(column => column.Member is not ("token" or "refresh_token"))],
    };

    public static readonly View List = new()
    {
        RowsMember = "keys",
        Names = ["key_id"],
        Table =
        [
            Column.Of("key id", "key_id"),
            Column.Of("name", "session_key"),
            Column.Of("gen", "generation") with { Rank = 4 },
            Column.Of("scopes"),
            Column.Of("within") with { Rank = 2 },
            Column.Of("agent", "agent_id") with { Rank = 4 },
            Column.Of("service") with { Rank = 5 },
            Column.Of("expires", "expires_at"),
            s_lastUsed with { Rank = 3 },
            Column.Of("parent", "parent_id") with { Rank = 6 },
        ],
        More =
        [
            Column.Of("state"),
            Column.Of("created", "created_at"),
            Column.Of("refreshable", "refreshable_until"),
            Column.Of("incarnation"),
        ],
    };

    public static readonly View One = Single(
        [
            "key_id",
            "session_key",
            "generation",
            "service",
            "state",
            "ended_at",
            "scopes",
            "within",
            "agent_id",
            "incarnation",
            "created_at",
            "expires_at",
            "refreshable_until",
            "last_used_at",
            "parent_id",
        ]);

    /// <summary>What the wire calls <c>session_key</c> is the key's name.</summary>
    private static View Single(IReadOnlyList<string> members)
    {
        var view = View.Single("key_id", members);
        return view with
        {
            Table =
            [
                .. view.Table.Select(column => column.Member switch
                {
                    "session_key" => Column.Of("name", "session_key"),
                    LastUsedAt => column with { Text = LastUsed },
                    _ => column,
                }),
            ],
        };
    }

    private static string LastUsed(JsonElement row, DateTimeOffset now) =>
        row.TryGetProperty("service", out var service) && service.ValueKind == JsonValueKind.False
            ? "not kept"
            : Column.Of(LastUsedAt).Text(row, now);

    /// <summary>The id in a whole key, if one was given: its secret must not travel in a path.</summary>
    public static string IdOf(string text, string command)
    {
        var id = text.Split('_') is ["smk" or "smr", var part, ..] ? part : text;
        return MeshId.IsValid(id)
            ? id
            : throw CommandException.Usage($"'{id}' is not the id of a key", $"session-mesh keys {command} KEY_ID");
    }
}
