using System.Globalization;
using System.Text;
using SessionMesh.EndToEnd.Tests.Support;

namespace SessionMesh.EndToEnd.Tests.FirstStart;

/// <summary>Settings that the web framework would take from its surroundings: none may open another address or weaken a check.</summary>
public sealed class FrameworkSettingsTests : IDisposable
{
    private readonly Scratch _scratch = new();
    private readonly ServerProcess _server;

    public FrameworkSettingsTests() => _server = new ServerProcess(_scratch);

    public void Dispose()
    {
        _server.Dispose();
        _scratch.Dispose();
    }

    [Fact]
    public async Task Surroundings_OpenNoOtherAddress_AndWeakenNoCheck()
    {
        foreach (var (name, value) in new[]
        {
            ("ASPNETCORE_URLS", "http://0.0.0.0:0"), ("DOTNET_URLS", "http://0.0.0.0:0"), ("URLS", "http://0.0.0.0:0"),
            ("ASPNETCORE_HTTP_PORTS", "0"), ("DOTNET_HTTP_PORTS", "0"),
            ("ASPNETCORE_PREFERHOSTINGURLS", "true"), ("Kestrel__Endpoints__Open__Url", "http://0.0.0.0:0"),
            ("ASPNETCORE_Kestrel__Endpoints__Open__Url", "http://0.0.0.0:0"),
            ("DOTNET_Kestrel__Endpoints__Open__Url", "http://0.0.0.0:0"), ("ASPNETCORE_FORWARDEDHEADERS_ENABLED", "true"),
            ("ASPNETCORE_ENVIRONMENT", "Development"),
            ("DOTNET_ENVIRONMENT", "Development"), ("AllowedHosts", "*"), ("ASPNETCORE_CONTENTROOT", _scratch.Root),
            ("Logging__LogLevel__Default", "Trace"),
            ("ASPNETCORE_DETAILEDERRORS", "true"), ("ASPNETCORE_HOSTINGSTARTUPASSEMBLIES", "Evil"),
            ("SESSION_MESH_URL", "http://0.0.0.0:0"), ("SESSION_MESH_ALLOW_PLAIN_HTTP", "true"),
        })
        {
            _server.Environment[name] = value;
        }

        const string Settings = """
            {"urls":"http://0.0.0.0:0","Kestrel":{"Endpoints":{"Open":{"Url":"http://0.0.0.0:0"}}},"AllowedHosts":"*",
             "allow-host":"evil.example","insecure-http":"true"}
            """;
        _scratch.Write("appsettings.json", Settings);
        _scratch.Write("appsettings.Development.json", Settings);
        await _server.StartAsync();

        Assert.Equal([$"127.0.0.1:{new Uri(_server.Url).Port}"], Listening(_server.Process.Pid));
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, _server.Url + "/livez");
        request.Headers.Host = "evil.example";
        request.Headers.Add("X-Forwarded-Host", "127.0.0.1");
        Assert.Equal(421, (int)(await http.SendAsync(request)).StatusCode);
        Assert.DoesNotContain("/livez", _server.Printed, StringComparison.Ordinal); // no log of what was asked for
    }

    [Fact]
    public async Task BadVariable_IsRefusedWithOneClearLine()
    {
        _server.Environment["SESSION_MESH_RATE_LIMIT"] = "fast";
        using var started = _server.Launch();
        var ran = await started.EndAsync();
        Assert.Equal((1, ""), (ran.Code, ran.Out));
        Assert.Equal(
            "session-mesh server: SESSION_MESH_RATE_LIMIT is 'fast', and is a whole number from 0 to 1000000. "
            + "Say for example --rate-limit 2000.\n",
            ran.Error);
    }

    [Fact]
    public async Task Help_ListsTheOptionsAndStartsNothing()
    {
        using var started = new Started(Built.Dotnet, [Built.Server, "--help"], _scratch.Environment(), _scratch.Root);
        var ran = await started.EndAsync();
        Assert.Equal((0, ""), (ran.Code, ran.Error));
        Assert.Contains("--insecure-http ", ran.Out, StringComparison.Ordinal);
    }

    /// <summary>What a process listens on, from what the kernel says of its sockets.</summary>
    private static List<string> Listening(int pid)
    {
        var sockets = Directory.EnumerateFiles($"/proc/{pid}/fd").Select(f => new FileInfo(f).LinkTarget).OfType<string>()
            .Where(t => t.StartsWith("socket:[", StringComparison.Ordinal)).Select(t => t[8..^1]).ToHashSet();
        var found = new List<string>();
        var lines = new[] { "tcp", "tcp6" }.SelectMany(f => File.ReadLines($"/proc/{pid}/net/{f}").Skip(1));
        foreach (var fields in lines.Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)))
        {
            if (fields[3] == "0A" && sockets.Contains(fields[9]))
            {
                var local = fields[1].Split(':');
                var address = Convert.FromHexString(local[0]);
                var port = int.Parse(local[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
                found.Add(new StringBuilder().AppendJoin('.', address.Reverse()).Append(':').Append(port).ToString());
            }
        }

        return found;
    }
}
