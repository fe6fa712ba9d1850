using SessionMesh.Contracts;
using SessionMesh.Contracts.Json;
using SessionMesh.Contracts.Keys;
using SessionMesh.Core;
using SessionMesh.Core.Keys;
using SessionMesh.Server.Auth;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Http;

namespace SessionMesh.Server.Keys;

/// <summary>Minting and revoking keys. The secret exists in this request alone: only its hash goes on.</summary>
public sealed class KeyEndpoints(Mutations mutations)
{
    public Task Create(HttpContext http)
    {
        var (id, token) = KeyToken.New();
        return mutations.RunAsync(
            http, MeshJson.Default.CreateKeyRequest, (key, body) => BindCreate(key, body ?? new CreateKeyRequest(), id, token), minted => RenderCreated(minted, token), optional: true);
    }

    public Task Revoke(HttpContext http)
    {
        var id = (string)http.Request.RouteValues["key_id"]!;
        return mutations.RunAsync<IReadOnlyList<string>>(
            http,
            key => new RevokeKey { Actor = key.Id, KeyId = id, AnyKey = key.Has(ScopeSet.Admin) },
            revoked => Answers.Of(StatusCodes.Status200OK, new RevokedKey { KeyId = id, Revoked = revoked }, MeshJson.Default.RevokedKey));
    }

    private static Outcome<Command<Key>> BindCreate(Key key, CreateKeyRequest body, string id, string token)
    {
        var check = new Check();
        var name = check.Name("/session_key", body.SessionKey);
        if (body.Ttl is < 1)
        {
            check.Fail("/ttl", $"is a number of seconds; it is clamped to {Limits.MinKeyTtl} to {Limits.MaxKeyTtl}");
        }

        if (body.Refresh == true)
        {
            check.Fail("/refresh", "refresh tokens are not issued by this version; mint the name again before it ends");
        }

        if (body.AgentId is not null)
        {
            check.Id("/agent_id", body.AgentId);
        }

        var scopes = BindScopes(body.Scopes, ref check);
        return check.Error is { } error
            ? error
            : new MintKey { Actor = key.Id, Parent = key.Id, KeyId = id, Hash = KeyToken.Hash(token), Name = name, Ttl = body.Ttl, Scopes = scopes, AgentId = body.AgentId };
    }

    private static ScopeSet? BindScopes(IReadOnlyList<string>? words, ref Check check)
    {
        if (words is null)
        {
            return null;
        }

        var scopes = ScopeSet.None;
        for (var i = 0; i < words.Count; i++)
        {
            if (words[i] is { } word && ScopeWords.TryParse(word, out var scope))
            {
                scopes |= scope;
            }
            else
            {
                check.Fail($"/scopes/{i}", "is not a scope", Scopes.All);
            }
        }

        if (words.Count == 0)
        {
            check.Fail("/scopes", "names at least one scope", Scopes.All);
        }

        return scopes;
    }

    private static Answer RenderCreated(Key key, string token) =>
        Answers.Of(StatusCodes.Status201Created, new CreatedKey
        {
            KeyId = key.Id,
            SessionKey = key.Name,
            Token = token,
            Ttl = key.ExpiresAt == 0 ? null : (int)((key.ExpiresAt - key.CreatedAt) / 1000),
            ExpiresAt = key.ExpiresAt == 0 ? null : DateTimeOffset.FromUnixTimeMilliseconds(key.ExpiresAt),
            Scopes = key.Scopes.ToWords(),
            AgentId = key.AgentId,
            Generation = key.Generation,
        }, MeshJson.Default.CreatedKey, secretOf: key.Id);
}
