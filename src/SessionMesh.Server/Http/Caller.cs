using SessionMesh.Core;
using SessionMesh.Core.Keys;
using SessionMesh.Server.Engine;

namespace SessionMesh.Server.Http;

/// <summary>Who calls, once authenticated.</summary>
public static class Caller
{
    /// <summary>The key that authenticated this request. Only on routes that need one.</summary>
    public static Key GetKey(this HttpContext http) =>
        http.Features.Get<Key>() ?? throw new InvalidOperationException("this route authenticates nobody");

    /// <summary>
    /// Null while the key is valid: a body may have dripped in since it was authenticated. Commands are asked this when they are decided.
    /// </summary>
    public static MeshError? CheckStillValid(this Key key, MeshEngine engine) =>
        engine.State.Keys.Find(key.Id)?.IsValidAt(engine.Now.Wall) == true ? null : KeyRules.Unauthenticated();
}
