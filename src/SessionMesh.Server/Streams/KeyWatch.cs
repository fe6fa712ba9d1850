using SessionMesh.Contracts.Errors;
using SessionMesh.Contracts.Events;
using SessionMesh.Core.Keys;
using SessionMesh.Server.Engine;

namespace SessionMesh.Server.Streams;

/// <summary>The key of an open stream, looked up again while the stream is open. Not thread-safe: one per stream.</summary>
public sealed class KeyWatch(Key key, MeshEngine engine)
{
    private Key _newest = key;

    public string KeyId => _newest.Id;

    /// <summary>The key at the last lookup.</summary>
    public Key Key => _newest;

    /// <summary>When the key expires, in wall milliseconds; 0 for never. A rotation may bring it forward.</summary>
    public long ExpiresAt => _newest.ExpiresAt;

    /// <summary>Null while the key is valid; else a notice of how it ended.</summary>
    public StreamNotice? End()
    {
        var current = engine.State.Keys.Find(_newest.Id);
        _newest = current ?? _newest;
        var now = engine.Now.Wall;
        if (current?.IsValidAt(now) == true)
        {
            engine.KeyUses.Note(current, now);
            return null;
        }

        return _newest.ExpiresAt != 0 && now >= _newest.ExpiresAt
            ? Notice(ErrorCodes.KeyExpired, $"The key {_newest.Id} of this stream has expired. Listen again with another.")
            : Notice(ErrorCodes.KeyRevoked, $"The key {_newest.Id} of this stream was revoked.");
    }

    private static StreamNotice Notice(string code, string detail) => new() { Code = code, Detail = detail };
}
