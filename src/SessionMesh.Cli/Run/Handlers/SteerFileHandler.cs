using SessionMesh.Contracts.Steering;
using SessionMesh.Storage;

namespace SessionMesh.Cli.Run.Handlers;

/// <summary>
/// <c>--steer-file F</c>: the directive's JSON in a file, for a process that looks there. A name ending in
/// <c>.jsonl</c> grows by a line a directive, so none is ever lost; any other name holds the latest alone, replaced as a
/// whole, so that a reader never sees half of one. Created with mode 0600. The process has not read it yet, hence
/// <c>accepted</c>.
/// </summary>
internal sealed class SteerFileHandler : ISteerHandler
{
    private readonly string _path;
    private readonly bool _appends;

    public SteerFileHandler(string path)
    {
        _path = Path.GetFullPath(path);
        _appends = _path.EndsWith(".jsonl", StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Why no steer could be written there; null where one can. Tries it, and leaves nothing behind.</summary>
    public static string? Obstacle(string path)
    {
        var full = Path.GetFullPath(path);
        var directory = Path.GetDirectoryName(full);
        if (Directory.Exists(full) || directory is null)
        {
            return "it is a directory";
        }

        if (!Directory.Exists(directory))
        {
            return $"there is no directory {directory}";
        }

        try
        {
            var beside = Beside(full);
            File.Open(beside, FileMode.Create, FileAccess.Write).Dispose();
            File.Delete(beside);
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"no file can be made in {directory}";
        }
    }

    public async Task<HandlerResult> HandleAsync(Directive directive, CancellationToken stopping)
    {
        var line = DirectiveText.JsonLine(directive);
        try
        {
            if (_appends)
            {
                await WriteAsync(_path, FileMode.Append, line);
            }
            else
            {
                await ReplaceAsync(line);
            }

            return HandlerResult.Accepted("in the steer file");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return HandlerResult.Rejected($"cannot write the steer file: {FileWords.Of(e, _path)}");
        }
    }

    private async Task ReplaceAsync(byte[] line)
    {
        var beside = Beside(_path);
        try
        {
            await WriteAsync(beside, FileMode.Create, line);
            File.Move(beside, _path, overwrite: true);
        }
        catch
        {
            File.Delete(beside);
            throw;
        }
    }

    private static string Beside(string path) => $"{path}.{Environment.ProcessId}.tmp";

    private static async Task WriteAsync(string path, FileMode mode, byte[] line)
    {
        var options = new FileStreamOptions
        {
            Mode = mode,
            Access = FileAccess.Write,
            Share = FileShare.ReadWrite | FileShare.Delete,
            BufferSize = 0,
        };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        await using var file = new FileStream(path, options);
        await file.WriteAsync(line);
        file.Flush(flushToDisk: true);
    }
}
