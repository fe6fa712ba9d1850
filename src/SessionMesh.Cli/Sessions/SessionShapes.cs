using System.Globalization;
using System.Text.Json;
using SessionMesh.Cli.Output;
using SessionMesh.Contracts.Sessions;

namespace SessionMesh.Cli.Sessions;

/// <summary>What <c>session</c> prints: the shapes of the tool whose place it takes, member by member and in its order.</summary>
internal static class SessionShapes
{
    private static readonly Column[] s_one =
    [
        Column.Of("id"), Column.Of("user"), Column.Of("status"), Column.Of("ttl"), Column.Of("meta"), Column.Of("created", "created_at"),
        Since("last access", "last_access"), Column.Of("expires", "expires_at"), Column.Of("expired", "expired_at"),
        Column.Of("agent", "agent_id"), Column.Of("version"),
    ];

    /// <summary><c>{"ok":true,"session":{…}}</c></summary>
    public static readonly View Session = new() { RowMember = "session", Names = ["id"], Vertical = true, Table = s_one };

    /// <summary><c>{"ok":true,"count":N,"sessions":[…]}</c></summary>
    public static readonly View Sessions = new()
    {
        RowsMember = "sessions",
        Names = ["id"],
        Table =
        [
            Column.Of("id"), Column.Of("user"), Column.Of("status"), Column.Of("ttl"), Since("last access", "last_access"),
            Column.Of("expires", "expires_at"), Column.Of("meta"),
        ],
        More = [Column.Of("created", "created_at"), Column.Of("agent", "agent_id"), Column.Of("version")],
    };

    public static readonly View Stats = View.Single("total_sessions",
        ["total_sessions", "active", "expired", "unique_users", "average_ttl_seconds", "data_file"]) with
    { RowMember = "stats" };

    public static readonly View Deleted = View.Single("deleted", ["deleted"]);

    public static readonly View Version = View.Single("version", ["version"]);

    /// <summary>An object that begins with <c>"ok": true</c>.</summary>
    public static JsonElement Ok(Action<Utf8JsonWriter> members) => Json.Build(json =>
    {
        json.WriteBoolean("ok"u8, true);
        members(json);
    });

    public static JsonElement OkSession(SessionRow row, bool withVersion) => Ok(json =>
    {
        json.WritePropertyName("session"u8);
        WriteRecord(json, row, withVersion);
    });

    /// <summary>A session as the record it is in an export.</summary>
    /// <param name="withVersion">With the version, which a record does not have, at the end.</param>
    public static JsonElement Record(SessionRow row, bool withVersion) => Json.Build(json => WriteMembers(json, row, withVersion));

    public static void WriteRecord(Utf8JsonWriter json, SessionRow row, bool withVersion)
    {
        json.WriteStartObject();
        WriteMembers(json, row, withVersion);
        json.WriteEndObject();
    }

    private static void WriteMembers(Utf8JsonWriter json, SessionRow row, bool withVersion)
    {
        json.WriteString("type"u8, "session"u8);
        json.WriteString("id"u8, row.Id);
        json.WriteString("user"u8, row.User);
        json.WriteString("status"u8, row.Status);
        if (row.Ttl is { } ttl)
        {
            json.WriteNumber("ttl"u8, ttl);
        }
        else
        {
            json.WriteNull("ttl"u8);
        }

        json.WriteStartObject("meta"u8);
        foreach (var (key, value) in row.Meta)
        {
            json.WriteString(key, value);
        }

        json.WriteEndObject();
        json.WriteString("created_at"u8, row.CreatedAt);
        json.WriteString("last_access"u8, row.LastAccess);
        json.WriteString("expires_at"u8, row.ExpiresAt);
        if (row.ExpiredAt is { } expired)
        {
            json.WriteString("expired_at"u8, expired);
        }

        if (row.AgentId is { } agent)
        {
            json.WriteString("agent_id"u8, agent);
        }

        if (withVersion)
        {
            json.WriteNumber("version"u8, row.Version);
        }
    }

    /// <summary>A time whose name does not say that it is one.</summary>
    private static Column Since(string header, string member) => new(header, member, (row, now) =>
        DateTimeOffset.TryParse(Json.Text(row, member), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at)
            ? RelativeTime.Of(at, now)
            : "-");
}
