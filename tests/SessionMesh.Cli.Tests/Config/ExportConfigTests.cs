using System.Text;
using System.Text.Json.Nodes;
using SessionMesh.Cli.Config;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Tests.Run;
using SessionMesh.Contracts.Agents;

namespace SessionMesh.Cli.Tests.Config;

/// <summary>What <c>config export</c> writes, and that it loads to the same.</summary>
public sealed class ExportConfigTests : IAsyncLifetime
{
    private readonly HostedServer _server = new();
    private readonly HostedServer _other = new();
    private readonly SocketsHttpHandler _http = new();
    private readonly Tool _tool = new() { Clock = TimeProvider.System };

    public async Task InitializeAsync()
    {
        await _server.InitializeAsync();
        await _other.InitializeAsync();
        At(_server);
    }

    public async Task DisposeAsync()
    {
        await _server.DisposeAsync();
        await _other.DisposeAsync();
        _http.Dispose();
        _tool.Dispose();
    }

    [Fact]
    public async Task Export_IsYamlInOrderOfTheIds()
    {
        await SeedAsync();
        Assert.Equal(
            new Ran(0, """
                agents:
                - id: "lead"
                  cluster: "default"
                  parent: null
                  specializations: []
                  labels: {}
                - id: "null"
                  cluster: "eu"
                  parent: "lead"
                  user: "~"
                  specializations:
                    - name: "image/ocr"
                      version: "2"
                      level: 80
                      capacity: 4
                    - "sql"
                  labels:
                    "0": "yes"
                    empty: ""
                    text: "a: b \"c\" # d \u202e \U0001f600"
                links:
                - from: "lead"
                  to: "null"
                  kind: "link"
                  weight: 1
                - from: "null"
                  to: "lead"
                  kind: "no: \"x\" \u202e"
                  weight: 2.5

                """, ""),
            await RunAsync("config export"));
    }

    [Theory]
    [InlineData("yaml")]
    [InlineData("json")]
    public async Task Export_LoadsToTheSame_InAnotherMeshAndInItsOwn(string format)
    {
        await SeedAsync();
        var exported = await RunAsync($"config export -o {format}");
        Assert.Equal((0, ""), (exported.Code, exported.Error));
        var file = _tool.WriteFile("fleet." + format, exported.Out);
        Assert.Equal(
            new Ran(
                0, "lead\nnull\n",
                "0 declared, 0 changed, 2 left as they are\nlinks: 0 declared, 0 changed, 2 left as they are\n"),
            await RunAsync($"load-config {file} -o name"));

        At(_other);
        Assert.Equal(
            new Ran(
                0, "lead\nnull\n",
                "2 declared, 0 changed, 0 left as they are\nlinks: 2 declared, 0 changed, 0 left as they are\n"),
            await RunAsync($"load-config {file} -o name"));
        Assert.Equal(exported.Out, (await RunAsync($"config export -o {format}")).Out);
    }

    [Theory]
    [InlineData("--subtree mid", "mid,deep,top")]
    [InlineData("--cluster eu", "deep,mid")]
    [InlineData("-l env=prod", "top")]
    [InlineData("--dead", "deep,gone,mid,top")]
    [InlineData("", "deep,mid,top")]
    public async Task Export_OfAPart_NamesParentsThatAreNotInIt(string options, string ids)
    {
        foreach (var body in new[]
        {
            """{"agent_id":"top","labels":{"env":"prod"}}""", """{"agent_id":"mid","parent_id":"top"}""",
            """{"agent_id":"deep","parent_id":"mid","cluster":"eu"}""", """{"agent_id":"gone"}""",
        })
        {
            await _server.CallAsync(HttpMethod.Post, "agents", body);
        }

        await _server.CallAsync(HttpMethod.Delete, "agents/gone?force=true");
        var exported = await RunAsync($"config export -o json {options}");
        var agents = JsonNode.Parse(exported.Out)!["agents"]!.AsArray();
        Assert.Equal(
            ids.Split(',').Order(StringComparer.Ordinal), agents.Select(agent => (string)agent!["id"]!).Order(StringComparer.Ordinal));

        At(_other);
        var loaded = await RunAsync($"load-config {_tool.WriteFile("part.json", exported.Out)} -o name");
        Assert.Equal((0, agents.Count), (loaded.Code, loaded.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length));
    }

