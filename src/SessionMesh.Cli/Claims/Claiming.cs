using System.Text.Json;
using SessionMesh.Client;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Errors;
using SessionMesh.Contracts.Registry;

namespace SessionMesh.Cli.Claims;

/// <summary>
/// Claims an agent, and waits for one as long as is wanted: the server waits for a minute at most, and is asked again. It does not keep a
/// queue: of several that wait, any may be the next. Once the server was heard, its absence is waited out, too.
/// </summary>
internal sealed class Claiming(MeshClient client, TimeProvider time)
{
    private static readonly TimeSpan s_second = TimeSpan.FromSeconds(1);

    /// <exception cref="MeshException">Nobody had room in that time (<c>no_capacity</c>), or it cannot be claimed at all.</exception>
    public async Task<JsonElement> AskAsync(ClaimRequest request, TimeSpan wait, CancellationToken cancellation)
    {
        var (began, backoff, wasHeard) = (time.GetTimestamp(), new Backoff(TimeSpan.FromSeconds(15)), false);
        while (true)
        {
            var seconds = (int)Math.Ceiling(Math.Clamp(Left().TotalSeconds, 0, Limits.MaxWait));
            var asked = time.GetTimestamp();
            try
            {
                return await client.SendAsync(MeshCall.Claim(request with { Wait = seconds > 0 ? seconds : null }), cancellation);
            }
            catch (MeshException e) when (Left() > TimeSpan.Zero && (e.Code == ErrorCodes.NoCapacity || (wasHeard && IsForNow(e))))
            {
                wasHeard = true;
            }

            // An answer that came too early is of a server that is about to stop: it is not to be asked at once.
            if (time.GetElapsedTime(asked) < TimeSpan.FromSeconds(seconds) - s_second)
            {
                var pause = backoff.Next();
                await Task.Delay(pause < Left() ? pause : Left(), time, cancellation);
            }
            else
            {
                backoff.Reset();
            }
        }

        TimeSpan Left() => wait - time.GetElapsedTime(began);
    }

    /// <summary>Whether the same call may succeed later.</summary>
    public static bool IsForNow(MeshException error) =>
        error.Failure is not MeshFailure.Refused || error.Status is 408 or 429 or >= 500;
}
