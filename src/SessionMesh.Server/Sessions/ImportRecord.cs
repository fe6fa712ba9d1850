using System.Globalization;
using System.Text.Json;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Sessions;
using SessionMesh.Core.Sessions;

namespace SessionMesh.Server.Sessions;

/// <summary>Reads one line of an import. A line with an error is skipped with a reason; nothing is guessed.</summary>
internal static class ImportRecord
{
    private const string Broken = "broken";
    private const string OtherKind = "other_kind";
    private const string Invalid = "invalid";

    /// <summary>Returns the session, or a code and a reason.</summary>
    public static (ForeignSession? Session, string Code, string Reason) Read(ReadOnlyMemory<byte> line)
    {
        try
        {
            using var document = JsonDocument.Parse(line, new JsonDocumentOptions { MaxDepth = Limits.JsonDepth });
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
                ? ReadSession(root)
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

    private static (ForeignSession?, string, string) ReadSession(JsonElement root)
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
            ?? (AgentSessionId.TryParse(id, out _) ? "id: has the form of an agent's session" : null)
            ?? (user.Length is 0 or > Limits.NameLength || user.AsSpan().ContainsAnyInRange('\0', '\u001f')
                ? $"user: has 1 to {Limits.NameLength} characters, none of them a control character"
                : null)
            ?? (!SessionStatus.All.Contains(status) ? $"status: is one of {string.Join(", ", SessionStatus.All)}" : null)
            ?? (session.Meta.Utf8().Length > Limits.SessionMetaBytes
                ? $"meta: has at most {Limits.SessionMetaBytes / 1024} KiB in all"
                : null);
        return wrong is null ? (session, "", "") : (null, Invalid, wrong);
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

        public int Ttl()
        {
            if (!Find("ttl", out var value))
            {
                return 0;
            }

            return value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var ttl) && ttl is >= 1 and <= Limits.MaxSessionTtl
                ? ttl
                : Fail("ttl", $"is a whole number of seconds from 1 to {Limits.MaxSessionTtl}", 0);
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
                && time.UtcTicks > DateTime.UnixEpoch.Ticks
                ? (time.UtcTicks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond
                : Fail(name, "is an ISO 8601 time since 1970", 0L);
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
                if (SessionRequests.MetaKeyError(entry.Name) is { } wrong)
                {
                    return Fail("meta", wrong, Core.Sessions.Meta.Empty);
                }

                if (entry.Value.ValueKind != JsonValueKind.String || !seen.Add(entry.Name))
                {
                    var reason = entry.Value.ValueKind == JsonValueKind.String ? "is given twice" : "is a text";
                    return Fail($"meta.{entry.Name}", reason, Core.Sessions.Meta.Empty);
                }

                entries.Add(new(entry.Name, entry.Value.GetString()!));
            }

            return Core.Sessions.Meta.Of(entries);
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
