using SessionMesh.Core;
using SessionMesh.Core.Keys;
using SessionMesh.Server.Engine;

namespace SessionMesh.Server.Http;

/// <summary>The authenticated caller of a request.</summary>
public static class Caller
{
    /// <summary>The key that authenticated this request. Throws on a route without authentication.</summary>
    public static Key GetKey(this HttpContext http) =>
        http.Features.Get<Key>() ?? throw new InvalidOperationException("this route has no authentication");

    /// <summary>
    /// Null while the key is valid: it may have expired or been revoked while a slow body came in. For calls that run no command; the
    /// engine checks the key of a command when it decides it.
    /// </summary>
    public static MeshError? CheckStillValid(this Key key, MeshEngine engine) =>
        engine.State.Keys.Find(key.Id)?.IsValidAt(engine.Now.Wall) == true ? null : KeyRules.Unauthenticated();
}
