using SessionMesh.EndToEnd.Tests.Support;

namespace SessionMesh.EndToEnd.Tests.Contract;

/// <summary><c>load-config</c> with what the seeds call a config.</summary>
public sealed class ConfigContractTests(Mesh mesh) : IClassFixture<Mesh>
{
    /// <summary>As the seed's page shows it: two entries, the filter on its own.</summary>
    private const string SeedYaml = """
        sessions:

        - id: 123
        - filter: alive
        """;

    private const string ContractYaml = "sessions: [{id: 123, filter: alive}]";

    private const string SeedJson = """{"skills": ["session-mesh"], "cluster": "distributed-comms"}""";

    [Theory]
    [InlineData(SeedYaml, "config.yaml")]
    [InlineData(ContractYaml, "contract.yaml")]
    public async Task LoadConfig_Sessions_DeclaresWhatIsAbsentAndReportsEach(string yaml, string file)
    {
        var id = Path.GetFileNameWithoutExtension(file);
        mesh.Scratch.Write(file, yaml.Replace("123", id, StringComparison.Ordinal));
        var ran = await mesh.DoneAsync($"session-mesh load-config {file} -o json");
        Members.Equal($$"""
            {"sessions":[{"id":"{{id}}","filter":"alive","status":"declared","matches":false,"declared":true,"error":null,
               "change":"declare","changes":[]}],"links":[],"cluster":null,
             "count":1,"matching":0,"declared":1,"updated":0,"dry_run":false}
            """, ran.Json);

        await mesh.DoneAsync($"session-mesh register --spec s --agent-id {id}");
        ran = await mesh.DoneAsync($"session-mesh load-config {file} -o json");
        Members.Equal($$"""
            {"sessions":[{"id":"{{id}}","filter":"alive","status":"alive","matches":true,"declared":false,"error":null,
               "change":"none","changes":[]}],"links":[],"cluster":null,
             "count":1,"matching":1,"declared":0,"updated":0,"dry_run":false}
            """, ran.Json);
    }

    [Fact]
    public async Task LoadConfig_LiteralYaml_TakesTheNumberAsAnId()
    {
        mesh.Scratch.Write("literal.yaml", SeedYaml);
        var ran = await mesh.DoneAsync("session-mesh load-config literal.yaml");
        Assert.Matches(@"^ID +FILTER +STATUS +MATCHES +DECLARED +ERROR\n123 +alive +declared +no +yes +-\n$", ran.Out);
        Assert.Equal("declared", (await mesh.Http.GetAsync("agents/123")).Text("status"));
    }

    [Fact]
    public async Task LoadConfig_SeedsJson_ChangesNoContext_AndSaysHowTheClusterBecomesTheDefault()
    {
        var home = Directory.CreateDirectory(mesh.Scratch.File("json-home")).FullName;
        mesh.Scratch.Write("config.json", SeedJson);
        var ran = await mesh.DoneAsync("session-mesh load-config config.json -o json", ("HOME", home));
        Members.Equal(
            """{"sessions":[],"links":[],"cluster":"distributed-comms","count":0,"matching":0,"declared":0,"updated":0,"dry_run":false}""",
            ran.Json);
        const string said = "session-mesh context add NAME --cluster distributed-comms --select";
        Assert.Contains(said, ran.Error, StringComparison.Ordinal);
        ran = await mesh.DoneAsync("session-mesh register --spec s --agent-id elsewhere -o json", ("HOME", home));
        Assert.Equal("default", ran.Json.Text("cluster"));

        await mesh.DoneAsync(said.Replace("NAME", "mine", StringComparison.Ordinal), ("HOME", home));
        ran = await mesh.DoneAsync("session-mesh register --spec s --agent-id clustered -o json", ("HOME", home));
        Assert.Equal("distributed-comms", ran.Json.Text("cluster"));
        ran = await mesh.DoneAsync("session-mesh list -o name", ("HOME", home));
        Assert.Equal("clustered\n", ran.Out);
        Assert.Contains("only cluster distributed-comms, as the selected context says", ran.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sessions: [{id: 1, colour: red}]", "colour")]
    [InlineData("sessions: [{id: 1, filter: asleep}]", "asleep")]
    [InlineData("sessions: [", "config")]
    [InlineData("- 1", "config")]
    public async Task LoadConfig_BadFile_Is2AndNamesWhatIsWrong(string yaml, string named)
    {
        mesh.Scratch.Write("bad-config.yaml", yaml);
        var ran = await mesh.BashAsync("session-mesh load-config bad-config.yaml");
        Assert.Equal((2, ""), (ran.Code, ran.Out));
        Assert.Contains(named, ran.Error, StringComparison.Ordinal);
    }
}
