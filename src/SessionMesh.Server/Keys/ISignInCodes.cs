using SessionMesh.Contracts;
using SessionMesh.Contracts.Keys;

namespace SessionMesh.Server.Keys;

/// <summary>
/// Codes that a page trades for a key, so that no key is ever part of an address. They are kept as hashes, for a minute. Bounded: past
/// <see cref="Limits.SignInCodes"/>, and past <see cref="Limits.SignInCodesPerKey"/> of one key, the oldest ends. Thread-safe.
/// </summary>
public interface ISignInCodes
{
    /// <summary>Makes a code for a key that another key will mint.</summary>
    /// <param name="minter">The id of the key that asks.</param>
    /// <param name="wanted">The key to mint.</param>
    /// <param name="until">Unix time in milliseconds.</param>
    Task<string> GiveAsync(string minter, CreateKeyRequest wanted, long now, long until);

    /// <summary>Takes a code: it is gone then, whatever comes of it. Null where there is none, or none any more.</summary>
    Task<(string Minter, CreateKeyRequest Wanted)?> TakeAsync(string code, long now);
}
