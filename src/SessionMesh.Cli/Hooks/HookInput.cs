using SessionMesh.Contracts.Hooks;

namespace SessionMesh.Cli.Hooks;

/// <summary>An event as it came on stdin.</summary>
/// <param name="Event">Null where it was none, or too large.</param>
internal readonly record struct HookInput(HookEvent? Event, bool IsTooLarge)
{
    /// <summary>For how long an input may bring nothing before it counts as ended. A program writes its event at once.</summary>
    private static readonly TimeSpan s_longestSilence = TimeSpan.FromSeconds(4);

    /// <summary>
    /// Reads to the end, however large it is: whoever writes it is not to be cut off. An input that falls silent is taken for what came:
    /// somebody may have left it open, or closed it before we began, and then its number is something else of ours.
    /// </summary>
    public static async Task<HookInput> ReadAsync(
        Func<Stream> open, bool withDetail, TimeProvider time, CancellationToken cancellation)
    {
        var reader = new HookEventReader(withDetail);
        var buffer = new byte[64 * 1024];
        var length = 0L;
        var input = open();
        while (true)
        {
            // A read of standard input heeds no token, and blocks whoever does it: then it is left behind, with the input.
            var reading = Task.Run(() => input.Read(buffer), CancellationToken.None);
            int read;
            try
            {
                read = await reading.WaitAsync(s_longestSilence, time, cancellation);
            }
            catch (Exception e) when (e is TimeoutException or IOException)
            {
                break;
            }

            if (read == 0)
            {
                await input.DisposeAsync();
                break;
            }

            length += read;
            if (length <= HookEvent.MostBytes)
            {
                reader.Read(buffer.AsSpan(0, read));
            }
        }

        return length > HookEvent.MostBytes ? new(null, true) : new(reader.Finish(), false);
    }
}
