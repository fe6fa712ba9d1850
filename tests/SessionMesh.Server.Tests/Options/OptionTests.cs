using SessionMesh.Server.Hosting;
using SessionMesh.Server.Options;
using SessionMesh.Server.Store;
using SessionMesh.Server.Tests.Hosting;
using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.Options;

/// <summary>What may be typed, and that everything else ends the start with a line that says what to type.</summary>
public sealed class OptionTests
{
    [Fact]
    public void Defaults_AreLoopbackAndBounded()
    {
        var options = Parse("");
        Assert.Equal("http://127.0.0.1:7420", ServerOptions.DefaultUrl);
        Assert.Equal(ListenAddress.Parse(ServerOptions.DefaultUrl), Assert.Single(options.Addresses));
        Assert.Equal((2000, 0, 1000), (options.RateLimit, options.GlobalRateLimit, options.AnonymousRateLimit));
        Assert.Equal((20_000, 50_000), (options.MaxStreamsPerKey, options.MaxConnections));
        Assert.Empty(options.AllowedHosts);
        Assert.Empty(options.AllowedOrigins);
        Assert.Null(options.Tls);
    }

    [Theory]
    [InlineData("--insecure-http --urls http://*:1 --rate-limit 7")]
    [InlineData("--urls=http://*:1 --rate-limit=7 --insecure-http")]
    [InlineData("--urls http://*:1 --insecure-http=true --rate-limit 7")]
    [InlineData("--insecure-http=yes --urls http://*:1 --rate-limit 7")]
    public void Options_AreTakenWithASpaceOrAnEqualsSign_AndFlagsBare(string typed)
    {
        var options = Parse(typed);
        Assert.Equal((1, 7), (options.Addresses[0].Port, options.RateLimit));
        Assert.False(options.Addresses[0].IsLoopback);
    }

    [Fact]
    public void Value_IsTakenAsItStands()
    {
        Assert.Equal("@file", Parse("--data @file").Data); // no response file
        Assert.Equal("a=b:c", Parse("--data=a=b:c").Data);
        Assert.Equal("-x", Parse("--data -x").Data);
        Assert.Equal("new-root", Parse("--data new-root").Data);
    }

    [Fact]
    public void Environment_FillsInWhatTheCommandLineLeavesOpen_AndWhatIsTheToolsIsNotOurs()
    {
        var variables = Variables(
            "SESSION_MESH_RATE_LIMIT=6",
            "SESSION_MESH_MAX_CONNECTIONS=9",
            "SESSION_MESH_INSECURE_HTTP=1",
            "SESSION_MESH_URLS=http://0.0.0.0:81",
            "SESSION_MESH_URL=http://elsewhere",
            "SESSION_MESH_AGENT_ID=a",
            "SESSION_MESH_SEED=3",
            "SESSION_MESH_ALLOW_HOST=");
        var options = ServerOptions.Parse(["--rate-limit", "5"], variables, TimeProvider.System);
        Assert.Equal((5, 9, 81), (options.RateLimit, options.MaxConnections, options.Addresses.Single().Port));
        Assert.Empty(options.AllowedHosts);
    }

