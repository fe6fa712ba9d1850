using SessionMesh.Contracts;
using SessionMesh.Contracts.Errors;
using SessionMesh.Contracts.Keys;
using SessionMesh.Core;
using SessionMesh.Core.Keys;
using SessionMesh.Server.Auth;
using SessionMesh.Server.Http;
using SessionMesh.Server.Keys;
using SessionMesh.Server.Store;

namespace SessionMesh.Server.Admin;

/// <summary>
/// <c>POST /admin/new-root</c>: replaces the root key. The secret goes into <c>root.key</c> and into this one answer, because the call
/// usually revokes the caller's own key, and the caller may be on another machine.
/// </summary>
public sealed class NewRootEndpoint(Mutations mutations, RootKeys roots, DataDirectory directory)
{
    public async Task Replace(HttpContext http)
    {
        using var turn = await roots.EnterAsync(http.RequestAborted);
        var (id, token) = KeyToken.New();
        var request = await Mutations.ReadOptionalAsync(http, MeshJson.Default.NewRootRequest);
        var replace = request.Bind((key, body) => turn.Error is { } error ? error : Bind(key, body, id, token));
        var executed = await mutations.ExecuteAsync(request, replace, replaced => Render(replaced, token));
        turn.Error ??= executed.Error;
        if (executed.Value is not null)
        {
            roots.TryFinish(); // before the caller hears of it
        }

        await mutations.AnswerAsync(executed);
    }

    /// <summary>Writes the secret to the disk before the command: a valid key that is stored nowhere would lock everyone out.</summary>
    private Outcome<Command<RootReplaced>> Bind(Key key, NewRootRequest body, string id, string token)
    {
        try
        {
            directory.WriteNextRootKey(token);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new MeshError(ErrorKind.DiskFull, ErrorCodes.DiskFull,
                "The new key's file cannot be written into the server's data directory. "
                + "Nothing was changed; see whether its disk is full, and try again.");
        }

        return new ReplaceRoot { Actor = key.Id, KeyId = id, Hash = KeyToken.Hash(token), KeepChildren = body.KeepChildren == true };
    }

    private static Engine.Answer Render(RootReplaced replaced, string token) =>
        Answers.Of(StatusCodes.Status201Created, new NewRootKey
        {
            KeyId = replaced.Key.Id,
            SessionKey = replaced.Key.Name,
            Token = token,
            Scopes = replaced.Key.Scopes.ToWords(),
            Generation = replaced.Key.Generation,
            RevokedCount = replaced.Ended,
        }, MeshJson.Default.NewRootKey, secretOf: replaced.Key.Id);
}
