using System.Security.Cryptography;
using System.Text;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Keys;

namespace SessionMesh.Server.Keys;

/// <summary>
/// Codes that a page trades for a key, so that no key is ever part of an address. They are in memory alone, as hashes, for a minute: a
/// restart ends them, and whoever waited asks for another. Bounded: past <see cref="Limits.SignInCodes"/>, and past
/// <see cref="Limits.SignInCodesPerKey"/> of one key, the oldest ends. Thread-safe.
/// </summary>
public sealed class SignInCodes
{
    private readonly Lock _gate = new();

    /// <summary>Oldest first.</summary>
    private readonly List<Given> _given = [];

    /// <summary>Makes a code for a key that another key will mint.</summary>
    /// <param name="minter">The id of the key that asks.</param>
    /// <param name="wanted">The key to mint.</param>
    /// <param name="until">Unix time in milliseconds.</param>
    public string Give(string minter, CreateKeyRequest wanted, long now, long until)
    {
        var code = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        lock (_gate)
        {
            _given.RemoveAll(given => given.Until <= now);
            if (_given.Count(given => given.Minter == minter) >= Limits.SignInCodesPerKey)
            {
                _given.RemoveAt(_given.FindIndex(given => given.Minter == minter));
            }
            else if (_given.Count >= Limits.SignInCodes)
            {
                _given.RemoveAt(0);
            }

            _given.Add(new Given(HashOf(code), minter, wanted, until));
        }

        return code;
    }

    /// <summary>Takes a code: it is gone then, whatever comes of it. Null where there is none, or none any more.</summary>
    public (string Minter, CreateKeyRequest Wanted)? Take(string code, long now)
    {
        var hash = HashOf(code);
        lock (_gate)
        {
            var at = _given.FindIndex(given => CryptographicOperations.FixedTimeEquals(given.Hash, hash));
            if (at < 0)
            {
                return null;
            }

            var found = _given[at];
            _given.RemoveAt(at);
            return found.Until > now ? (found.Minter, found.Wanted) : null;
        }
    }

    private static byte[] HashOf(string code) => SHA256.HashData(Encoding.UTF8.GetBytes(code));

    private sealed record Given(byte[] Hash, string Minter, CreateKeyRequest Wanted, long Until);
}
