using System.Net;
using SessionMesh.Cli.Hosting;

namespace SessionMesh.Cli.Dashboard;

/// <summary>
/// A page of this account's own that leads to an address. A browser is given the name of the file, since its arguments can be read by
/// everybody on the machine, and the address has a code in it. Gone when disposed of.
/// </summary>
internal sealed class BrowserFile : IDisposable
{
    /// <summary>How long a browser has to read it: a cold start takes some seconds.</summary>
    public static readonly TimeSpan Life = TimeSpan.FromSeconds(10);

    private BrowserFile(string path) => Path = path;

    public string Path { get; }

    public static BrowserFile Create(CliHost host, string url)
    {
        var directory = host.Env("XDG_RUNTIME_DIR") is { } own && Directory.Exists(own) ? own : System.IO.Path.GetTempPath();
        var path = System.IO.Path.Combine(directory, $"session-mesh-{System.IO.Path.GetRandomFileName()}.html");
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        var address = WebUtility.HtmlEncode(url);
        using var file = new StreamWriter(path, options);
        file.Write($"""
            <!DOCTYPE html>
            <meta charset="utf-8">
            <meta name="referrer" content="no-referrer">
            <meta http-equiv="refresh" content="0;url={address}">
            <title>Session Mesh</title>
            <p><a href="{address}">Session Mesh</a></p>
            """);
        return new BrowserFile(path);
    }

    public void Dispose()
    {
        try
        {
            File.Delete(Path);
        }
        catch (IOException)
        {
            // The code in it is over in a minute.
        }
    }
}
