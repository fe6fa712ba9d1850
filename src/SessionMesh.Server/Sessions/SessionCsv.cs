using SessionMesh.Contracts.Sessions;
using SessionMesh.Core.Sessions;
using SessionMesh.Server.Json;

namespace SessionMesh.Server.Sessions;

/// <summary>
/// Sessions as lines of CSV (RFC 4180). A cell that a spreadsheet would run as a formula gets a leading apostrophe, because anyone may
/// choose a user name.
/// </summary>
internal static class SessionCsv
{
    public static void Write(Utf8Buffer text, Session session, long now)
    {
        Cell(text, session.Id);
        text.Raw(","u8);
        Cell(text, session.User);
        text.Raw(","u8);
        text.Raw(session.IsOverAt(now) ? SessionStatus.Expired : SessionStatus.Active);
        text.Raw(","u8);
        if (session.Ttl is { } ttl)
        {
            text.Number(ttl);
        }

        Time(text, session.CreatedAt);
        Time(text, session.LastAccess);
        Time(text, session.ExpiresAt);
        text.Raw("\r\n"u8);
    }

    private static void Cell(Utf8Buffer text, string value)
    {
        if (value.Length > 0 && value[0] is '=' or '+' or '-' or '@' or '\t' or '\r')
        {
            value = "'" + value;
        }

        if (value.AsSpan().IndexOfAny(",\"\r\n") < 0)
        {
            text.Raw(value);
            return;
        }

        text.Raw("\""u8);
        text.Raw(value.Replace("\"", "\"\"", StringComparison.Ordinal));
        text.Raw("\""u8);
    }

    private static void Time(Utf8Buffer text, long micros)
    {
        text.Raw(","u8);
        if (micros != 0)
        {
            using var quoted = new Utf8Buffer(32);
            quoted.TimeMicros(micros);
            text.Raw(quoted.Written.Span[1..^1]);
        }
    }
}
