using System.Buffers;
using System.Buffers.Text;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace SessionMesh.Server.Json;

/// <summary>
/// A growing buffer of UTF-8 JSON text, for the two answers that are written by the hundred thousand: rows and directives. What frames
/// them, a list or an agent's detail, is written with it too: a <see cref="Utf8JsonWriter"/> over the same bytes would have to be flushed
/// before each row. Everything else uses that writer. Pooled: dispose of it. Not thread-safe.
/// </summary>
public sealed class Utf8Buffer(int capacity = 1024) : IBufferWriter<byte>, IDisposable
{
    private static readonly SearchValues<char> s_needsEscape =
        SearchValues.Create(
        [
            .. Enumerable.Range(0, 32).Select(c => (char)c), '"', '\\', '<', '>', '&', '\'', '+', '`',
            .. Enumerable.Range(0x7f, 0xffff - 0x7f + 1).Select(c => (char)c),
        ]);

    private byte[] _bytes = ArrayPool<byte>.Shared.Rent(capacity);
    private int _length;

    public ReadOnlyMemory<byte> Written => _bytes.AsMemory(0, _length);
    public int Length => _length;

    public void Clear() => _length = 0;

    /// <summary>Removes the last byte, a trailing comma.</summary>
    public void Unwrite() => _length--;

    public void Raw(ReadOnlySpan<byte> utf8)
    {
        utf8.CopyTo(GetSpan(utf8.Length));
        _length += utf8.Length;
    }

    public void Raw(string text) => _length += Encoding.UTF8.GetBytes(text, GetSpan(text.Length * 3));

    public void Number(long value)
    {
        Utf8Formatter.TryFormat(value, GetSpan(20), out var written);
        _length += written;
    }

    /// <summary>The shortest text that reads back as the same number.</summary>
    public void Number(double value)
    {
        value.TryFormat(GetSpan(32), out var written, provider: System.Globalization.CultureInfo.InvariantCulture);
        _length += written;
    }

    /// <inheritdoc cref="Number(double)"/>
    public void Number(float value)
    {
        value.TryFormat(GetSpan(32), out var written, provider: System.Globalization.CultureInfo.InvariantCulture);
        _length += written;
    }

    public void Bool(bool value) => Raw(value ? "true"u8 : "false"u8);

    /// <summary>A JSON string, or null.</summary>
    public void String(string? text)
    {
        if (text is null)
        {
            Raw("null"u8);
            return;
        }

        var span = GetSpan((text.Length * 6) + 2);
        span[0] = (byte)'"';
        int written;
        if (text.AsSpan().IndexOfAny(s_needsEscape) < 0)
        {
            Ascii.FromUtf16(text, span[1..], out written);
        }
        else
        {
            var encoded = JsonEncodedText.Encode(text, JavaScriptEncoder.Default).EncodedUtf8Bytes;
            encoded.CopyTo(span[1..]);
            written = encoded.Length;
        }

        span[written + 1] = (byte)'"';
        _length += written + 2;
    }

    /// <summary>Writes a time as a JSON string, <c>"2026-01-31T08:15:30.125Z"</c>; null for 0.</summary>
    /// <param name="wall">UTC milliseconds since the Unix epoch.</param>
    public void Time(long wall)
    {
        if (wall == 0)
        {
            Raw("null"u8);
            return;
        }

        var span = GetSpan(26);
        var time = DateTime.UnixEpoch.AddTicks(wall * TimeSpan.TicksPerMillisecond);
        time.GetDate(out var year, out var month, out var day);
        time.TimeOfDay.Deconstruct(out var hour, out var minute, out var second, out var millisecond);
        span[0] = (byte)'"';
        Digits(span.Slice(1, 4), year);
        span[5] = (byte)'-';
        Digits(span.Slice(6, 2), month);
        span[8] = (byte)'-';
        Digits(span.Slice(9, 2), day);
        span[11] = (byte)'T';
        Digits(span.Slice(12, 2), hour);
        span[14] = (byte)':';
        Digits(span.Slice(15, 2), minute);
        span[17] = (byte)':';
        Digits(span.Slice(18, 2), second);
        span[20] = (byte)'.';
        Digits(span.Slice(21, 3), millisecond);
        span[24] = (byte)'Z';
        span[25] = (byte)'"';
        _length += 26;
    }

    /// <summary>
    /// Writes microseconds since the Unix epoch as an ISO 8601 UTC time in quotes; null for 0. The fraction of a second has six digits, or
    /// is left out if it is zero.
    /// </summary>
    public void TimeMicros(long micros)
    {
        if (micros == 0)
        {
            Raw("null"u8);
            return;
        }

        var (seconds, fraction) = Math.DivRem(micros, 1_000_000);
        if (fraction < 0)
        {
            (seconds, fraction) = (seconds - 1, fraction + 1_000_000);
        }

        Time(seconds == 0 ? 1 : seconds * 1000);
        _length -= 6; // the milliseconds, the zone and the quote
        if (fraction != 0)
        {
            var span = GetSpan(7);
            span[0] = (byte)'.';
            Digits(span.Slice(1, 6), (int)fraction);
            _length += 7;
        }

        Raw("Z\""u8);
    }

    public void Advance(int count) => _length += count;

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Reserve(Math.Max(sizeHint, 256));
        return _bytes.AsMemory(_length);
    }

    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Reserve(Math.Max(sizeHint, 1));
        return _bytes.AsSpan(_length);
    }

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = [];
        _length = 0;
    }

    private static void Digits(Span<byte> into, int value)
    {
        for (var i = into.Length - 1; i >= 0; i--)
        {
            into[i] = (byte)('0' + (value % 10));
            value /= 10;
        }
    }

    private void Reserve(int more)
    {
        if (_bytes.Length - _length >= more)
        {
            return;
        }

        var grown = ArrayPool<byte>.Shared.Rent(Math.Max(_length + more, _bytes.Length * 2));
        _bytes.AsSpan(0, _length).CopyTo(grown);
        ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = grown;
    }
}

/// <summary>Splits a date or a time into its parts.</summary>
internal static class TimeParts
{
    public static void GetDate(this DateTime time, out int year, out int month, out int day) =>
        DateOnly.FromDateTime(time).Deconstruct(out year, out month, out day);

    public static void Deconstruct(this TimeSpan time, out int hour, out int minute, out int second, out int millisecond) =>
        (hour, minute, second, millisecond) = (time.Hours, time.Minutes, time.Seconds, time.Milliseconds);
}
