using System.Buffers;
using System.Text;

namespace SessionMesh.Server.Sessions;

/// <summary>Lines of an import that are no Unicode text, made one with replacement characters.</summary>
internal static class ImportText
{
    private static readonly byte[] s_replacement = "\\ufffd"u8.ToArray();

    /// <summary>
    /// The same line where it is text. Bytes that are not UTF-8, and halves of surrogate pairs that are written as escapes, as Python
    /// writes an argument that is not UTF-8, are replaced.
    /// </summary>
    public static ReadOnlyMemory<byte> Mend(ReadOnlyMemory<byte> line, out bool replaced)
    {
        replaced = !System.Text.Unicode.Utf8.IsValid(line.Span);
        if (replaced)
        {
            line = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(line.Span));
        }

        return line.Span.IndexOf("\\ud"u8) < 0 && line.Span.IndexOf("\\uD"u8) < 0 ? line : MendEscapes(line, ref replaced);
    }

    private static ReadOnlyMemory<byte> MendEscapes(ReadOnlyMemory<byte> line, ref bool replaced)
    {
        var mended = new ArrayBufferWriter<byte>(line.Length);
        var rest = line.Span;
        var found = false;
        while (rest.IndexOf((byte)'\\') is >= 0 and var at)
        {
            mended.Write(rest[..at]);
            rest = rest[at..];
            var first = SurrogateAt(rest);
            var isPair = first is { } high && char.IsHighSurrogate(high) && SurrogateAt(rest[6..]) is { } low && char.IsLowSurrogate(low);
            var isAlone = first is not null && !isPair;
            var length = isPair ? 12 : isAlone ? 6 : Math.Min(2, rest.Length);
            found |= isAlone;
            mended.Write(isAlone ? s_replacement : rest[..length]);
            rest = rest[length..];
        }

        mended.Write(rest);
        replaced |= found;
        return found ? mended.WrittenMemory : line;
    }

    /// <summary>The half of a pair that is escaped at the beginning of a text, or null.</summary>
    private static char? SurrogateAt(ReadOnlySpan<byte> text) =>
        text.Length >= 6 && text[0] == '\\' && text[1] == 'u'
        && System.Buffers.Text.Utf8Parser.TryParse(text.Slice(2, 4), out ushort code, out var used, 'x') && used == 4
        && char.IsSurrogate((char)code)
            ? (char)code
            : null;
}
