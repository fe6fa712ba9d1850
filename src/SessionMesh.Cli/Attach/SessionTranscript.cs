using System.Text.Json;
using SessionMesh.Cli.Settings;
using SessionMesh.Contracts.Hooks;

namespace SessionMesh.Cli.Attach;

/// <summary>
/// The file in which Claude Code keeps a session, a line of JSON for each thing that happened. It is read for one of them, of which no hook
/// tells: that a person broke a turn off. Nothing else of it is kept or told. Not thread-safe.
/// </summary>
internal sealed class SessionTranscript(string path, TimeProvider time)
{
    /// <summary>Bytes of a line that is looked at. The one that is looked for has about 700; others may have megabytes.</summary>
    private const int LongestLine = 16 * 1024;

    private static readonly TimeSpan s_between = TimeSpan.FromSeconds(1);
    private static readonly string[] s_words = ["[Request interrupted by user]", "[Request interrupted by user for tool use]"];

    private readonly byte[] _buffer = new byte[64 * 1024];
    private readonly List<byte> _line = new(1024);
    private bool _isTooLong;

    /// <summary>
    /// Says of each turn that is broken off from now on which it was, a second later at most. A file that cannot be read says nothing.
    /// </summary>
    public async Task WatchAsync(Func<HookEvent, Task> interrupted, CancellationToken cancellation)
    {
        var at = LengthOf() ?? 0;
        try
        {
            while (true)
            {
                await Task.Delay(s_between, time, cancellation);
                var length = LengthOf() ?? at;
                if (length < at)
                {
                    (at, _isTooLong) = (length, false); // it was written anew
                    _line.Clear();
                }

                HookEvent? last = null;
                while (at < length && ReadAt(at) is > 0 and var read)
                {
                    at += read;
                    last = Take(_buffer.AsSpan(0, read)) ?? last;
                }

                if (last is not null)
                {
                    await interrupted(last);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Nobody watches any more.
        }
    }

    /// <summary>Takes the next piece of the file.</summary>
    /// <returns>The last turn in it that was broken off; null for none.</returns>
    private HookEvent? Take(ReadOnlySpan<byte> piece)
    {
        HookEvent? last = null;
        while (!piece.IsEmpty)
        {
            var end = piece.IndexOf((byte)'\n');
            var part = end < 0 ? piece : piece[..end];
            _isTooLong |= _line.Count + part.Length > LongestLine;
            if (!_isTooLong)
            {
                _line.AddRange(part);
            }

            if (end < 0)
            {
                break;
            }

            last = (_isTooLong ? null : Interruption(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_line))) ?? last;
            _line.Clear();
            _isTooLong = false;
            piece = piece[(end + 1)..];
        }

        return last;
    }

    private static HookEvent? Interruption(ReadOnlySpan<byte> line)
    {
        if (line.IndexOf("[Request interrupted by user"u8) < 0)
        {
            return null;
        }

        try
        {
            using var json = JsonDocument.Parse(line.ToArray());
            return json.RootElement is { ValueKind: JsonValueKind.Object } row && IsInterruption(row)
                && Text(row, "sessionId") is { } session
                ? new HookEvent { Name = HookEvent.InterruptedName, SessionId = session, PromptId = Text(row, "promptId") }
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>What a person types has a text for its content, and not a list with one.</summary>
    private static bool IsInterruption(JsonElement row) =>
        Text(row, "type") == "user"
        && !(row.TryGetProperty("isSidechain", out var aside) && aside.ValueKind == JsonValueKind.True)
        && row.TryGetProperty("message", out var message) && message.ValueKind == JsonValueKind.Object
        && message.TryGetProperty("content", out var content) && content.ValueKind == JsonValueKind.Array && content.GetArrayLength() == 1
        && content[0] is { ValueKind: JsonValueKind.Object } block && s_words.Contains(Text(block, "text"));

    private static string? Text(JsonElement row, string name) =>
        row.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    /// <summary>Null where it is no regular file, or may not be looked at.</summary>
    private long? LengthOf()
    {
        try
        {
            return !OddFile.Is(path, follow: true) && new FileInfo(path) is { Exists: true } file ? file.Length : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private int ReadAt(long at)
    {
        try
        {
            using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            return RandomAccess.Read(file, _buffer, at);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            return 0;
        }
    }
}
