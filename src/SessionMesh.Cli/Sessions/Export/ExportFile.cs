using SessionMesh.Cli.Hosting;

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
    private readonly FileStream _stream;
    private bool _kept;

    /// <param name="replace">Whether a file that is there may be replaced; otherwise it is a usage error, also where it comes to be in
    /// the meantime.</param>
    public ExportFile(string file, bool replace)
    {
        _path = Path.GetFullPath(file);
        _replace = replace;
        if (Directory.Exists(_path))
        {
            throw CommandException.Usage($"{file} is a directory", "name a file");
        }

        if (_path.StartsWith("/dev/", StringComparison.Ordinal))
        {
            throw CommandException.Usage($"{file} is not a regular file", "leave --output out, and redirect");
        }

        if (!replace && File.Exists(_path))
        {
            throw Exists(file);
        }

        _draft = Path.Combine(Path.GetDirectoryName(_path)!, $".{Path.GetFileName(_path)}.{Path.GetRandomFileName()}.part");

        // CreateNew does not follow a link that is already there.
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Options = FileOptions.Asynchronous };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        _stream = new FileStream(_draft, options);
    }

    public Stream Stream => _stream;

    public void Keep()
    {
        _stream.Flush(flushToDisk: true);
        _stream.Dispose();
        try
        {
            File.Move(_draft, _path, _replace);
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

    private static CommandException Exists(string file) => CommandException.Usage($"{file} already exists", "--force replaces it");
}
