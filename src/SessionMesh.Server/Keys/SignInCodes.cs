using System.Security.Cryptography;
using System.Text;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Keys;

namespace SessionMesh.Server.Keys;

/// <summary>In memory, on a server that is alone: a restart ends them, and whoever waited asks for another.</summary>
public sealed class SignInCodes : ISignInCodes
{
    private readonly Lock _gate = new();

    /// <summary>Oldest first.</summary>
    private readonly List<Given> _given = [];

    /// <inheritdoc/>
    public Task<string> GiveAsync(string minter, CreateKeyRequest wanted, long now, long until)
    {
        var code = NewCode();
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

        return Task.FromResult(code);
    }

    /// <inheritdoc/>
    public Task<(string Minter, CreateKeyRequest Wanted)?> TakeAsync(string code, long now) => Task.FromResult(Take(code, now));

    internal static string NewCode() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));

    internal static byte[] HashOf(string code) => SHA256.HashData(Encoding.UTF8.GetBytes(code));

    private (string Minter, CreateKeyRequest Wanted)? Take(string code, long now)
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

    private sealed record Given(byte[] Hash, string Minter, CreateKeyRequest Wanted, long Until);
}
