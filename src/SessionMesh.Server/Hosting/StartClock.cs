using SessionMesh.Server.Engine;
using SessionMesh.Server.Options;

namespace SessionMesh.Server.Hosting;

/// <summary>
/// Refuses to start with a clock that cannot be right. A start with a clock years ahead would end every session and key and delete all
/// that is kept for a time; a clock years behind belongs to a machine that has not been told the time yet.
/// </summary>
internal static class StartClock
{
    /// <param name="newest">Wall milliseconds of the newest change in the log; 0 for an empty log, which allows any clock.</param>
    /// <param name="isRestored">A backup was just put in place: it may be of any age, but not from the future.</param>
    /// <exception cref="StartupException">The two times are more than <see cref="MeshClock.MostApart"/> apart.</exception>
    public static void Check(DateTimeOffset wall, long newest, bool isRestored)
    {
        if (newest == 0)
        {
            return;
        }

        var last = DateTimeOffset.FromUnixTimeMilliseconds(newest);
        var ahead = wall - last;
        if (ahead.Duration() <= MeshClock.MostApart || (isRestored && ahead > TimeSpan.Zero))
        {
            return;
        }

        throw new StartupException(
            $"The system clock says {wall:u}, and the last change in this store is from {last:u}, "
            + $"{ahead.Duration().Days} days {(ahead > TimeSpan.Zero ? "before" : "after")} that. "
            + "Set the clock and start again. If the clock is right, say --accept-clock: "
            + (ahead > TimeSpan.Zero
                ? "sessions and keys that have expired by it end, and what is older than is kept is removed."
                : "the mesh then goes on from the time of that change; or restore a backup from before it."));
    }
}
