using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using SessionMesh.Contracts;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Hosting;
using SessionMesh.Server.Options;
using SessionMesh.Server.Sandbox;
using SessionMesh.Server.Store;
using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.Sandbox;

/// <summary>A sandbox as it starts and ends, and that a server that is none has nothing of it.</summary>
public sealed class SandboxStartTests : IDisposable
{
    private readonly string _scratch = Directory.CreateTempSubdirectory("mesh-sandbox-test-").FullName;

    public void Dispose() => Directory.Delete(_scratch, recursive: true);

    [Fact]
    public async Task Server_ThatIsNoSandbox_HasNothingOfIt()
    {
        await using var mesh = await MeshHost.StartAsync();
        (await mesh.PostAsync("sandbox/faults", """{"endpoint":"*","status":500}""")).ShouldBeProblem(404, "not_found");
        (await mesh.PostAsync("sandbox/advance", """{"seconds":1}""")).ShouldBeProblem(404, "not_found");
        (await mesh.GetAsync("sandbox/faults")).ShouldBeProblem(404, "not_found");
        (await mesh.DeleteAsync("sandbox/faults")).ShouldBeProblem(404, "not_found");
        Assert.DoesNotContain("sandbox", (await mesh.GetAsync("~" + Routes.OpenApi, key: "")).Text, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(
            mesh.Service<IEnumerable<EndpointDataSource>>().SelectMany(source => source.Endpoints).OfType<RouteEndpoint>(),
            route => route.RoutePattern.RawText!.Contains("sandbox", StringComparison.Ordinal));
        Assert.Null(mesh.Service<IServiceProvider>().GetService<Faults>());
        Assert.Null(mesh.Service<IServiceProvider>().GetService<SandboxTime>());
        Assert.Same(mesh.Time, mesh.Service<MeshClock>().Time);
    }

    [Fact]
    public async Task Directory_IsMadeForItsOwnerAlone_AndDeletedAtTheEnd()
    {
        var path = Path.Combine(_scratch, "new", "data");
        await RunAsync(["--sandbox", "--data", path], () =>
        {
            Assert.True(File.Exists(Path.Combine(path, "root.key")));
            if (!OperatingSystem.IsWindows())
            {
                Assert.Equal(
                    UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(path));
            }
        });
        Assert.False(Directory.Exists(path));
    }

    [Fact]
    public async Task Directory_ThatIsEmpty_Will_Do()
    {
        var path = Directory.CreateDirectory(Path.Combine(_scratch, "empty")).FullName;
        await RunAsync(["--sandbox", "--data", path], () => Assert.True(File.Exists(Path.Combine(path, "mesh.db"))));
        Assert.False(Directory.Exists(path));
    }

    [Theory]
    [InlineData("mesh.db")]
    [InlineData("root.key")]
    [InlineData("notes.txt")]
    public void Directory_ThatHasSomething_IsRefused_AndLeftAsItIs(string name)
    {
        var file = Path.Combine(_scratch, name);
        File.WriteAllText(file, "kept");
        var refused = Assert.Throws<StartupException>(() => MeshServer.Build(
            ["--sandbox", "--data", _scratch, "--urls", "http://127.0.0.1:0"]));
        Assert.Equal(
            $"The directory {_scratch} is not empty, and a sandbox throws away what it has at its end. "
            + "Nothing in it was changed. Name one that is not there yet with --data DIR, or leave --data out.",
            refused.Message);
        Assert.Equal([file], Directory.GetFileSystemEntries(_scratch));
        Assert.Equal("kept", File.ReadAllText(file));
    }

    /// <summary>Deleting a link leaves behind what it leads to, and with it the root key.</summary>
    [Fact]
    public void Directory_ThatIsALink_IsRefused()
    {
        var target = Directory.CreateDirectory(Path.Combine(_scratch, "target")).FullName;
        var link = Directory.CreateSymbolicLink(Path.Combine(_scratch, "link"), target).FullName;
        var options = ServerOptions.Parse(["--sandbox", "--data", link], _ => null, TimeProvider.System);
        var refused = Assert.Throws<StartupException>(() => DataDirectory.OpenThrowaway(options.Data, options.Sandbox!));
        Assert.Equal(
            $"{link} is a link, and what it leads to would be left behind. Name the directory itself with --data DIR, such as {target}, "
            + "or leave --data out.",
            refused.Message);
        Assert.Empty(Directory.EnumerateFileSystemEntries(target));
    }

    [Fact]
    public void Directory_OfTheEnvironment_IsNamedByItsVariable()
    {
        string? Variable(string name) => name == "SESSION_MESH_DATA" ? _scratch : null;
        File.WriteAllText(Path.Combine(_scratch, "mesh.db"), "kept");
        var options = ServerOptions.Parse(["--sandbox"], Variable, TimeProvider.System);
        var refused = Assert.Throws<StartupException>(() => DataDirectory.OpenThrowaway(options.Data, options.Sandbox!));
        Assert.EndsWith("with --data DIR, or leave SESSION_MESH_DATA out.", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Directory_ThatNobodyNames_IsAnotherEachTime_UnderTheTemporaryOne()
    {
        var paths = Enumerable.Range(0, 3).Select(_ => Parse("--sandbox").Data).ToList();
        Assert.Equal(3, paths.Distinct().Count());
        Assert.All(paths, path =>
        {
            Assert.StartsWith(Path.GetTempPath(), path, StringComparison.Ordinal);
            Assert.False(Directory.Exists(path));
        });
    }

    [Fact]
    public void FaultFile_WithoutASandbox_IsRefused()
    {
        var refused = Assert.Throws<StartupException>(() => Parse("--sandbox-faults faults.json"));
        Assert.Equal("--sandbox-faults is given, and only a sandbox fails on demand. Say --sandbox too.", refused.Message);
    }

    [Fact]
    public async Task FaultFile_SetsItsFaults_InTheirOrder()
    {
        var file = Write("""
            {"faults": [
              {"endpoint": "POST /steer", "status": 503, "count": 2, "seed": 1},
              {"endpoint": "*", "delay": 0.2, "probability": 0.5, "seed": 2}
            ]}
            """);
        await using var mesh = await MeshHost.StartAsync(options: ["--sandbox", "--sandbox-faults", file]);
        (await mesh.GetAsync("sandbox/faults")).ShouldBe(200, """
            {"faults":[
             {"fault_id":"f-1","endpoint":"POST /steer","status":503,"count":2,"probability":1,"seed":1,"seen":0,"struck":0},
             {"fault_id":"f-2","endpoint":"*","delay":0.2,"count":null,"probability":0.5,"seed":2,"seen":0,"struck":0}]}
            """);
    }

    [Theory]
    [InlineData("""{"faults":[{"endpoint":"*","status":500},{"endpoint":"POST /ster","status":99}]}""",
        "faults/1/endpoint: names nothing that can fail; the nearest is POST /steer. Say a method and a path of the API, or * for all. "
        + "faults/1/status: is a whole number from 400 to 599.")]
    [InlineData("""{"faults":[{"endpoint":"*","status":"500"}]}""", "faults/0/status: expected a whole number, not a string.")]
    [InlineData("""{"faults":[{"endpoint":"*","statsu":500}]}""", "faults/0/statsu: is not a member here.")]
    [InlineData("""{"faults":[null]}""", "faults/0: is null, and is an object.")]
    [InlineData("""{"faults":{}}""", "faults: expected an array, not an object.")]
    [InlineData("""{"fault":[]}""", "fault: is not a member here.")]
    [InlineData("""{}""", "faults: is missing; it is an array of faults.")]
    [InlineData("""[]""", "it is an array. Send a JSON object with: faults.")]
    [InlineData("""{"faults":[""", "it is not valid JSON: see line 1, byte 12.")]
    [InlineData("", "it is not valid JSON: see line 1, byte 1.")]
    public void FaultFile_ThatIsWrong_EndsTheStartWithOneLine_AndLeavesNothing(string text, string says)
    {
        var (file, data) = (Write(text), Path.Combine(_scratch, "data"));
        var refused = Assert.Throws<StartupException>(() => MeshServer.Build(
            ["--sandbox", "--sandbox-faults", file, "--data", data, "--urls", "http://127.0.0.1:0"]));
        Assert.Equal($"--sandbox-faults: {file}: {says}", refused.Message);
        Assert.False(Directory.Exists(data));
    }

    [Fact]
    public void FaultFile_ThatIsTooLargeOrNotThere_EndsTheStart()
    {
        Assert.EndsWith(": it has more than 64 KiB.", Start(Write(new string(' ', 64 * 1024) + "{}")).Message, StringComparison.Ordinal);
        Assert.StartsWith(
            $"--sandbox-faults: {_scratch}/none cannot be read: ", Start(Path.Combine(_scratch, "none")).Message, StringComparison.Ordinal);
        var many = string.Join(',', Enumerable.Repeat("""{"endpoint":"*","status":500}""", 101));
        many = $$"""{"faults":[{{many}}]}""";
        Assert.EndsWith(": faults: has at most 100 entries.", Start(Write(many)).Message, StringComparison.Ordinal);

        StartupException Start(string file) => Assert.Throws<StartupException>(() => MeshServer.Build(
            ["--sandbox", "--sandbox-faults", file, "--data", Path.Combine(_scratch, "data"), "--urls", "http://127.0.0.1:0"]));
    }

    [Fact]
    public async Task Banner_SaysThatNothingIsKept_AndWhereTheKeyIs()
    {
        var path = Path.Combine(_scratch, "data");
        await using var app = MeshServer.Build(["--sandbox", "--data", path, "--urls", "http://127.0.0.1:0"]);
        await app.StartAsync();
        var printed = new StringWriter();
        Banner.Print(app, printed);
        var url = Listening.Chosen(app).Addresses[0].Url;
        Assert.StartsWith(
            $"""
            Session Mesh listens on {url}: a sandbox, which keeps nothing
              data      {path}, deleted when the server stops
              root key  {path}/root.key

            """,
            printed.ToString(),
            StringComparison.Ordinal);
        Assert.Contains(
            $"  export SESSION_MESH_URL={url}\n  export SESSION_API_KEY=$(cat {path}/root.key)\n",
            printed.ToString(),
            StringComparison.Ordinal);
        Assert.DoesNotContain(await File.ReadAllTextAsync(path + "/root.key"), printed.ToString(), StringComparison.Ordinal);
    }

    private static async Task RunAsync(string[] args, Action look)
    {
        await using var app = MeshServer.Build([.. args, "--urls", "http://127.0.0.1:0"]);
        await app.StartAsync();
        look();
        await app.StopAsync();
    }

    private static ServerOptions Parse(string typed) => ServerOptions.Parse(typed.Split(' '), _ => null, TimeProvider.System);

    private string Write(string text)
    {
        var file = Path.Combine(_scratch, Path.GetRandomFileName());
        File.WriteAllText(file, text);
        return file;
    }
}
