using SessionMesh.Contracts;
using SessionMesh.Contracts.Keys;
using SessionMesh.Core;
using SessionMesh.Core.Keys;
using SessionMesh.Server.Auth;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Http;

namespace SessionMesh.Server.Keys;

/// <summary>Mints, refreshes and revokes keys. A secret exists only during its request: from then on there is only its hash.</summary>
public sealed class KeyEndpoints(Mutations mutations, KeyArchive archive, ProblemWriter problems)
{
    public async Task Create(HttpContext http)
    {
        var (id, token) = KeyToken.New();
        var refreshToken = KeyToken.NewRefresh(id);
        var request = await Mutations.ReadOptionalAsync(http, MeshJson.Default.CreateKeyRequest);
        var mint = request.Bind((key, body) => BindCreate(key, body, id, token, refreshToken));
        var executed = await mutations.ExecuteAsync(request, mint, minted => RenderCreated(minted, token, refreshToken));
        await mutations.AnswerAsync(executed);
    }

    public async Task Refresh(HttpContext http)
    {
        var (id, token) = KeyToken.New();
        var refreshToken = KeyToken.NewRefresh(id);
        var request = await Mutations.ReadOptionalAsync(http, MeshJson.Default.RefreshKeyRequest);
        var refresh = request.Bind((key, body) => BindRefresh(key, body.Ttl, id, token, refreshToken));
        var executed = await mutations.ExecuteAsync(request, refresh, refreshed => refreshed.Key is { } minted
            ? RenderCreated(minted, token, refreshToken)
            : problems.ToAnswer(KeyRules.Unauthenticated()));
        await mutations.AnswerAsync(executed);
    }

    public async Task Renew(HttpContext http)
    {
        var id = (string)http.Request.RouteValues["key_id"]!;
        var (newId, token) = KeyToken.New();
        var refreshToken = KeyToken.NewRefresh(newId);
        var request = Mutations.Read(http);
        await mutations.AnswerAsync(await ExecuteAsync(await FindAsync()));

        Task<FoundKey?> FindAsync() => archive.FindAsync(request.Key, id, http.RequestAborted);

        async Task<MutationResult<Key>> ExecuteAsync(FoundKey? found)
        {
            var renew = request.Bind<Key>(key => found is null ? RevokeKey.NotFound(id) : new RenewKey
            {
                Actor = key.Id,
                Key = found.Key,
                HasSuccessor = found.HasSuccessor,
                NewKeyId = newId,
                Hash = KeyToken.Hash(token),
                RefreshHash = KeyToken.Hash(refreshToken),
            });
            var executed = await mutations.ExecuteAsync(request, renew, minted => RenderCreated(minted, token, refreshToken));

            // Its time ran out a moment ago: by now the table says how it ended, and that does not change again.
            return found is not null && executed.Error is not null && archive.HasJustEnded(found)
                ? await ExecuteAsync(await FindAsync())
                : executed;
        }
    }

    public async Task Revoke(HttpContext http)
    {
        var id = (string)http.Request.RouteValues["key_id"]!;
        var request = Mutations.Read(http);
        var revoke = request.Bind<IReadOnlyList<string>>(key => new RevokeKey { Actor = key.Id, KeyId = id });
        var executed = await mutations.ExecuteAsync(request, revoke, revoked =>
            Answers.Of(StatusCodes.Status200OK, new RevokedKey { KeyId = id, Revoked = revoked }, MeshJson.Default.RevokedKey));
        await mutations.AnswerAsync(executed);
    }

    internal static Outcome<Command<Key>> BindCreate(Key key, CreateKeyRequest body, string id, string token, string refreshToken)
    {
        var check = new Check();
        var name = check.Name("/session_key", body.SessionKey);
        CheckTtl(body.Ttl, ref check, body.Service == true ? Limits.MaxServiceKeyTtl : Limits.MaxKeyTtl);
        if (body is { Refresh: true, AgentId: not null })
        {
            check.Fail("/refresh", "is not for a key that is bound to an agent: that lives as long as the agent does");
        }

        if (body.AgentId is not null)
        {
            check.Id("/agent_id", body.AgentId);
        }

        var scopes = BindScopes(body.Scopes, ref check);
        CheckWithin(body.Within, ref check);
        return check.Error is { } error
            ? error
            : new MintKey
            {
                Actor = key.Id,
                KeyId = id,
                Hash = KeyToken.Hash(token),
                RefreshHash = body.Refresh == true ? KeyToken.Hash(refreshToken) : null,
                Name = name,
                Ttl = body.Ttl,
                Scopes = scopes,
                Within = body.Within,
                AgentId = body.AgentId,
                IsService = body.Service == true,
            };
    }

    private static Outcome<Command<Refreshed>> BindRefresh(Key key, int? ttl, string id, string token, string refreshToken)
    {
        var check = new Check();
        CheckTtl(ttl, ref check);
        return check.Error is { } error
            ? error
            : new RefreshKey
            {
                Actor = key.Id,
                KeyId = key.Id,
                NewKeyId = id,
                Hash = KeyToken.Hash(token),
                RefreshHash = KeyToken.Hash(refreshToken),
                Ttl = ttl,
            };
    }

    private static void CheckTtl(int? ttl, ref Check check, int most = Limits.MaxKeyTtl)
    {
        if (ttl is < 1)
        {
            check.Fail("/ttl", $"is a number of seconds; it is clamped to {Limits.MinKeyTtl} to {most}");
        }
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
                check.Fail($"/scopes/{i}", words[i] is null ? "is not a scope" : $"'{words[i]}' is not a scope", Scopes.All);
            }
        }

        if (words.Count == 0)
        {
            check.Fail("/scopes", "names at least one scope", Scopes.All);
        }

        return scopes;
    }

    private static void CheckWithin(IReadOnlyList<string>? clauses, ref Check check)
    {
        if (clauses is { Count: 0 or > Limits.ReachClauses })
        {
            check.Fail("/within", $"has 1 to {Limits.ReachClauses} clauses; leave it out for no limit but the minting key's");
            return;
        }

        for (var i = 0; i < (clauses?.Count ?? 0); i++)
        {
            var pointer = $"/within/{i}";
            if (clauses![i] is not { } clause || !Reach.TryParse(clause, out var kind, out var value))
            {
                check.Fail(pointer, "is agent:ID, cluster:NAME or subtree:ID");
            }
            else if (kind == Reach.Cluster)
            {
                check.Name(pointer, value);
            }
            else
            {
                check.Id(pointer, value);
            }
        }
    }

    internal static Answer RenderCreated(Key key, string token, string refreshToken) =>
        Answers.Of(StatusCodes.Status201Created, new CreatedKey
        {
            KeyId = key.Id,
            SessionKey = key.Name,
            Token = token,
            Ttl = key.ExpiresAt == 0 ? null : (int)((key.ExpiresAt - key.CreatedAt) / 1000),
            ExpiresAt = KeyLists.Time(key.ExpiresAt),
            Scopes = key.Scopes.ToWords(),
            Within = key.Reach?.Clauses,
            AgentId = key.AgentId,
            Generation = key.Generation,
            RefreshToken = key.RefreshHash is null ? null : refreshToken,
            Service = key.IsService,
        }, MeshJson.Default.CreatedKey, secretOf: key.Id);
}
