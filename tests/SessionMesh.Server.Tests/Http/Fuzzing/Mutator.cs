using System.Text;

namespace SessionMesh.Server.Tests.Http.Fuzzing;

/// <summary>Makes bad bodies of good ones. The same seed makes the same.</summary>
internal sealed class Mutator(Random random)
{
    /// <summary>What parsers have stumbled over, as Latin-1 so that it may be no UTF-8.</summary>
    private static readonly string[] s_pieces =
    [
        "\"\\ud800\"", "\"\\udc00\\ud800\"", "\"\\ud83d\\ude00\"", "\\ud800", "{\"\\ud800\":1}", "\"\\udfff\":1,", "\"\\u0000\"", "\\u0000",
        "\"\\ud800\\u0041\"",
        "\u00ff", "\u00ed\u00a0\u0080", "\u00c0\u0080", "\u00f4\u0090\u0080\u0080", "\u00ef\u00bb\u00bf", "\0", "\u0001", "\u001f",
        "/**/", "//\n", "#", "null", "true", "-0", "1e999", "-1e999", "0.1e-400", "123456789012345678901234567890", "-9223372036854775809",
        "2147483648", "01", "+1", ".5", "NaN", "Infinity",
        "{}", "[]", "[null]", "{\"a\":{\"a\":1},\"a\":2}", ",", ":", "\"", "\\", "}", "]", "{", "[", "\"\\u\"", "\"\\x\"", "\"\"", "\"\n\"",
        "\"a\":1,", "\"agent_id\":\"a\",", "\"data\":\"\\udbff\",",
        "\"data\":{\"\\ud800\":\"\\udc00\"},", "\"state\":\"acknowledged\",", "\"9999-12-31T23:59:59.9999999Z\"",
        "\"0001-01-01T00:00:00+14:00\"", "\"2026-02-30T00:00:00Z\"",
    ];

    public byte[] Mutate(string body)
    {
        var bytes = Encoding.UTF8.GetBytes(body).ToList();
        for (var times = random.Next(1, 4); times > 0; times--)
        {
            Once(bytes);
        }

        return [.. bytes];
    }

    private void Once(List<byte> bytes)
    {
        var at = random.Next(bytes.Count + 1);
        switch (random.Next(11))
        {
            case 0 when at < bytes.Count: bytes[at] ^= (byte)(1 << random.Next(8)); break;
            case 1 when at < bytes.Count: bytes[at] = (byte)random.Next(256); break;
            case 2: bytes.RemoveRange(at, random.Next(bytes.Count - at + 1)); break;
            case 3: bytes.RemoveRange(at, Math.Min(random.Next(4), bytes.Count - at)); break;
            case 4: bytes.InsertRange(at, bytes.GetRange(at, random.Next(bytes.Count - at + 1))); break;
            case 5: Nest(bytes); break;
            case 6: bytes.InsertRange(0, Piece()); break;
            case 7: InsteadOfAValue(bytes, at); break;
            case 8: AsAMember(bytes); break;
            case 9: InsideAText(bytes, at); break;
            default: bytes.InsertRange(at, Piece()); break;
        }
    }

    private byte[] Piece() => Encoding.Latin1.GetBytes(s_pieces[random.Next(s_pieces.Length)]);

    private void Nest(List<byte> bytes)
    {
        var depth = random.Next(1, 40);
        var (open, close) = random.Next(2) == 0 ? ("[", "]") : ("{\"a\":", "}");
        bytes.InsertRange(0, Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(open, depth))));
        bytes.AddRange(Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(close, depth))));
    }

    private void InsteadOfAValue(List<byte> bytes, int near)
    {
        var begin = bytes.IndexOf((byte)':', Math.Min(near, bytes.Count));
        if (begin < 0)
        {
            return;
        }

        var end = bytes.FindIndex(begin, b => b is (byte)',' or (byte)'}');
        bytes.RemoveRange(begin + 1, (end < 0 ? bytes.Count : end) - begin - 1);
        bytes.InsertRange(begin + 1, Piece());
    }

    private void AsAMember(List<byte> bytes)
    {
        if (bytes.Count > 0 && bytes[0] == '{')
        {
            bytes.InsertRange(1, [(byte)'"', .. Piece(), (byte)'"', (byte)':', .. Piece(), (byte)',']);
        }
    }

    private void InsideAText(List<byte> bytes, int near)
    {
        var quote = bytes.IndexOf((byte)'"', Math.Min(near, bytes.Count));
        if (quote >= 0)
        {
            bytes.InsertRange(quote + 1, Piece().Where(b => b != '"'));
        }
    }
}
