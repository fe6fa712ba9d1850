using System.Net;
using SessionMesh.Client;
using SessionMesh.Contracts.Errors;
using SessionMesh.Contracts.Keys;

namespace SessionMesh.Dashboard.SignIn;

/// <summary>
/// Whoever looks at the page in one tab: their key, and the client that acts with it. It has no rights but those of the key, and none
/// before <see cref="SignInAsync"/>. Used by its circuit alone.
/// </summary>
public sealed class Viewer(IMeshDoor door) : IDisposable
{
    private HttpMessageHandler? _handler;
    private MeshClient? _mesh;

    /// <summary>Raised when somebody signed in or out.</summary>
    public event Action? Changed;

    /// <summary>Null before somebody signs in.</summary>
    public KeyRow? Key { get; private set; }

    public bool IsSignedIn => Key is not null;

    /// <summary>Why the last one was signed out, for the person; null at first and after signing out by hand.</summary>
    public string? Notice { get; private set; }

    /// <summary>The mesh, with the key of whoever looks.</summary>
    /// <exception cref="InvalidOperationException">Nobody is signed in.</exception>
    public MeshClient Mesh => _mesh ?? throw new InvalidOperationException("nobody is signed in");

    /// <summary>The address that the page is looked at from.</summary>
    internal IPAddress? Address { get; set; }

    /// <summary>
    /// Whether the key has a scope: for what the page asks by itself, beside what the person asks for. It is no check; the mesh does that.
    /// </summary>
    public bool May(string scope) => Key?.Scopes.Any(has => has == scope || has == Scopes.Admin) == true;

    /// <summary>Takes a key if the mesh knows it.</summary>
    /// <returns>Null when it does; else what is wrong, for the person.</returns>
    public async Task<string?> SignInAsync(string token, CancellationToken cancellation = default)
    {
        token = token.Trim();
        if (token.Length == 0)
        {
            return "Paste a key. The root key is in the file root.key in the server's data directory.";
        }

        return !IsKey(token) ? "This is no key: one begins with smk_, and has neither blanks nor line breaks in it."
            : await TakeAsync(token, cancellation) is not { } e ? null
            : e.Code == ErrorCodes.Unauthenticated
                ? "The mesh does not know this key, or it has ended. Mint another with: session-mesh keys create"
                : e.Message;
    }

    /// <summary>Takes a key that was in use in this tab before.</summary>
    /// <returns>Whether the mesh still knows it; null where it could not say, of which <see cref="Notice"/> speaks.</returns>
    public async Task<bool?> ReturnAsync(string token)
    {
        if (!IsKey(token))
        {
            return false;
        }

        var fault = await TakeAsync(token, CancellationToken.None);
        var isOver = fault?.Code == ErrorCodes.Unauthenticated;
        Notice = isOver ? "The key of this tab has ended, so you are signed out." : fault?.Message;
        return fault is null ? true : isOver ? false : null;
    }

    /// <summary>Trades a code for its key, and signs in with that.</summary>
    /// <returns>The key; null where the code is not known any more, of which <see cref="Notice"/> speaks.</returns>
    public async Task<string?> TradeAsync(string code)
    {
        using var handler = door.Open(Address);
        using var mesh = new MeshClient(new MeshClientOptions { Attempts = 1 }, handler);
        try
        {
            var key = (await mesh.TradeSignInCodeAsync(code)).Token;
            Notice = await SignInAsync(key);
            return Notice is null ? key : null;
        }
        catch (MeshException e)
        {
            Notice = e.Message;
            return null;
        }
    }

    /// <param name="notice">Why, for the person; null where they did it themselves.</param>
    public void SignOut(string? notice)
    {
        if (Key is null)
        {
            return;
        }

        Leave();
        Notice = notice;
        Changed?.Invoke();
    }

    public void Dispose() => Leave();

    private static bool IsKey(string token) => token.Length is > 0 and <= 256 && !token.Any(c => c is <= ' ' or > '~');

    /// <summary>Takes a key if the mesh knows it; else says what is wrong.</summary>
    private async Task<MeshException?> TakeAsync(string token, CancellationToken cancellation)
    {
        var handler = door.Open(Address);
        var mesh = new MeshClient(new MeshClientOptions { Token = token, Attempts = 1 }, handler);
        try
        {
            var key = await mesh.OwnKeyAsync(cancellation);
            Leave();
            (_handler, _mesh, Key, Notice) = (handler, mesh, key, null);
            Changed?.Invoke();
            return null;
        }
        catch (MeshException e)
        {
            mesh.Dispose();
            handler.Dispose();
            return e;
        }
    }

    private void Leave()
    {
        _mesh?.Dispose();
        _handler?.Dispose();
        (_handler, _mesh, Key) = (null, null, null);
    }
}
