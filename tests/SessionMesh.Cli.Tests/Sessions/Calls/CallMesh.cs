using System.Text;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using SessionMesh.Cli.Tests.Run;
using SessionMesh.Server.Hosting;
using SessionMesh.Server.Store.Sqlite;
using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Cli.Tests.Sessions.Calls;

/// <summary>The real server on a real store, and the tool that talks to it; their one clock is moved by hand.</summary>
internal sealed partial class CallMesh : IAsyncDisposable
{
    /// <summary>What a first start makes of nothing, made once: most of the time of a start goes into the migrations.</summary>
    private static readonly Lazy<string> s_emptyStore = new(() =>
    {
        var path = Path.Combine(Directory.CreateTempSubdirectory("session-mesh-calls-").FullName, "mesh.db");
        SqliteStore.Open(path).Dispose();
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);
        return path;
    });

    private readonly Scratch _data = new();
    private readonly FakeTime _time = new();
    private readonly SocketsHttpHandler _http = new();
    private readonly Tool _tool;
    private readonly List<string> _ids = [];
    private WebApplication? _app;
    private string _url = "";

    private CallMesh() => _tool = new Tool { Clock = _time };

    public static async Task<CallMesh> StartAsync()
    {
        var mesh = new CallMesh();
        File.Copy(s_emptyStore.Value, mesh._data.File("mesh.db"));
        mesh._app = MeshServer.Build(["--urls", "http://127.0.0.1:0", "--data", mesh._data.Directory], builder =>
        {
            builder.Services.AddSingleton<TimeProvider>(mesh._time);
            builder.Logging.ClearProviders();
        });
        await mesh._app.StartAsync();
        mesh._url = mesh._app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        mesh._tool.Env["SESSION_MESH_URL"] = mesh._url;
        mesh._tool.Env["SESSION_API_KEY"] = (await File.ReadAllTextAsync(mesh._data.File("root.key"))).Trim();
        mesh._tool.Env["NO_COLOR"] = "1";
        return mesh;
    }

    /// <summary>Makes a call, and shows its answer as the lines of a file.</summary>
    public async Task<List<string>> RunAsync(Call call)
    {
        string? shown = null;
        for (var i = 0; i < call.Before.Count; i++)
        {
            switch (call.Before[i].Split(' ', 3))
            {
                case ["@", "advance", var seconds]: _time.Advance(TimeSpan.FromSeconds(double.Parse(seconds))); break;
                case ["@", "terminal", var columns]: _tool.Width = columns is "0" ? null : int.Parse(columns); break;
                case ["@", "cat", var name]: shown = name; break;
                case ["@", "stdin"]: _tool.PipedBytes = Below(call.Before, ref i); break;
                case ["@", "file", var name]:
                    var path = _tool.WriteFile(name, "");
                    await File.WriteAllBytesAsync(path, Below(call.Before, ref i));
                    break;
                case ["@", ..]: throw new FormatException(call.Before[i]);
            }
        }

        var words = CallFile.Split(Filled(call.Words.Replace("~/", _tool.Home + "/", StringComparison.Ordinal)));
        var ran = await _tool.RunAsync(["session", .. words], _http);
        var file = shown is null ? null : File.Exists(Path.Combine(_tool.Home, shown))
            ? await File.ReadAllTextAsync(Path.Combine(_tool.Home, shown))
            : "there is no such file\n";
        return [.. CallFile.Show(new Ran(ran.Code, Named(ran.Out), Named(ran.Error)), file is null ? null : Named(file))];
    }

    public async ValueTask DisposeAsync()
    {
        await _app!.StopAsync();
        await _app.DisposeAsync();
        _http.Dispose();
        _tool.Dispose();
        _data.Dispose();
    }

    private byte[] Below(IReadOnlyList<string> lines, ref int at)
    {
        var bytes = new List<byte>();
        while (at + 1 < lines.Count && lines[at + 1].StartsWith('<'))
        {
            var line = lines[++at];
            bytes.AddRange(CallFile.Bytes(Filled(line.Length > 1 ? line[2..] : "")));
            bytes.Add((byte)'\n');
        }

        return [.. bytes];
    }

    /// <summary>A text with the ids that <c>#1</c> and so on stand for.</summary>
    private string Filled(string text) => Number().Replace(text, match => _ids[int.Parse(match.Groups["n"].Value) - 1]);

    /// <summary>A text with a name for what is made up anew in each run.</summary>
    private string Named(string text)
    {
        foreach (var id in MadeUp().Matches(text).Select(match => match.Value).Where(id => !_ids.Contains(id)))
        {
            _ids.Add(id);
        }

        var named = new StringBuilder(text).Replace(_url, "http://mesh").Replace(_tool.Home, "~");
        for (var i = 0; i < _ids.Count; i++)
        {
            named.Replace(_ids[i], $"#{i + 1}");
        }

        return RequestId().Replace(named.ToString(), "\"request_id\":${blank}\"…\"");
    }

    [GeneratedRegex("#(?<n>[0-9]+)", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Number();

    /// <summary>An id that the server chose. Those in the files are none of 12 hexadecimal digits.</summary>
    [GeneratedRegex(@"\b[0-9a-f]{12}\b", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex MadeUp();

    [GeneratedRegex("\"request_id\":(?<blank> ?)\"[^\"]*\"", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex RequestId();
}
