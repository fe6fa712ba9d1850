using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using SessionMesh.Core.Keys;

namespace SessionMesh.Server.Mcp;

/// <summary>
/// Ids of MCP sessions. An id is a random number and its signature under the caller's key: whoever has the key can tell that it is theirs,
/// on every node and after a restart, and nothing is remembered. It grants nothing; each request brings its key.
/// </summary>
internal static class McpSessions
{
    public const string Header = "Mcp-Session-Id";

    private const int NonceLength = 15;
    private const int SignatureLength = 21;

    /// <summary>What is signed begins with this: the signature is good for nothing else.</summary>
    private static readonly byte[] s_purpose = "session-mesh mcp session "u8.ToArray();

    /// <summary>Makes an id for a session of that key, 48 visible ASCII characters.</summary>
    public static string New(Key key)
    {
        Span<byte> id = stackalloc byte[NonceLength + SignatureLength];
        RandomNumberGenerator.Fill(id[..NonceLength]);
        Sign(key, id[..NonceLength], id[NonceLength..]);
        return Base64Url.EncodeToString(id);
    }

    /// <summary>Whether an id was made for that key.</summary>
    public static bool IsOf(Key key, string id)
    {
        Span<byte> bytes = stackalloc byte[NonceLength + SignatureLength];
        Span<byte> signature = stackalloc byte[SignatureLength];
        if (id.Length != Base64Url.GetEncodedLength(bytes.Length)
            || !Base64Url.TryDecodeFromChars(id, bytes, out var length) || length != bytes.Length)
        {
            return false;
        }

        Sign(key, bytes[..NonceLength], signature);
        return CryptographicOperations.FixedTimeEquals(signature, bytes[NonceLength..]);
    }

    /// <summary>Signs with the hash of the token, which only the store and whoever has the token know.</summary>
    private static void Sign(Key key, ReadOnlySpan<byte> nonce, Span<byte> signature)
    {
        Span<byte> text = stackalloc byte[s_purpose.Length + NonceLength];
        s_purpose.CopyTo(text);
        nonce.CopyTo(text[s_purpose.Length..]);
        Span<byte> whole = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(Encoding.ASCII.GetBytes(key.Hash), text, whole);
        whole[..SignatureLength].CopyTo(signature);
    }
}
