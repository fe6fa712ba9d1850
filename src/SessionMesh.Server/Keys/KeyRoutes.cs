using SessionMesh.Contracts.Keys;
using SessionMesh.Contracts;
using SessionMesh.Core.Keys;
using SessionMesh.Server.Auth;
using SessionMesh.Server.OpenApi;
using SessionMesh.Server.Store.Postgres;

namespace SessionMesh.Server.Keys;

internal static class KeyRoutes
{
    private const string Tag = "Keys";

    private static readonly RequiredScope s_mint = new(ScopeSet.KeysMint);

    public static IServiceCollection AddKeys(this IServiceCollection services) => services
        .AddSingleton<KeyArchive>()
        .AddSingleton<KeyLists>()
        .AddSingleton<KeyEndpoints>()
        .AddSingleton<ISignInCodes>(s =>
            s.GetService<PostgresStore>() is { } store ? new PostgresSignInCodes(store) : new SignInCodes())
        .AddSingleton<SignInEndpoints>()
        .AddSingleton<RootKeys>();

    public static void MapKeys(this IEndpointRouteBuilder routes)
    {
        var keys = routes.ServiceProvider.GetRequiredService<KeyEndpoints>();
        var codes = routes.ServiceProvider.GetRequiredService<SignInEndpoints>();
        var lists = routes.ServiceProvider.GetRequiredService<KeyLists>();

        routes.MapPost(Routes.Keys, keys.Create)
            .Describe(keys.Create, "createKey", Tag, s_mint, "Mint a key",
                "The token is shown once. The same `session_key` again is its next generation.")
            .Takes<CreateKeyRequest>(optional: true).Answers<CreatedKey>(201, 404, 409).Mutates();
        routes.MapPost(Routes.KeysRefresh, keys.Refresh)
            .Describe(keys.Refresh, "refreshKey", Tag, RequiredScope.AnyKey, "Trade a refresh token for the next generation of its key",
                "Send `Authorization: Bearer smr_…`. A refresh token is used once; used twice, all keys of its name are revoked.")
            .Takes<RefreshKeyRequest>(optional: true).Answers<CreatedKey>(201, 409).Mutates()
            .WithMetadata(RefreshTokenRequired.Instance);
        routes.MapGet(Routes.Keys, lists.List)
            .Describe(lists.List, "listKeys", Tag, s_mint, "The caller's key and all below it", "Every key, for `admin`.")
            .WithQuery("service", "`true` for service keys alone, `false` for the others.")
            .WithQuery("ends_within", "Seconds: valid keys that end by then, and that none of their name follows.")
            .WithQuery("limit", "1 to 1000; 100 by default.").WithQuery("cursor", "`next_cursor` of the page before.")
            .Answers<KeyList>();
        routes.MapGet(Routes.KeysSelf, lists.Self)
            .Describe(lists.Self, "getOwnKey", Tag, RequiredScope.AnyKey, "The key of this request, and what it may")
            .Answers<KeyRow>();
        routes.MapGet(Routes.Keys + "/{key_id}", lists.Get)
            .Describe(lists.Get, "getKey", Tag, s_mint, "One key",
                "Also one that has ended, with its `state` and `ended_at`, until it is trimmed.")
            .Answers<KeyRow>(200, 404);
        routes.MapPost(Routes.KeyCodes, codes.Give)
            .Describe(codes.Give, "createSignInCode", Tag, s_mint, "A code that a page may trade for a key",
                "Once, and within a minute. The key is minted then, as the body says, below the caller's: without `scopes` it may see "
                + "everything, steer and kill, as far as the caller may.")
            .Takes<CreateKeyRequest>(optional: true).Answers<SignInCode>(201);
        routes.MapPost(Routes.KeyCodesTrade, codes.Trade)
            .Describe(codes.Trade, "tradeSignInCode", Tag, scope: null, "Trade a code for the key that it stands for",
                "Needs no key. 401 where the code is not known, or not any more.")
            .Takes<TradeCodeRequest>().Answers<CreatedKey>(201);
        routes.MapPost(Routes.Keys + "/{key_id}/renew", keys.Renew)
            .Describe(keys.Renew, "renewKey", Tag, s_mint, "Mint an expired key again",
                "With the same name, scopes, reach, agent and lifetime. Never one that was revoked, or that another of its name followed.")
            .Answers<CreatedKey>(201, 404, 409).Mutates();
        routes.MapDelete(Routes.Keys + "/{key_id}", keys.Revoke)
            .Describe(keys.Revoke, "revokeKey", Tag, s_mint, "Revoke a key and all below it", "At once, open streams included.")
            .Answers<RevokedKey>(200, 404).Mutates();
    }
}
