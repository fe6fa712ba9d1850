using SessionMesh.Contracts.Errors;

namespace SessionMesh.Client;

/// <summary>Why a call failed.</summary>
public enum MeshFailure
{
    /// <summary>The server answered with an error: see <see cref="MeshException.Problem"/>.</summary>
    Refused,

    /// <summary>No answer: refused connection, unknown host, reset, or no attempt finished in time.</summary>
    Unreachable,

    /// <summary>Something answered, but not in the mesh's language: a proxy's page, truncated JSON.</summary>
    NotAMesh,
}

/// <summary>
/// The one way in which every call of <see cref="MeshClient"/> fails, after its retries. Cancelling by the caller is an
/// <see cref="OperationCanceledException"/> and nothing else is. The message is safe to show.
/// </summary>
public sealed class MeshException : Exception
{
    public MeshException(MeshFailure failure, Uri url, string message, Problem? problem = null, int attempts = 1, Exception? inner = null)
        : base(message, inner)
    {
        Failure = failure;
        Url = url;
        Problem = problem;
        Attempts = attempts;
    }

    /// <summary>What kind of failure it is.</summary>
    public MeshFailure Failure { get; }

    /// <summary>What was called.</summary>
    public Uri Url { get; }

    /// <summary>Present when <see cref="Failure"/> is <see cref="MeshFailure.Refused"/>.</summary>
    public Problem? Problem { get; }

    /// <summary>How many attempts were made.</summary>
    public int Attempts { get; }

    /// <summary>The stable code of the problem (see <see cref="ErrorCodes"/>), or null without one.</summary>
    public string? Code => Problem?.Code;

    /// <summary>The HTTP status of the problem, or null without one.</summary>
    public int? Status => Problem?.Status;
}
