using System.Text.Json.Nodes;

namespace SessionMesh.Server.Tests.Support;

/// <summary>Rows and directives as expected, whole: what a fresh one looks like, with what a test says differs.</summary>
internal static class Rows
{
    /// <summary>A time this many seconds after the start.</summary>
    public static string At(double seconds) =>
        FakeTime.Start.AddSeconds(seconds).ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>A registered agent that has not reported anything.</summary>
    /// <param name="session">Revision of its registration.</param>
    /// <param name="differs">Members that differ, as the inside of a JSON object.</param>
    public static string Row(string id, long session, double createdAt = 0, double heardAt = 0, int ttl = 60, string differs = "") =>
        Merge($$"""
            {"agent_id":"{{id}}","session_id":"s-{{session}}","incarnation":1,"status":"alive","paused":false,"activity":null,"load":null,
             "progress":null,"progress_interval":null,"note":null,"specializations":[],"labels":{},"cluster":"default","parent_id":null,
             "user":null,"direction":null,"connected":false,"created_at":"{{At(createdAt)}}","last_heartbeat_at":"{{At(heardAt)}}",
             "last_progress_at":null,"expires_at":"{{At(heardAt + ttl)}}","epoch":1,"gone_at":null,"skills":[]}
            """, differs);

    /// <summary>The answer to a registration: the row with the lease that was granted.</summary>
    public static string Registration(
        string id, long session, double createdAt = 0, double heardAt = 0, int ttl = 60, string differs = "") =>
        Merge(
            Merge(Row(id, session, createdAt, heardAt, ttl), $""" "ttl":{ttl},"next_heartbeat_in":"#{ttl * 4 / 15}..{(ttl + 2) / 3}" """),
            differs);

    /// <summary>The answer to <c>GET /agents/{id}</c>.</summary>
    public static string Detail(string id, long session, double createdAt = 0, double heardAt = 0, int ttl = 60, string differs = "") =>
        Merge(Merge(Row(id, session, createdAt, heardAt, ttl), """ "descendants":0,"pending":0,"last_exit":null """), differs);

    /// <summary>A queued steer north.</summary>
    public static string Directive(long revision, string agent, long seq, double issuedAt = 0, int ttl = 3600, string differs = "") =>
        Merge($$"""
            {"directive_id":"d-{{revision}}","agent_id":"{{agent}}","seq":{{seq}},"verb":"steer","direction":"north","message":null,
             "data":null,"state":"queued","issued_by":"*","issued_at":"{{At(issuedAt)}}","expires_at":"{{At(issuedAt + ttl)}}",
             "delivered_at":null,"accepted_at":null,"acknowledged_at":null,"ended_at":null,"note":null}
            """, differs);

    public static string Merge(string json, string differs)
    {
        var merged = JsonNode.Parse(json)!.AsObject();
        foreach (var (name, value) in JsonNode.Parse("{" + differs + "}")!.AsObject())
        {
            merged[name] = value?.DeepClone();
        }

        if (merged["specializations"] is JsonArray { Count: > 0 } names && merged["skills"] is JsonArray { Count: 0 } skills)
        {
            foreach (var name in names)
            {
                skills.Add(new JsonObject
                {
                    ["name"] = name!.DeepClone(), ["version"] = null, ["level"] = 50, ["capacity"] = 1, ["held"] = 0,
                });
            }
        }

        return merged.ToJsonString();
    }
}
