using SessionMesh.Contracts.Sessions;
using SessionMesh.Core.Sessions;
using SessionMesh.Server.Http;

namespace SessionMesh.Server.Sessions;

/// <summary>Which sessions a list or an export asks for: those that match every given criterion.</summary>
internal sealed class SessionFilter
{
    public static readonly string[] Parameters = ["status", "user", "meta"];

    private readonly string? _status;
    private readonly string? _user;
    private readonly List<KeyValuePair<string, string>> _meta;

    private SessionFilter(string? status, string? user, List<KeyValuePair<string, string>> meta) =>
        (_status, _user, _meta) = (status, user, meta);

    public static SessionFilter Bind(Query query, ref Check check)
    {
        var status = check.OneOf("?status", query["status"], SessionStatus.All);
        var meta = new List<KeyValuePair<string, string>>();
        foreach (var entry in query["meta"]?.Split(',') ?? [])
        {
            var parts = entry.Split('=', 2);
            if (parts is not [{ Length: > 0 } name, var value])
            {
                check.Fail("?meta", "is name=value, several separated by commas");
                break;
            }

            meta.Add(new(name, value));
        }

        return new SessionFilter(status, query["user"], meta);
    }

    public bool Matches(Session session, long now) =>
        (_status is null || _status == (session.IsOverAt(now) ? SessionStatus.Expired : SessionStatus.Active))
        && (_user is null || _user == session.User)
        && HasMeta(session.Meta);

    public bool Matches(string status, string user, Meta meta) =>
        (_status is null || _status == status) && (_user is null || _user == user) && HasMeta(meta);

    private bool HasMeta(Meta meta) => _meta.Count == 0 || _meta.TrueForAll(meta.Read().Contains);
}
