using System.Globalization;
using System.Text.Json;
using SessionMesh.Core.Keys;
using SessionMesh.Core.Steering;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Http;
using SessionMesh.Server.Json;

namespace SessionMesh.Server.Steering;

/// <summary><c>GET /agents/{id}/directives/history</c>: every directive of an agent, newest first, with its outcome.</summary>
public sealed class HistoryEndpoints(MeshEngine engine, DirectiveReader history, DirectiveWriter directives, ProblemWriter problems)
{
    public async Task Get(HttpContext http)
    {
        var check = new Check();
        var id = check.Id("/id", (string)http.Request.RouteValues["id"]!);
        var query = Query.Read(http, ref check, "limit", "cursor");
        var limit = query.Limit(ref check);
        var from = query.Number("cursor", ref check, 1, long.MaxValue);
        var found = check.Error is { } error ? error : http.GetKey().FindAgent(engine.State, ScopeSet.MeshRead, id);
        if (!found.Succeeded)
        {
            await problems.WriteAsync(http, found.Error);
            return;
        }

        var slot = found.Value;
        var page = await history.NewestFirstAsync(slot.Agent, from ?? slot.Inbox.LastRevision, limit + 1);
        using var text = new Utf8Buffer(4096);
        Write(text, page, limit);
        await Answers.WriteAsync(http, StatusCodes.Status200OK, text.Written);
    }

    /// <param name="page">One more than is shown, if there is one: it is where the next page starts.</param>
    private void Write(Utf8Buffer text, List<DirectiveRecord> page, int limit)
    {
        using var json = new Utf8JsonWriter(text);
        using var row = new Utf8Buffer();
        json.WriteStartObject();
        json.WriteStartArray("directives");
        foreach (var directive in page.Take(limit))
        {
            row.Clear();
            directives.Write(row, directive);
            json.WriteRawValue(row.Written.Span, skipInputValidation: true);
        }

        json.WriteEndArray();
        json.WriteString("next_cursor", page.Count > limit ? page[limit].Revision.ToString(CultureInfo.InvariantCulture) : null);
        json.WriteEndObject();
    }
}