    [Theory]
    [InlineData("--allow-plain-http true", "'--allow-plain-http' is not an option of the server. There are: --urls, --data, ")]
    [InlineData("--Urls http://127.0.0.1:1", "'--Urls' is not an option of the server.")]
    [InlineData("urls=http://127.0.0.1:1", "'urls=http://127.0.0.1:1' is not an option of the server.")]
    [InlineData("/urls http://127.0.0.1:1", "'/urls' is not an option of the server.")]
    [InlineData("--insecure-http true", "'true' is not an option of the server.")]
    [InlineData("--Kestrel:Endpoints:X:Url=http://0.0.0.0:1", "is not an option of the server.")]
    [InlineData("--insecure-http=true false", "'false' is not an option of the server.")]
    [InlineData("--urls:http://127.0.0.1:1", "'--urls:http://127.0.0.1:1' is not an option of the server.")]
    [InlineData("--insecure-http:false", "'--insecure-http:false' is not an option of the server.")]
    [InlineData("--data d -- --insecure-http", "is not an option of the server.")]
    [InlineData("--", "'--' is not an option of the server.")]
    [InlineData("[diagram]", "'[diagram]' is not an option of the server.")]
    [InlineData("@file", "'@file' is not an option of the server.")]
    [InlineData("--data d new-root", "'new-root' is not an option of the server.")]
    [InlineData("--keep-children", "'--keep-children' is not an option of the server.")]
    [InlineData("--data d d", "'d' is not an option of the server.")]
    [InlineData("--urls", "--urls has no value. Say --urls URL;…")]
    [InlineData("--urls --unknown", "--urls has no value.")]
    [InlineData("--urls= http://127.0.0.1:1", "--urls has no value.")]
    [InlineData("--insecure-http --insecure-http", "--insecure-http is given twice. Say it once.")]
    [InlineData("--rate-limit 1 --rate-limit=1", "--rate-limit is given twice. Say it once.")]
    [InlineData("--urls --insecure-http", "--urls has no value.")]
    [InlineData("--urls=", "--urls has no value.")]
    [InlineData("--insecure-http=", "--insecure-http has no value.")]
    [InlineData("--insecure-http=maybe", "--insecure-http is 'maybe', and is either on or off. Say --insecure-http, or leave it out.")]
    [InlineData("--allow-host a --allow-host b", "--allow-host is given twice. Say it once, with commas between several.")]
    [InlineData("--urls ;", "--urls names no address.")]
    [InlineData("--rate-limit many", "--rate-limit is 'many', and is a whole number from 0 to 1000000. Say for example --rate-limit 2000.")]
    [InlineData("--rate-limit -1", "--rate-limit is '-1'")]
    [InlineData("--rate-limit 1e3", "--rate-limit is '1e3'")]
    [InlineData("--max-connections 0", "--max-connections is '0', and is a whole number from 1 to")]
    [InlineData("--max-streams-per-key 99999999999", "--max-streams-per-key is '99999999999'")]
    [InlineData("--global-rate-limit 1.5", "--global-rate-limit is '1.5'")]
    [InlineData("--anonymous-rate-limit x", "--anonymous-rate-limit is 'x'")]
    [InlineData("--allow-host http://mesh.example", "--allow-host: 'http://mesh.example' is not a host name.")]
    [InlineData("--allow-host mesh.example:80", "--allow-host: 'mesh.example:80' is not a host name.")]
    [InlineData("--allow-host *.mesh.example", "--allow-host: '*.mesh.example' is not a host name.")]
    [InlineData("--allow-host *", "--allow-host: '*' is not a host name.")]
    [InlineData("--allow-host mesh.example.", "--allow-host: 'mesh.example.' is not a host name.")]
    [InlineData("--allow-host a,,b", "--allow-host: '' is not a host name.")]
    [InlineData("--allow-host user@mesh.example", "--allow-host: 'user@mesh.example' is not a host name.")]
    [InlineData("--allow-host 127.1", "--allow-host: '127.1' is not a host name.")]
    [InlineData("--allow-host fe80::1%eth0", "--allow-host: 'fe80::1%eth0' is not a host name.")]
    [InlineData("--allow-host müsli.example", "--allow-host: 'müsli.example' is not a host name.")]
    [InlineData("--allow-host mesh_example/x", "--allow-host: 'mesh_example/x' is not a host name.")]
    [InlineData("--allow-origin console.example", "--allow-origin: 'console.example' is not an origin.")]
    [InlineData("--allow-origin *", "--allow-origin: '*' is not an origin.")]
    [InlineData("--allow-origin null", "--allow-origin: 'null' is not an origin.")]
    [InlineData("--allow-origin https://console.example/", "--allow-origin: 'https://console.example/' is not an origin.")]
    [InlineData("--allow-origin https://*.example", "is not an origin.")]
    [InlineData("--allow-origin ftp://console.example", "is not an origin.")]
    [InlineData("--allow-origin https://user@console.example", "is not an origin.")]
    [InlineData("--allow-origin https://console.example:99999", "is not an origin.")]
    public void Option_ThatIsNotUnderstood_EndsTheStartWithALineThatSaysWhatToType(string typed, string says)
    {
        var refused = Assert.Throws<StartupException>(() => Parse(typed));
        Assert.Contains(says, refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refused.Message);
    }

