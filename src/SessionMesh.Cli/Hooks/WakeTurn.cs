using SessionMesh.Cli.Hooks.Kinds;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Settings;
using SessionMesh.Contracts;

namespace SessionMesh.Cli.Hooks;

/// <summary>
/// Who waits beside a session at rest: one at a time. A prompt ends the wait only where the mesh hears of it, so while the mesh is away
/// each stop would leave one more behind.
/// </summary>
internal sealed class WakeTurn : IDisposable
{
    /// <summary>The one before may be about to end, by the prompt that came before this stop.</summary>
    private static readonly TimeSpan s_handover = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan s_between = TimeSpan.FromMilliseconds(100);

    private readonly FileStream? _file;

    private WakeTurn(FileStream? file) => _file = file;

    /// <summary>Null where another one waits, and goes on waiting.</summary>
    public static async Task<WakeTurn?> TakeAsync(CliHost host, string program, string sessionId, CancellationToken cancellation)
    {
        if (!MeshId.IsValid(sessionId))
        {
            return new(null); // the mesh has no words for such a session
        }

        var began = host.Time.GetTimestamp();
        var folder = Path.Combine(HookState.DirectoryOf(host), "waiting");
        while (true)
        {
            try
            {
                PrivateFiles.MakeDirectory(folder);
                var path = Path.Combine(folder, $"{program}.{sessionId}");
                return new(PrivateFiles.Open(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileOptions.DeleteOnClose));
            }
            catch (IOException e) when (Storage.FileWords.IsInUse(e))
            {
                if (host.Time.GetElapsedTime(began) >= s_handover)
                {
                    return null;
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return new(null); // a directory that is not ours to write keeps no session from being woken
            }

            await Task.Delay(s_between, host.Time, cancellation);
        }
    }

    public void Dispose() => _file?.Dispose();
}
