using System.Buffers.Text;

namespace SessionMesh.Client.Http;

/// <summary>
/// JSON may spell half of a surrogate pair (<c>"\ud800"</c>), which is not text: reading such a string throws. What agents say is passed on
/// as they said it, so an answer may hold one, and one agent's must not keep others from being seen.
/// </summary>
internal static class LoneSurrogates
{
    private const int EscapeLength = 6;

    /// <summary>
    /// The same JSON with <c>\ufffd</c> in place of each half that stands alone; the same memory where there is none.
    /// </summary>
    public static ReadOnlyMemory<byte> Repair(ReadOnlyMemory<byte> json)
    {
        byte[]? repaired = null;
        var span = json.Span;
        for (var i = span.IndexOf((byte)'\\'); i >= 0 && i < span.Length;)
        {
            var length = 2;
            if (UnitAt(span, i) is { } unit)
            {
                length = EscapeLength;
                if (char.IsHighSurrogate(unit) && UnitAt(span, i + EscapeLength) is { } second && char.IsLowSurrogate(second))
                {
                    length = 2 * EscapeLength;
                }
                else if (char.IsSurrogate(unit))
                {
                    repaired ??= json.ToArray();
                    "fffd"u8.CopyTo(repaired.AsSpan(i + 2));
                }
            }

            if (i + length >= span.Length)
            {
                break;
            }

            var next = span[(i + length)..].IndexOf((byte)'\\');
            i = next < 0 ? -1 : i + length + next;
        }

        return repaired ?? json;
    }

    /// <summary>The code unit of a <c>\uXXXX</c> there; null where there is something else.</summary>
    private static char? UnitAt(ReadOnlySpan<byte> json, int at) =>
        at + EscapeLength <= json.Length && json[at] == '\\' && json[at + 1] == 'u'
        && Utf8Parser.TryParse(json.Slice(at + 2, 4), out ushort unit, out var read, 'x') && read == 4
            ? (char)unit
            : null;
}
