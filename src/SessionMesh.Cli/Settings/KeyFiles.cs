using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Output;
using SessionMesh.Client;
using SessionMesh.Storage;

namespace SessionMesh.Cli.Settings;

/// <summary>
/// A key in a file and, in <c>FILE.refresh</c>, the refresh token it came with; both of mode 0600. A refresh token that is used
/// twice ends every key of its name, so it is used under a lock (<c>FILE.refresh.lock</c>), and what it gave is written before the lock
/// is let go. The lock holds between processes of one machine.
/// </summary>
internal sealed class KeyFiles(string path)
{
    public const string RefreshSuffix = ".refresh";

    /// <summary>Longer than all attempts of one call take; a lock held beyond it is stuck.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan s_between = TimeSpan.FromMilliseconds(50);

    public string KeyPath => path;

    public string RefreshPath => path + RefreshSuffix;

    private string LockPath => RefreshPath + ".lock";

    /// <summary>
    /// Writes a new key and its refresh token. The token first: an interruption in between leaves a key that is over and a
    /// token that is not, never with a token that was used.
    /// </summary>
    public void Save(JsonElement created, bool replace)
    {
        if (Json.Text(created, "refresh_token") is { } refresh)
        {
            Write(RefreshPath, refresh, replace);
        }

        Write(path, created.GetProperty("token").GetString()!, replace);
    }

    /// <summary>
    /// Trades the refresh token for the next key and replaces both files; or leaves that to another process that has just done it.
    /// </summary>
    /// <param name="refused">The key that is over; null refreshes whatever key there is.</param>
    /// <returns>The server's answer; null when the key in the file is not the refused one any more.</returns>
    /// <exception cref="MeshException">The token was not taken.</exception>
    /// <exception cref="CommandException">A file cannot be read, or the lock cannot be had; or the new key could not be
    /// written.</exception>
    public async Task<JsonElement?> RefreshAsync(
        MeshClient client, string? refused, int? ttl, TimeProvider time, CancellationToken cancellation)
    {
        using var hold = await LockAsync(time, cancellation);
        if (refused is not null && MeshSettings.ReadKeyFile(path, "the key file") != refused)
        {
            return null;
        }

        var token = MeshSettings.ReadKeyFile(RefreshPath, "the refresh token's file");
        var call = MeshCall.RefreshKey(token, ttl) with { IdempotencyKey = IdempotencyKeyOf(token, hold) };

        // From here on the token may have been used: cancelling now must not leave the old files in place.
        return Replace(await client.SendAsync(call, CancellationToken.None));
    }

    /// <summary>Replaces the key by one that is made now; or leaves that to another process that has just done it.</summary>
    /// <param name="refused">The key that is over.</param>
    /// <param name="makeAsync">Makes the new one, and returns the server's answer.</param>
    /// <returns>That answer; null when the key in the file is not the refused one any more.</returns>
    /// <inheritdoc cref="RefreshAsync" path="/exception"/>
    public async Task<JsonElement?> ReplaceAsync(
        string refused, Func<Task<JsonElement>> makeAsync, TimeProvider time, CancellationToken cancellation)
    {
        using var hold = await LockAsync(time, cancellation);
        return MeshSettings.ReadKeyFile(path, "the key file") == refused ? Replace(await makeAsync()) : null;
    }

    private JsonElement Replace(JsonElement created)
    {
        try
        {
            Save(created, replace: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw NotWritten(created, FileWords.Of(e, path));
        }

        return created;
    }

    /// <summary>A key was made and its secret could not be written.</summary>
    public static CommandException NotWritten(JsonElement created, string why) => Lost(created, $"but not written: {why}");

    /// <summary>A key was made, and nobody saw its secret.</summary>
    public static CommandException NotShown(JsonElement created, string why) => Lost(created, $"and its secret is lost: {why}");

    /// <summary>What to do differs for the root key: the server has it in a file of its own, and nobody else may mint another.</summary>
    private static CommandException Lost(JsonElement created, string what)
    {
        var id = Json.Text(created, "key_id");
        return new CommandException(
            ExitCodes.Failed,
            $"the key {id} was made, {what}",
            created.TryGetProperty("revoked_count", out _)
                ? "the file root.key in the server's data directory: it has the same key"
                : $"session-mesh keys revoke {id}, then the same command again");
    }

    private static void Write(string file, string secret, bool replace) =>
        PrivateFiles.Write(file, Encoding.ASCII.GetBytes(secret + "\n"), replace);

    private async Task<FileStream> LockAsync(TimeProvider time, CancellationToken cancellation)
    {
        var began = time.GetTimestamp();
        while (true)
        {
            try
            {
                return PrivateFiles.Open(LockPath, FileMode.OpenOrCreate, FileAccess.ReadWrite);
            }
            catch (IOException e) when (FileWords.IsInUse(e))
            {
                if (time.GetElapsedTime(began) > s_patience)
                {
                    throw new CommandException(
                        ExitCodes.Failed,
                        $"another process has held {LockPath} for {s_patience.TotalSeconds:0} s",
                        "the same command later");
                }

                await Task.Delay(s_between, time, cancellation);
            }
        }
    }

    /// <summary>
    /// The key under which this token is sent, kept in the lock file: when the answer was lost with the process that waited for it, the
    /// next process that sends the token repeats the same call, and is not taken for a thief.
    /// </summary>
    private static string IdempotencyKeyOf(string token, FileStream hold)
    {
        var hash = Convert.ToHexString(SHA256.HashData(Encoding.ASCII.GetBytes(token)));
        using var reader = new StreamReader(hold, leaveOpen: true);
        if (reader.ReadToEnd().Split(' ') is [var known, { Length: > 0 } before] && known == hash)
        {
            return before;
        }

        var key = MeshCall.NewIdempotencyKey();
        hold.SetLength(0);
        hold.Write(Encoding.ASCII.GetBytes($"{hash} {key}"));
        hold.Flush(flushToDisk: true);
        return key;
    }
}
