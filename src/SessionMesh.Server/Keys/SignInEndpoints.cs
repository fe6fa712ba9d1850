using SessionMesh.Contracts;
using SessionMesh.Contracts.Errors;
using SessionMesh.Contracts.Keys;
using SessionMesh.Core;
using SessionMesh.Core.Keys;
using SessionMesh.Server.Auth;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Http;

namespace SessionMesh.Server.Keys;

/// <summary>
/// Gives codes for keys, and trades them. The key is minted when the code is traded, in the name of the key that asked for it.
/// </summary>
public sealed class SignInEndpoints(ISignInCodes codes, Mutations mutations, MeshEngine engine, ProblemWriter problems)
{
    /// <summary>What a page needs, where nobody says: to see everything, and to act on agents. No keys, no store.</summary>
    private const ScopeSet Usual =
        ScopeSet.MeshRead | ScopeSet.Steer | ScopeSet.Kill | ScopeSet.SessionsRead | ScopeSet.AuditRead;

    public async Task Give(HttpContext http)
    {
        var request = await Mutations.ReadOptionalAsync(http, MeshJson.Default.CreateKeyRequest);
        if ((request.Error ?? Check(request.Key, request.Body)) is { } error)
        {
            await problems.WriteAsync(http, error);
            return;
        }

        var now = engine.Now.Wall;
        var until = now + (Limits.SignInCodeTtl * 1000L);
        var code = await codes.GiveAsync(request.Key.Id, Complete(request.Key, request.Body), now, until);
        var answer = new SignInCode { Code = code, ExpiresAt = DateTimeOffset.FromUnixTimeMilliseconds(until) };
        await Answers.WriteAsync(http, Answers.Of(StatusCodes.Status201Created, answer, MeshJson.Default.SignInCode));
    }

    public async Task Trade(HttpContext http)
    {
        var parsed = await RequestBody.ReadJsonAsync(http, MeshJson.Default.TradeCodeRequest, optional: false, hash: false);
        if (parsed.Error is { } unread)
        {
            await problems.WriteAsync(http, unread);
            return;
        }

        http.RunOnce(); // a code is there once
        if (await engine.CatchUpAsync() is { } away)
        {
            await problems.WriteAsync(http, away); // before the code is taken: it can be sent again
            return;
        }

        var now = engine.Now.Wall;
        if (parsed.Value!.Code is not { } code || await codes.TakeAsync(code, now) is not var (minter, wanted)
            || engine.State.Keys.Find(minter) is not { } key || !key.IsValidAt(now))
        {
            await problems.WriteAsync(http, new MeshError(ErrorKind.Unauthenticated, ErrorCodes.Unauthenticated,
                $"This code is not known: it was traded before, or is older than {Limits.SignInCodeTtl} seconds. Ask for another with "
                + "'session-mesh dashboard'."));
            return;
        }

        http.Features.Set(key); // from here on it is a call of the key that gave the code
        var (id, token) = KeyToken.New();
        var request = Mutations.Read(http);
        var mint = request.Bind(caller => KeyEndpoints.BindCreate(caller, wanted, id, token, refreshToken: ""));
        var executed = await mutations.ExecuteAsync(request, mint, minted => KeyEndpoints.RenderCreated(minted, token, refreshToken: ""));
        await mutations.AnswerAsync(executed);
    }

    /// <summary>What can be said at once: the rest is decided when the key is minted.</summary>
    private static MeshError? Check(Key key, CreateKeyRequest body)
    {
        if (body is { AgentId: not null } or { Refresh: true } or { Service: true })
        {
            var member = body.AgentId is not null ? "/agent_id" : body.Refresh == true ? "/refresh" : "/service";
            return MeshError.Invalid(member, "is not for a code: it is for a key that a page uses for a while");
        }

        var bound = KeyEndpoints.BindCreate(key, Complete(key, body), "", "", "");
        return bound.Succeeded ? null : bound.Error;
    }

    /// <summary>The key to mint, with the usual scopes where none are named, as far as the minter has them.</summary>
    private static CreateKeyRequest Complete(Key key, CreateKeyRequest body)
    {
        var usual = body.Within is null && key.Reach is null ? Usual : Usual & ~ScopeSet.Unbounded;
        return body.Scopes is not null ? body : body with { Scopes = (usual & key.Scopes).ToWords() };
    }
}
