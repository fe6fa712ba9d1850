using SessionMesh.Core;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Push;

namespace SessionMesh.Server.Http;

/// <summary>Waits for a revision that a caller has seen elsewhere.</summary>
internal static class Reaching
{
    /// <summary>How long it waits.</summary>
    private static readonly TimeSpan s_most = TimeSpan.FromSeconds(2);

    /// <summary>Null once memory has the revision; <c>behind</c> after two seconds.</summary>
    /// <exception cref="OperationCanceledException">The caller went away.</exception>
    public static async Task<MeshError?> ReachAsync(this HttpContext http, long revision, MeshEngine engine, ChangeFeed feed)
    {
        if (engine.State.Revision >= revision)
        {
            return null;
        }

        if (await engine.CatchUpAsync() is { } away)
        {
            return away;
        }

        using var follower = feed.Follow(http.GetKey().Id);
        for (var began = engine.Time.GetTimestamp(); ;)
        {
            follower.Changed.Reset();
            if (engine.State.Revision >= revision)
            {
                return null;
            }

            // A busy log signals all the time, and must not make the wait longer.
            var left = s_most - engine.Time.GetElapsedTime(began);
            if (left <= TimeSpan.Zero || !await follower.Changed.WaitAsync(left, engine.Time, http.RequestAborted))
            {
                return engine.State.Revision >= revision ? null : Refusals.Behind(revision, engine.State.Revision);
            }
        }
    }
}
