using SessionMesh.Contracts.Errors;
using SessionMesh.Core;
using SessionMesh.Server.Store;
using SessionMesh.Server.Store.Sqlite;

namespace SessionMesh.Server.Engine;

/// <summary>The errors for which the engine is the reason, not the command.</summary>
internal static class Refusals
{
    public static MeshError Busy() =>
        new(ErrorKind.Unavailable, ErrorCodes.Busy,
            "The server has more work queued than it takes. Try again after the time in Retry-After.") { RetryAfter = 1 };

    /// <summary>For a read of a revision that this node has not reached in the time that a caller waits.</summary>
    public static MeshError Behind(long asked, long stands) =>
        new(ErrorKind.Unavailable, ErrorCodes.Behind,
            $"This node is at revision {stands}, and has not reached {asked}. Try again after the time in Retry-After; "
            + $"GET {Contracts.Routes.Nodes} says how far each node is behind.") { RetryAfter = 1 };

    /// <summary>For commands that came too late: the engine has ended, and nobody may be left waiting.</summary>
    public static MeshError GoingAway() =>
        new(ErrorKind.Unavailable, ErrorCodes.Busy,
            "The server is going away. Nothing was changed; try again once it is back.") { RetryAfter = 1 };

    /// <summary>For what time brings about, found due by a node that judges no more. Nobody waits for the answer.</summary>
    public static MeshError NotTheJudge() =>
        new(ErrorKind.Unavailable, ErrorCodes.Busy,
            "Another node of the mesh decides this by now. Nothing was changed.") { RetryAfter = 1 };

    public static MeshError Internal() =>
        new(ErrorKind.Internal, ErrorCodes.Internal, "The server failed on this command and changed nothing. Its log has the request id.");

    /// <summary>The one error here that a retry does not help.</summary>
    public static MeshError NotStorable() =>
        new(ErrorKind.Invalid, ErrorCodes.NotStorable,
            "The store cannot hold what this call would write. Nothing was changed, and sending it again will not help: send less in one "
            + "call.");

    /// <summary>The error for a batch that could not be committed.</summary>
    public static MeshError Of(CommitResult result, bool onReserve) =>
        !result.IsFull ? CommitFailed() : onReserve ? ReserveUsedUp() : DiskFull();

    public static MeshError DiskFull() =>
        new(ErrorKind.DiskFull, ErrorCodes.DiskFull,
            "The server's disk is full. Nothing was changed; reading goes on. Free some room and try again.");

    public static MeshError DiskFullForAllButVital() =>
        new(ErrorKind.DiskFull, ErrorCodes.DiskFull,
            "The server's disk is full, and what was kept back for that is in use: kill, revoke, pause and expire alone are taken, "
            + $"until there are {(DiskReserve.Size + DiskReserve.Margin) >> 20} MiB free. "
            + "Nothing was changed; reading goes on. Free some room and try again.");

    public static MeshError ReserveUsedUp() =>
        new(ErrorKind.DiskFull, ErrorCodes.DiskFull,
            "The server's disk is full, and what was kept back for kill, revoke, pause and expire is used up. "
            + "Nothing was changed; reading goes on. Free some room and try again.");

    public static MeshError CommitFailed() =>
        new(ErrorKind.Unavailable, ErrorCodes.CommitFailed,
            "The server could not write this to its store. Nothing was changed; try again.") { RetryAfter = 1 };

    public static MeshError OutcomeUnknown() =>
        new(ErrorKind.Unavailable, ErrorCodes.OutcomeUnknown,
            "The store did not say whether this was written. Send it again with the Idempotency-Key it had, or look what is there "
            + "first.") { RetryAfter = 1 };
}
