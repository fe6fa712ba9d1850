using SessionMesh.Core.Sessions;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Http;
using SessionMesh.Server.Json;

namespace SessionMesh.Server.Sessions;

/// <summary>
/// <c>GET /sessions/export</c>: every matching plain session, oldest first, streamed at the reader's pace. Each record is consistent in
/// itself; a change during the export may or may not be included.
/// </summary>
public sealed class SessionExport(MeshEngine engine, ProblemWriter problems)
{
    /// <summary>Bytes after which a piece is sent.</summary>
    private const int PieceSize = 64 * 1024;

    private static readonly string[] s_formats = ["json", "jsonl", "csv"];

    public async Task Get(HttpContext http)
    {
        var check = new Check();
        var query = Query.Read(http, ref check, [.. SessionFilter.Parameters, "format"]);
        var filter = SessionFilter.Bind(query, ref check);
        var format = check.OneOf("?format", query["format"] ?? "json", s_formats);
        if (check.Error is { } error)
        {
            await problems.WriteAsync(http, error);
            return;
        }

        http.Response.ContentType = format switch
        {
            "csv" => "text/csv; charset=utf-8",
            "jsonl" => "application/x-ndjson",
            _ => "application/json",
        };
        http.Response.Headers.CacheControl = "no-store";
        await WriteAsync(http, filter, format!);
    }

    private async Task WriteAsync(HttpContext http, SessionFilter filter, string format)
    {
        using var text = new Utf8Buffer(PieceSize + 4096);
        text.Raw(format switch { "csv" => "id,user,status,ttl,created_at,last_access,expires_at\r\n"u8, "json" => "["u8, _ => ""u8 });
        var now = engine.Now.Micros();
        var key = http.GetKey();
        var first = true;
        foreach (var session in key.Reach is null ? engine.State.Sessions.After(0) : [])
        {
            if (!filter.Matches(session, now))
            {
                continue;
            }

            WriteOne(text, session, now, format, first);
            first = false;
            if (text.Length >= PieceSize)
            {
                await Streams.Sse.WriteAsync(http, text.Written, engine);
                text.Clear();
                now = engine.Now.Micros();
                if (key.CheckStillValid(engine) is not null)
                {
                    http.Abort(); // the reader must not take half an export for a whole one
                    return;
                }
            }
        }

        text.Raw(format is "json" ? "]\n"u8 : ""u8);
        await http.Response.BodyWriter.WriteAsync(text.Written);
    }

    private static void WriteOne(Utf8Buffer text, Session session, long now, string format, bool first)
    {
        if (format == "csv")
        {
            SessionCsv.Write(text, session, now);
            return;
        }

        text.Raw(format == "json" && !first ? ","u8 : ""u8);
        SessionWriter.WriteRecord(text, session, now);
        text.Raw(format == "jsonl" ? "\n"u8 : ""u8);
    }
}
