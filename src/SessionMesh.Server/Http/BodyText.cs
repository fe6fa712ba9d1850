using System.Buffers.Text;
using System.Text;
using System.Text.Unicode;
using SessionMesh.Contracts.Errors;
using SessionMesh.Core;

namespace SessionMesh.Server.Http;

/// <summary>
/// The door for text in bodies: UTF-8 alone, and no half of a surrogate pair, in names and values at any depth. Such a half is valid JSON
/// (<c>"\ud800"</c>) and no text: what came past here would be refused by whoever reads it, a strict client, the log, a database.
/// </summary>
internal static class BodyText
{
    private const int EscapeLength = 6;

    /// <summary>Null when it is UTF-8.</summary>
    public static MeshError? CheckEncoding(ReadOnlySpan<byte> body) =>
        Utf8.IsValid(body)
            ? null
            : new MeshError(ErrorKind.Invalid, ErrorCodes.InvalidJson, $"The body is not UTF-8: see byte {FirstInvalid(body) + 1}.");

    /// <summary>Null when no half of a surrogate pair is in it. Whether it is JSON is another question.</summary>
    public static MeshError? CheckSurrogates(ReadOnlySpan<byte> body) => LoneSurrogate(body) is var (at, unit)
        ? new MeshError(ErrorKind.Invalid, ErrorCodes.InvalidRequest,
            $"The body has a lone surrogate, \\u{(int)unit:x4}, at byte {at + 1}: half of a pair is no text. "
            + "Write the whole pair, or the character itself.")
        : null;

    /// <summary>The first escape that is half of a pair without its other half, and where it is.</summary>
    private static (int At, char Unit)? LoneSurrogate(ReadOnlySpan<byte> body)
    {
        for (var at = body.IndexOf((byte)'\\'); at >= 0 && at < body.Length;)
        {
            var length = 2;
            if (UnitAt(body, at) is { } unit)
            {
                length = EscapeLength;
                if (char.IsHighSurrogate(unit) && UnitAt(body, at + EscapeLength) is { } second && char.IsLowSurrogate(second))
                {
                    length = 2 * EscapeLength;
                }
                else if (char.IsSurrogate(unit))
                {
                    return (at, unit);
                }
            }

            var rest = at + length;
            var next = rest < body.Length ? body[rest..].IndexOf((byte)'\\') : -1;
            at = next < 0 ? -1 : rest + next;
        }

        return null;
    }

    /// <summary>The code unit of a <c>\uXXXX</c> there; null where there is something else.</summary>
    private static char? UnitAt(ReadOnlySpan<byte> body, int at) =>
        at + EscapeLength <= body.Length && body[at] == '\\' && body[at + 1] == 'u'
        && Utf8Parser.TryParse(body.Slice(at + 2, 4), out ushort unit, out var read, 'x') && read == 4
            ? (char)unit
            : null;

    private static int FirstInvalid(ReadOnlySpan<byte> body)
    {
        var at = 0;
        while (Rune.DecodeFromUtf8(body[at..], out _, out var length) == System.Buffers.OperationStatus.Done)
        {
            at += length;
        }

        return at;
    }
}