    [Theory]
    [InlineData("yaml", "agents: []\n")]
    [InlineData("json", "{\"agents\": [\n\n]}\n")]
    public async Task Export_OfNobody_IsAFileThatLoads(string format, string text)
    {
        var exported = await RunAsync($"config export -o {format}");
        Assert.Equal(new Ran(0, text, ""), exported);
        Assert.Equal(
            new Ran(0, "", "the file declares nothing: there is nothing to do\n"),
            await RunAsync("load-config " + _tool.WriteFile("empty", exported.Out)));
    }

    [Fact]
    public async Task Export_IntoAFileOfThatName_IsJson()
    {
        await _server.CallAsync(HttpMethod.Post, "agents", """{"agent_id":"a"}""");
        var file = Path.Combine(_tool.Home, "fleet.json");
        Assert.Equal(0, (await RunAsync("config export --file " + file)).Code);
        Assert.Equal((await RunAsync("config export -o json")).Out, await File.ReadAllTextAsync(file));
        Assert.Equal(0, (await RunAsync($"config export --file {file} -o yaml --force")).Code);
        Assert.Equal((await RunAsync("config export")).Out, await File.ReadAllTextAsync(file));
    }

    /// <summary>A mistyped cluster leaves no good file empty.</summary>
    [Fact]
    public async Task Export_OfAPartThatNobodyIsIn_SaysSo_AndWritesNoFile()
    {
        await _server.CallAsync(HttpMethod.Post, "agents", """{"agent_id":"a"}""");
        Assert.Equal(
            new Ran(0, "agents: []\n", "no agent matches what --cluster, --subtree and --label say\n"),
            await RunAsync("config export --cluster nowhere"));
        var file = _tool.WriteFile("fleet.yaml", "mine");
        Assert.Equal(3, (await RunAsync($"config export -l env=nowhere --file {file} --force")).Code);
        Assert.Equal("mine", await File.ReadAllTextAsync(file));
    }

    [Fact]
    public async Task Export_IntoAFile_ReplacesNoneUnlessForced()
    {
        await _server.CallAsync(HttpMethod.Post, "agents", """{"agent_id":"a"}""");
        var file = Path.Combine(_tool.Home, "fleet.yaml");
        Assert.Equal(new Ran(0, "", $"1 agent in {file}\n"), await RunAsync("config export --file " + file));
        var written = await File.ReadAllTextAsync(file);
        Assert.Equal((await RunAsync("config export")).Out, written);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, Tool.ModeOf(file));