    [Theory]
    [InlineData("SESSION_MESH_RATE_LIMIT=fast", "SESSION_MESH_RATE_LIMIT is 'fast'")]
    [InlineData("SESSION_MESH_INSECURE_HTTP=on please", "SESSION_MESH_INSECURE_HTTP is 'on please'")]
    [InlineData("SESSION_MESH_ALLOW_HOST=*", "SESSION_MESH_ALLOW_HOST: '*' is not a host name.")]
    [InlineData("SESSION_MESH_URLS=nonsense", "'nonsense' is not an address.")]
    [InlineData("SESSION_MESH_TLS_CERT=/nowhere", "SESSION_MESH_TLS_CERT is given, and no address is https.")]
    [InlineData("SESSION_MESH_TLS_KEY=/nowhere", "SESSION_MESH_TLS_KEY needs a certificate.")]
    public void Environment_ThatIsNotUnderstood_EndsTheStartAndNamesTheVariable(string variable, string says)
    {
        var refused = Assert.Throws<StartupException>(() => ServerOptions.Parse([], Variables(variable), TimeProvider.System));
        Assert.Contains(says, refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://0.0.0.0:7420")]
    [InlineData("http://*:7420")]
    [InlineData("http://+:7420")]
    [InlineData("http://[::]:7420")]
    [InlineData("http://192.168.1.5:7420")]
    [InlineData("http://mesh.example:7420")]
    [InlineData("http://127.0.0.1.example:7420")]
    [InlineData("http://loopback:7420")]
    [InlineData("http://localhost.example:7420")]
    [InlineData("http://127.0.0.1:7420;http://10.0.0.1:7420")]
    public void Url_BeyondLoopbackWithoutTls_NeedsTheFlag(string urls)
    {
        var refused = Assert.Throws<StartupException>(() => MeshServer.Build(["--urls", urls, "--data", "unused"]));
        Assert.Contains("--insecure-http", refused.Message, StringComparison.Ordinal);
        Parse($"--urls {urls} --insecure-http");
        Assert.Throws<StartupException>(() => Parse($"--urls {urls} --insecure-http=false"));
    }

    [Theory]
    [InlineData("http://127.0.0.1:7420")]
    [InlineData("http://127.1.2.3:80")]
    [InlineData("HTTP://LocalHost:7420/")]
    [InlineData("http://[::1]:7420")]
    [InlineData("http://[0:0:0:0:0:0:0:1]:7420")]
    [InlineData("http://127.0.0.1:7420; http://[::1]:7420")]
    public void Url_OnLoopback_NeedsNone(string urls) =>
        Assert.All(ServerOptions.Parse(["--urls", urls], _ => null, TimeProvider.System).Addresses, a => Assert.True(a.IsLoopback));

    [Theory]
    [InlineData("7420")]
    [InlineData("localhost:7420")]
    [InlineData("ftp://localhost")]
    [InlineData("http://")]
    [InlineData("http://127.1:7420")]
    [InlineData("http://0x7f000001:7420")]
    [InlineData("http://2130706433:7420")]
    [InlineData("http://127.0.0.1:7420/base")]
    [InlineData("http://127.0.0.1@evil.example:7420")]
    [InlineData("http://127.0.0.1:70000")]
    [InlineData("http://127.0.0.1:-1")]
    [InlineData("http://unix:/tmp/socket")]
    [InlineData("http://[::1%25lo]:7420")]
    [InlineData("http://[::1:7420")]
    public void Url_ThatIsNone_IsRefusedInWords(string urls)
    {
        var refused = Assert.Throws<StartupException>(() => Parse("--urls " + urls));
        Assert.StartsWith($"'{urls}' is not an address", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Help_AndTheOperatorsPage_NameEveryOption()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory!.FullName, "SessionMesh.sln")))
        {
            directory = directory.Parent;
        }

        var page = File.ReadAllText(Path.Combine(directory.FullName, "docs", "operations.md"));
        var help = new StringWriter();
        Assert.True(OptionTable.TryWriteHelp(["--help"], help));
        Assert.All(OptionTable.All, option =>
        {
            var typed = OptionTable.IsFlag(option) ? option.Name : $"{option.Name} {option.HelpName}";
            Assert.Contains($"  {typed} ", help.ToString(), StringComparison.Ordinal);
            Assert.Contains($"{option.Description}\n", help.ToString().ReplaceLineEndings("\n"), StringComparison.Ordinal);
            Assert.Contains($"| `{typed}` |", page, StringComparison.Ordinal);
            Assert.Contains($"`{OptionTable.VariableOf(option)}`", page, StringComparison.Ordinal);
        });
        Assert.Contains("new-root", help.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("-h", true)]
    [InlineData("--urls http://127.0.0.1:1 --help", true)]
    [InlineData("new-root --help", true)]
    [InlineData("--nonsense --help", true)]
    [InlineData("--urls http://127.0.0.1:1", false)]
    public void Help_IsShownWhereverItIsAskedFor(string typed, bool shown)
    {
        var help = new StringWriter();
        Assert.Equal(shown, OptionTable.TryWriteHelp(typed.Split(' '), help));
        Assert.Equal(shown, help.ToString().Contains("--data DIR", StringComparison.Ordinal));
    }

    private static ServerOptions Parse(string typed) =>
        ServerOptions.Parse(typed.Split(' ', StringSplitOptions.RemoveEmptyEntries), _ => null, TimeProvider.System);

    private static Func<string, string?> Variables(params string[] set) =>
        name => Array.Find(set, one => one.StartsWith(name + "=", StringComparison.Ordinal))?[(name.Length + 1)..];
}
