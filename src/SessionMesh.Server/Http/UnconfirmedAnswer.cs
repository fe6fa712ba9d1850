using SessionMesh.Core;

namespace SessionMesh.Server.Http;

/// <summary>
/// A feature of a request on one of several nodes: a negative answer that comes from memory alone is held until it is known that memory was
/// level with the log. For one request.
/// </summary>
internal sealed class UnconfirmedAnswer
{
    private bool _isConfirmed;

    /// <summary>What is held; null for nothing.</summary>
    public MeshError? Held { get; private set; }

    /// <summary>
    /// The request has handed a command to the engine, which looks at the log itself; or its body is read, and not kept. It is not run
    /// again.
    /// </summary>
    public bool IsOnce { get; set; }

    /// <summary>The body as it was read, for the second run.</summary>
    public object? Body { get; set; }

    /// <summary>Holds an error, unless it does not depend on what is in memory or memory is known to be level.</summary>
    public bool TryHold(MeshError error)
    {
        if (_isConfirmed || IsOnce
            || error.Kind is not (ErrorKind.Unauthenticated or ErrorKind.NotFound or ErrorKind.Conflict or ErrorKind.Stale))
        {
            return false;
        }

        Held = error;
        return true;
    }

    /// <summary>Holds nothing from now on.</summary>
    public void Confirm() => (_isConfirmed, Held) = (true, null);
}
