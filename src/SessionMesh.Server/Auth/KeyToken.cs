using System.Buffers;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;

namespace SessionMesh.Server.Auth;

/// <summary>
/// The text of a key, <c>smk_ID_SECRET_CHECK</c>, and of its refresh token, <c>smr_ID_SECRET_CHECK</c>: a 12-character id, 256 random bits
/// as 43 base62 characters, and a 6-character checksum that tells a mistyped key from an unknown one without a lookup. Only the SHA-256 of
/// a token is stored.
/// </summary>
public static class KeyToken
{
    public const string Prefix = "smk_";
    public const string RefreshPrefix = "smr_";
    public const int IdLength = 12;

    private const int SecretLength = 43;
    private const int CheckLength = 6;
    private const int Length = 4 + IdLength + 1 + SecretLength + 1 + CheckLength;
    private const string IdAlphabet = "abcdefghijklmnopqrstuvwxyz0123456789";
    private const string Alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    private static readonly SearchValues<char> s_idLetters = SearchValues.Create(IdAlphabet);

    /// <summary>Makes a new id and a token that contains it, from the system's random source.</summary>
    public static (string Id, string Token) New()
    {
        var id = RandomNumberGenerator.GetString(IdAlphabet, IdLength);
        return (id, New(Prefix, id));
    }

    /// <summary>Makes a new refresh token for a key.</summary>
    public static string NewRefresh(string keyId) => New(RefreshPrefix, keyId);

    /// <summary>Reads the key id from a token with that prefix. Checks the shape only.</summary>
    public static bool TryReadId(ReadOnlySpan<char> token, string prefix, out ReadOnlySpan<char> id)
    {
        id = default;
        if (token.Length != Length || !token.StartsWith(prefix, StringComparison.Ordinal)
            || token[16] != '_' || token[^(CheckLength + 1)] != '_')
        {
            return false;
        }

        id = token.Slice(Prefix.Length, IdLength);
        return true;
    }

    /// <summary>Reads the key id from a token whose shape and checksum are right. Such a key need not exist.</summary>
    public static bool TryReadWhole(ReadOnlySpan<char> token, out ReadOnlySpan<char> id) =>
        (TryReadId(token, Prefix, out id) || TryReadId(token, RefreshPrefix, out id)) && !id.ContainsAnyExcept(s_idLetters)
        && token[^CheckLength..].SequenceEqual(Checksum(token[..^(CheckLength + 1)].ToString()));

    /// <summary>Writes the Base64 of the token's SHA-256, 44 characters, to <paramref name="hash"/>.</summary>
    public static void Hash(ReadOnlySpan<char> token, Span<char> hash)
    {
        Span<byte> utf8 = stackalloc byte[Length * 3];
        var length = Encoding.UTF8.GetBytes(token, utf8);
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(utf8[..length], digest);
        Convert.TryToBase64Chars(digest, hash, out _);
    }

    public static string Hash(string token)
    {
        Span<char> hash = stackalloc char[44];
        Hash(token, hash);
        return new string(hash);
    }

    private static string New(string prefix, string id)
    {
        Span<byte> secret = stackalloc byte[32];
        RandomNumberGenerator.Fill(secret);
        var body = $"{prefix}{id}_{Base62(new BigInteger(secret, isUnsigned: true), SecretLength)}";
        return $"{body}_{Checksum(body)}";
    }

    private static string Checksum(string body)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.ASCII.GetBytes(body), digest);
        return Base62(new BigInteger(digest[..4], isUnsigned: true), CheckLength);
    }

    private static string Base62(BigInteger value, int length)
    {
        Span<char> text = stackalloc char[length];
        for (var i = length - 1; i >= 0; i--)
        {
            text[i] = Alphabet[(int)(value % 62)];
            value /= 62;
        }

        return new string(text);
    }
}
