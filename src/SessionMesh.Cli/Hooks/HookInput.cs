using SessionMesh.Contracts.Hooks;

namespace SessionMesh.Cli.Hooks;

/// <summary>An event as it came on stdin.</summary>
/// <param name="Event">Null where it was none, or too large.</param>
internal readonly record struct HookInput(HookEvent? Event, bool IsTooLarge)
{
    /// <summary>Reads to the end, however large it is: whoever writes it is not to be cut off.</summary>
    public static async Task<HookInput> ReadAsync(Func<Stream> open, bool withDetail, CancellationToken cancellation)
    {
        var reader = new HookEventReader(withDetail);
        var buffer = new byte[64 * 1024];
        var length = 0L;
        await using var input = open();
        int read;
        while ((read = await input.ReadAsync(buffer, cancellation)) > 0)
        {
            length += read;
            if (length <= HookEvent.MostBytes)
            {
                reader.Read(buffer.AsSpan(0, read));
            }
        }

        return length > HookEvent.MostBytes ? new(null, true) : new(reader.Finish(), false);
    }
}
