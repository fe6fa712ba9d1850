using SessionMesh.Cli.Hosting;
using SessionMesh.Storage;

namespace SessionMesh.Cli.Sessions.Export;

/// <summary>
/// A file that is there as a whole or not at all: written beside its place, mode 0600, and moved there by <see cref="Keep"/>. Disposed of
/// before that, it leaves nothing behind.
/// </summary>
internal sealed class ExportFile : IDisposable
{
    private readonly string _path;
    private readonly string _draft;
    private readonly bool _replace;

    /// <summary>Size and time of the export that is there, which this one replaces; null where none is.</summary>
    private readonly (long Length, DateTime Written)? _earlier;
    private readonly FileStream _stream;
    private bool _kept;

    /// <param name="format">What an export that is there already must be to be replaced.</param>
    /// <param name="replace">Whether any file that is there may be replaced; otherwise it is a usage error, also where it comes to be in
    /// the meantime.</param>
    public ExportFile(string file, string format, bool replace)
    {
        _path = Path.GetFullPath(file);
        _replace = replace;
        if (Directory.Exists(_path))
        {
            throw CommandException.Usage($"{file} is a directory", "name a file");
        }

        if (!Directory.Exists(Path.GetDirectoryName(_path)))
        {
            throw CommandException.Usage($"there is no directory {Path.GetDirectoryName(_path)}", "make it, or name another file");
        }

        if (File.Exists(_path) && !FileKind.IsRegular(_path))
        {
            throw CommandException.Usage($"{file} is not a regular file", "leave --output out, and redirect");
        }

        if (!replace && File.Exists(_path))
        {
            _earlier = Look();
            if (!EarlierExport.Is(_path, format))
            {
                throw CommandException.Usage($"{file} already exists, and is not an export in {format}", "--force replaces it");
            }
        }

        _draft = Path.Combine(Path.GetDirectoryName(_path)!, $".{Path.GetFileName(_path)}.{Path.GetRandomFileName()}.part");

        // CreateNew does not follow a link that is already there.
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Options = FileOptions.Asynchronous };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        try
        {
            _stream = new FileStream(_draft, options);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IOException(FileWords.Of(e, _path), e);
        }
    }

    public Stream Stream => _stream;

    public void Keep()
    {
        _stream.Flush(flushToDisk: true);
        _stream.Dispose();
        if (_earlier is { } earlier && File.Exists(_path) && Look() != earlier)
        {
            throw Exists(_path);
        }

        try
        {
            File.Move(_draft, _path, _replace || _earlier is not null);
            _kept = true;
        }
        catch (IOException) when (!_replace && File.Exists(_path))
        {
            throw Exists(_path);
        }
    }

    public void Dispose()
    {
        _stream.Dispose();
        if (!_kept)
        {
            File.Delete(_draft);
        }
    }

    private (long Length, DateTime Written) Look()
    {
        var file = new FileInfo(_path);
        return (file.Length, file.LastWriteTimeUtc);
    }

    private static CommandException Exists(string file) =>
        CommandException.Usage($"somebody else has written {file} in the meantime", "--force replaces it");
}
