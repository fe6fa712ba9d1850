using System.Globalization;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Keys;
using SessionMesh.Core.Keys;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Http;

namespace SessionMesh.Server.Keys;

/// <summary>
/// <c>GET /keys</c> and the like: the caller's key and the keys below it; all keys for admin. Any other key is not found. Lists have what
/// is held; one key is shown after its end too.
/// </summary>
public sealed class KeyLists(MeshEngine engine, KeyArchive archive, ProblemWriter problems)
{
    public async Task List(HttpContext http)
    {
        var check = new Check();
        var query = Query.Read(http, ref check, "limit", "cursor", "service", "ends_within");
        var limit = query.Limit(ref check);
        var after = query.Number("cursor", ref check, 0, long.MaxValue) ?? 0;
        bool? service = query["service"] is null ? null : query.Flag("service", ref check);
        var within = query.Number("ends_within", ref check, 0, int.MaxValue);
        if (check.Error is { } error)
        {
            await problems.WriteAsync(http, error);
            return;
        }

        var keys = engine.State.Keys;
        var now = engine.Now.Wall;
        var all = http.GetKey().Has(ScopeSet.Admin)
            ? keys.After(after)
            : keys.Family(http.GetKey().Lineage).Where(key => key.Revision > after).OrderBy(key => key.Revision);
        var page = all.Where(key => service is null || key.IsService == service)
            .Where(key => within is null || EndsWithin(key, now, within.Value * 1000)).Take(limit + 1).ToList();
        var more = page.Count > limit;
        page = page[..Math.Min(page.Count, limit)];
        await Answers.WriteAsync(http, new KeyList
        {
            Keys = [.. page.Select(key => ToRow(key, HasSuccessor(key)))],
            Count = page.Count,
            NextCursor = more ? page[^1].Revision.ToString(CultureInfo.InvariantCulture) : null,
        }, MeshJson.Default.KeyList);
    }

    public Task Self(HttpContext http)
    {
        var key = http.GetKey();
        return Answers.WriteAsync(http, ToRow(key, HasSuccessor(key)), MeshJson.Default.KeyRow);
    }

    public async Task Get(HttpContext http)
    {
        var id = (string)http.Request.RouteValues["key_id"]!;
        await (await archive.FindAsync(http.GetKey(), id, http.RequestAborted) is { } found
            ? Answers.WriteAsync(http, ToRow(found.Key, found.HasSuccessor), MeshJson.Default.KeyRow)
            : problems.WriteAsync(http, RevokeKey.NotFound(id)));
    }

    /// <summary>Converts wall milliseconds; 0 is null.</summary>
    internal static DateTimeOffset? Time(long wall) => wall == 0 ? null : DateTimeOffset.FromUnixTimeMilliseconds(wall);

    /// <summary>Whether a valid key ends by then, and none of its name follows it.</summary>
    private bool EndsWithin(Key key, long now, long milliseconds) =>
        key.ExpiresAt != 0 && key.IsValidAt(now) && key.ExpiresAt - now <= milliseconds
        && !HasSuccessor(key);

    private bool HasSuccessor(Key key) => engine.State.Keys.NewestOf(key.Lineage) is { } newest && newest.Generation > key.Generation;

    private static string StateOf(Key key, bool hasSuccessor, long now) =>
        key.IsValidAt(now) ? KeyState.Valid
        : key.IsRevoked ? KeyState.Revoked
        : hasSuccessor || key.IsSucceeded ? KeyState.Rotated
        : KeyState.Expired;

    private KeyRow ToRow(Key key, bool hasSuccessor)
    {
        var now = engine.Now.Wall;
        var state = StateOf(key, hasSuccessor, now);
        return new KeyRow
        {
            KeyId = key.Id,
            SessionKey = key.Name,
            ParentId = key.Parent is null ? null : engine.State.Keys.NewestOf(key.Parent)?.Id ?? key.Parent,
            Scopes = key.Scopes.ToWords(),
            Within = key.Reach?.Clauses,
            AgentId = key.AgentId,
            Incarnation = key.AgentId is null ? null : key.Incarnation,
            Generation = key.Generation,
            Valid = state == KeyState.Valid,
            State = state,
            EndedAt = state switch { KeyState.Valid => null, KeyState.Revoked => Time(key.EndedAt), _ => Time(key.ExpiresAt) },
            CreatedAt = DateTimeOffset.FromUnixTimeMilliseconds(key.CreatedAt),
            ExpiresAt = Time(key.ExpiresAt),
            RefreshableUntil = key.IsRefreshKnownAt(now) && key.RefreshedAt == 0 ? Time(key.RefreshExpiresAt) : null,
            Service = key.IsService,
            LastUsedAt = key.IsService ? Time(engine.KeyUses.LastOf(key)) : null,
        };
    }
}
