using System.Globalization;
using System.Text.Json;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Sessions;
using SessionMesh.Core.Sessions;
using SessionMesh.Server.Http;

namespace SessionMesh.Server.Sessions;

/// <summary>Reads one line of an import. A line with an error is skipped with a reason; nothing is guessed.</summary>
internal static class ImportRecord
{
    private const string Broken = "broken";
    private const string OtherKind = "other_kind";
    private const string Invalid = "invalid";

    /// <summary>A number of seconds that is further from 0 is no TTL: no time is so far away.</summary>
    private const double FarthestTtl = 1e12;

    private static readonly HashSet<string> s_members = new(StringComparer.Ordinal)
    {
        "type", "id", "user", "status", "ttl", "meta", "created_at", "last_access", "expires_at", "expired_at",
    };

    /// <summary>Returns the session and what is remarkable about it, or a code and a reason.</summary>
    public static (ForeignSession? Session, string Code, string Reason) Read(
        ReadOnlyMemory<byte> line, List<(string Code, string Detail)> remarks)
    {
        line = ImportText.Mend(line, out var replaced);
        if (replaced)
        {
            remarks.Add(("replaced_text", "is not valid Unicode everywhere; what is not became U+FFFD"));
        }

        try
        {
            using var document = JsonDocument.Parse(line, new JsonDocumentOptions { MaxDepth = 64 });
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object)
            {
                return (null, Broken, "is not a JSON object");
            }

            if (!root.TryGetProperty("type", out var type))
            {
                return root.TryGetProperty("cmd", out _) && root.TryGetProperty("ts", out _)
                    ? (null, OtherKind, "is a line of another tool of the same name")
                    : (null, OtherKind, "has no type; a session's record has the type \"session\"");
            }

            return type.ValueKind == JsonValueKind.String && type.ValueEquals("session"u8)
                ? ReadSession(root, remarks)
                : (null, OtherKind, "is not of the type \"session\"");
        }
        catch (JsonException)
        {
            return (null, Broken, "is not valid JSON");
        }
        catch (InvalidOperationException)
        {
            return (null, Broken, "has text that is not valid Unicode");
        }
    }

    private static (ForeignSession?, string, string) ReadSession(JsonElement root, List<(string Code, string Detail)> remarks)
    {
        var reader = new Members(root);
        var id = reader.Text("id", null);
        var user = reader.Text("user", SessionRules.DefaultUser);
        var status = reader.Text("status", SessionStatus.Active);
        var ttl = reader.Ttl();
        var created = reader.Time("created_at", required: true);
        var session = new ForeignSession(
            id,
            user,
            status == SessionStatus.Expired,
            ttl,
            reader.Meta(),
            created,
            reader.Time("last_access", required: false) is > 0 and var accessed ? accessed : created,
            reader.Time("expires_at", required: false),
            reader.Time("expired_at", required: false));
        var wrong = reader.Wrong
            ?? (!MeshId.IsValid(id) ? $"id: {MeshId.Rule}" : null)
            ?? (ReservedSessionId.Is(id) ? "id: is a word of the API" : null)
            ?? (AgentSessionId.TryParse(id, out _) ? "id: has the form of an agent's session" : null)
            ?? (!SessionStatus.All.Contains(status) ? $"status: is one of {string.Join(", ", SessionStatus.All)}" : null);
        if (wrong is not null)
        {
            return (null, Invalid, wrong);
        }

        Remark(root, session, remarks);
        return (session, "", "");
    }

    private static void Remark(JsonElement root, ForeignSession session, List<(string Code, string Detail)> remarks)
    {
        var unknown = root.EnumerateObject().Select(member => member.Name).Where(name => !s_members.Contains(name)).ToList();
        if (unknown.Count > 0)
        {
            var named = string.Join(", ", unknown.Take(5).Select(name => name.Length > 40 ? name[..40] + "…" : name));
            remarks.Add(("unknown_members", $"left out: {named}{(unknown.Count > 5 ? $" and {unknown.Count - 5} more" : "")}"));
        }

        var over = new List<string>();
        if (session.User.Length is 0 or > Limits.NameLength || Check.HasControl(session.User))
        {
            over.Add("user");
        }

        if (session.Meta.Utf8().Length > Limits.SessionMetaBytes
            || session.Meta.Read().Exists(entry => SessionRequests.MetaKeyError(entry.Key) is not null))
        {
            over.Add("meta");
        }

        if (session.Ttl is { } ttl && (ttl is < 1 or > Limits.MaxSessionTtl || ttl != Math.Floor(ttl)))
        {
            over.Add("ttl");
        }

        if (over.Count > 0)
        {
            remarks.Add(("over_limits", $"kept as it is, and could not be made here: {string.Join(", ", over)}"));
        }
    }

    /// <summary>The members of one record. Remembers the first error.</summary>
    private sealed class Members(JsonElement root)
    {
        public string? Wrong { get; private set; }

        public string Text(string name, string? ifAbsent)
        {
            if (!Find(name, out var value))
            {
                return ifAbsent ?? Fail(name, "is missing", "");
            }

            return value.ValueKind == JsonValueKind.String ? value.GetString()! : Fail(name, "is a text", "");
        }

        /// <summary>Null if absent.</summary>
        public double? Ttl()
        {
            if (!Find("ttl", out var value))
            {
                return null;
            }

            return value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var ttl) && Math.Abs(ttl) <= FarthestTtl
                ? ttl + 0.0 // which makes 0 of -0
                : Fail<double?>("ttl", "is a number of seconds", null);
        }

        /// <summary>In microseconds; 0 if absent.</summary>
        public long Time(string name, bool required)
        {
            if (!Find(name, out var value))
            {
                return required ? Fail(name, "is missing", 0L) : 0;
            }

            return value.ValueKind == JsonValueKind.String
                && DateTimeOffset.TryParse(
                    value.GetString(), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
                    out var time)
                ? MicrosOf(time)
                : Fail(name, "is an ISO 8601 time", 0L);
        }

        public Meta Meta()
        {
            if (!Find("meta", out var value))
            {
                return Core.Sessions.Meta.Empty;
            }

            if (value.ValueKind != JsonValueKind.Object)
            {
                return Fail("meta", "is an object of texts", Core.Sessions.Meta.Empty);
            }

            var entries = new List<KeyValuePair<string, string>>();
            var seen = new HashSet<string>(StringComparer.Ordinal);
            foreach (var entry in value.EnumerateObject())
            {
                if (entry.Value.ValueKind != JsonValueKind.String || !seen.Add(entry.Name))
                {
                    var reason = entry.Value.ValueKind == JsonValueKind.String ? "is given twice" : "is a text";
                    return Fail($"meta.{entry.Name}", reason, Core.Sessions.Meta.Empty);
                }

                entries.Add(new(entry.Name, entry.Value.GetString()!));
            }

            return Core.Sessions.Meta.Of(entries);
        }

        /// <summary>Microseconds since 1970, below 0 before. The epoch itself becomes the microsecond after it: 0 is for none.</summary>
        private static long MicrosOf(DateTimeOffset time)
        {
            var ticks = time.UtcTicks - DateTime.UnixEpoch.Ticks;
            var micros = Math.DivRem(ticks, TimeSpan.TicksPerMicrosecond, out var rest);
            micros -= rest < 0 ? 1 : 0;
            return micros == 0 ? 1 : micros;
        }

        private bool Find(string name, out JsonElement value) =>
            root.TryGetProperty(name, out value) && value.ValueKind != JsonValueKind.Null;

        private T Fail<T>(string name, string message, T instead)
        {
            Wrong ??= $"{name}: {message}";
            return instead;
        }
    }
}
