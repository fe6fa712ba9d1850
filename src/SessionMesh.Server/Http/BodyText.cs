using System.Buffers.Text;
using System.Text;
using System.Text.Unicode;
using SessionMesh.Contracts.Errors;
using SessionMesh.Core;

namespace SessionMesh.Server.Http;

/// <summary>
/// Checks the text of bodies: UTF-8 only, and no lone surrogate in a name or value at any depth. A lone surrogate (<c>"\ud800"</c>) is
/// valid JSON but not text: if it were let in, a strict client, the log or a database would refuse it later.
/// </summary>
internal static class BodyText
{
    private const int EscapeLength = 6;

    /// <summary>Null if the body is UTF-8.</summary>
    public static MeshError? CheckEncoding(ReadOnlySpan<byte> body) =>
        Utf8.IsValid(body)
            ? null
            : new MeshError(ErrorKind.Invalid, ErrorCodes.InvalidJson, $"The body is not UTF-8: see byte {FirstInvalid(body) + 1}.");

    /// <summary>Null if the body has no lone surrogate. Does not check that it is JSON.</summary>
    public static MeshError? CheckSurrogates(ReadOnlySpan<byte> body) => LoneSurrogate(body) is var (at, unit)
        ? new MeshError(ErrorKind.Invalid, ErrorCodes.InvalidRequest,
            $"The body has a lone surrogate, \\u{(int)unit:x4}, at byte {at + 1}: half of a pair is no text. "
            + "Write the whole pair, or the character itself.")
        : null;

    /// <summary>The first escape that is half of a surrogate pair without the other half, and its position.</summary>
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

    /// <summary>The code unit of a <c>\uXXXX</c> escape at that position; null if there is none.</summary>
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