        var refused = await RunAsync("config export --file " + file);
        Assert.Equal(
            new Ran(2, "", $"error: cannot export the fleet\n  why: {file} already exists\n  try: --force replaces it\n"), refused);
        Assert.Contains("is a directory", (await RunAsync("config export --force --file " + _tool.Home)).Error, StringComparison.Ordinal);
        Assert.Contains("there is no directory", (await RunAsync($"config export --file {file}/x/y")).Error, StringComparison.Ordinal);
        await File.WriteAllTextAsync(file, "mine");
        Assert.Equal(0, (await RunAsync($"config export --force --file {file}")).Code);
        Assert.Equal(written, await File.ReadAllTextAsync(file));
    }

    /// <summary>Twenty thousand agents in a forest: exported, loaded elsewhere, exported again.</summary>
    [Fact]
    public async Task TwentyThousandAgents_AreTheSameAfterARoundTrip()
    {
        var random = new Random(7);
        var fleet = new StringBuilder("agents:\n");
        for (var i = 0; i < 20_000; i++)
        {
            fleet.Append($"- {{id: a{i:D5}, parent: {(i < 100 ? "" : $"a{random.Next(i):D5}")}, labels: {{zone: z{i % 7}}}, ")
                .Append($"specializations: [{{name: s{i % 50}, capacity: {1 + (i % 9)}}}]}}\n");
        }

        fleet.Append("links:\n");
        for (var i = 0; i < 2000; i++)
        {
            fleet.Append($"- {{from: a{i:D5}, to: a{(i * 7) + 1:D5}, weight: {i % 5}}}\n");
        }

        const string All = "20000 declared, 0 changed, 0 left as they are\nlinks: 2000 declared, 0 changed, 0 left as they are\n";
        var loaded = await RunAsync($"load-config {_tool.WriteFile("big.yaml", fleet.ToString())} -o name");
        Assert.Equal((0, All), (loaded.Code, loaded.Error));
        var file = Path.Combine(_tool.Home, "out.yaml");
        Assert.Equal(0, (await RunAsync("config export --file " + file)).Code);

        At(_other);
        loaded = await RunAsync($"load-config {file} -o name");
        Assert.Equal((0, All), (loaded.Code, loaded.Error));
        Assert.Equal(await File.ReadAllTextAsync(file), (await RunAsync("config export")).Out);
        Assert.EndsWith(
            "0 declared, 0 changed, 20000 left as they are\nlinks: 0 declared, 0 changed, 2000 left as they are\n",
            (await RunAsync($"load-config {file} -o name")).Error);
    }

    /// <summary>Parts of what is too much for one file each load by themselves: what is above an agent is there, or is named.</summary>
    [Theory]
    [InlineData(true, 300, 8 * 1024 * 1024)]
    [InlineData(true, 100_000, 16 * 1024)]
    [InlineData(false, 300, 8 * 1024 * 1024)]
    [InlineData(false, 100_000, 16 * 1024)]
    public void FleetOfMoreThanAFileMayHave_IsSplitWithinTheLimits(bool isJson, int most, int mostBytes)
    {
        const int Fleet = 1300;
        var files = new List<FleetFile> { new(isJson, most, mostBytes) };
        for (var i = 0; i < Fleet; i++)
        {
            var row = new AgentRow
            {
                AgentId = $"a{i:D6}",
                Cluster = "c",
                ParentId = i == 0 ? null : $"a{(i * 7919L) % Fleet:D6}",
                Labels = i % 3 == 0 ? new Dictionary<string, string> { ["long"] = new('x', 100) } : new Dictionary<string, string>(),
            };
            if (!files[^1].TryAdd(row))
            {
                files.Add(new(isJson, most, mostBytes));
                Assert.True(files[^1].TryAdd(row));
            }
        }

        for (var i = 1; i < Fleet; i += 3)
        {
            var link = new LinkRow
            {
                From = $"a{i:D6}", To = $"a{i - 1:D6}", Kind = "k", Weight = i, CreatedAt = DateTimeOffset.UnixEpoch,
            };
            if (!files[^1].TryAdd(link))
            {
                files.Add(new(isJson, most, mostBytes));
                Assert.True(files[^1].TryAdd(link));
            }
        }

        Assert.InRange(files.Count, 5, 60);
        var (ids, links) = (new HashSet<string>(), new HashSet<string>());
        var host = new CliHost { In = TextReader.Null, Out = TextWriter.Null, Error = TextWriter.Null, Env = _ => null, Home = _tool.Home };
        foreach (var file in files)
        {
            var text = file.Text();
            Assert.InRange(Encoding.UTF8.GetByteCount(text), 1, mostBytes);
            var config = FleetConfig.Read(_tool.WriteFile("part", text), host);
            var here = config.Agents.Select(agent => agent.Id).ToHashSet(StringComparer.Ordinal);
            Assert.InRange(here.Count + config.Links.Count, 1, most);
            Assert.All(config.Links, link => Assert.True(here.Contains(link.From) && here.Contains(link.To)));
            links.UnionWith(config.Links.Select(link => link.From));
            Assert.All(config.Agents, agent => Assert.True(agent.ParentId is null or "" || here.Contains(agent.ParentId)));
            ids.UnionWith(config.Agents.Where(agent => agent.Cluster is not null).Select(agent => agent.Id));
        }

        Assert.Equal((Fleet, 433), (ids.Count, links.Count));
    }

    private void At(HostedServer server)
    {
        _tool.Env["SESSION_MESH_URL"] = server.Url.ToString();
        _tool.Env["SESSION_API_KEY"] = server.RootKey;
    }

    private Task<Ran> RunAsync(string line) => _tool.RunAsync(line, _http);

    private async Task SeedAsync()
    {
        await _server.CallAsync(HttpMethod.Post, "agents", """{"agent_id":"lead"}""");
        await _server.CallAsync(HttpMethod.Post, "agents", """
            {"agent_id":"null","parent_id":"lead","cluster":"eu","user":"~",
             "labels":{"0":"yes","empty":"","text":"a: b \"c\" # d \u202e \ud83d\ude00"},
             "specializations":[{"name":"image/ocr","version":"2","level":80,"capacity":4},"sql"]}
            """);
        await _server.CallAsync(HttpMethod.Put, "links", """{"from":"null","to":"lead","kind":"no: \"x\" \u202e","weight":2.5}""");
        await _server.CallAsync(HttpMethod.Put, "links", """{"from":"lead","to":"null"}""");
    }
}
