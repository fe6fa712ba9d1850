using static SessionMesh.Client.Tests.ScriptedServer;

namespace SessionMesh.Cli.Tests.Registry;

/// <summary>Specializations with version, level and capacity: on the command line, in files, and as they are shown.</summary>
public sealed class SpecTests
{
    private const string Skilled = """
        {"agent_id":"1","status":"alive","specializations":["image/ocr","layout"],"skills":[
        {"name":"image/ocr","version":"2.1","level":80,"capacity":3,"held":1},
        {"name":"layout","version":null,"level":50,"capacity":1,"held":0}]}
        """;

    private const string SkillsInWords = "image/ocr 2.1, level 80, 1 of 3 held; layout, level 50, 0 of 1 held";

    [Theory]
    [InlineData("--spec ocr", """["ocr"]""")]
    [InlineData("--spec a/b:c.d", """["a/b:c.d"]""")]
    [InlineData("--spec a:80=b", """["a:80=b"]""")]
    [InlineData("--spec a=b", """["a=b"]""")]
    [InlineData(
        "--spec image/ocr:capacity=3,level=80,version=2.1", """[{"name":"image/ocr","version":"2.1","level":80,"capacity":3}]""")]
    [InlineData(
        "--spec ns:ocr:level=0 --spec b --spec c:version=a=b", """[{"name":"ns:ocr","level":0},"b",{"name":"c","version":"a=b"}]""")]
    public async Task Details_FollowTheName_AtTheFirstColonThatAWordAndAnEqualsSignFollow(string options, string sent)
    {
        using var tool = new Tool(Json(201, """{"agent_id":"789","status":"alive"}"""));

        Assert.Equal(new Ran(0, "789\n", ""), await tool.RunAsync($"register {options} -o name"));
        Assert.Equal($$"""POST /agents {"specializations":{{sent}}}""", Assert.Single(tool.Calls));
    }

    [Fact]
    public async Task Details_OfAKnownAgent_GoToTheRegistry()
    {
        using var tool = new Tool(Json(200, """{"agent_id":"789","status":"alive"}"""));

        Assert.Equal(0, (await tool.RunAsync("register --agent-id 789 --spec ocr:capacity=3,version=2 --spec layout:level=9")).Code);
        Assert.Equal(
            """POST /registry {"specialization":"ocr","version":"2","capacity":3,"agent_id":"789","specializations":"""
            + """[{"name":"layout","level":9}]}""",
            Assert.Single(tool.Calls));
    }

    [Theory]
    [InlineData(
        "ocr:capcity=3",
        "'capcity=3' in 'ocr:capcity=3' is none of capacity=N, level=N and version=V; a name with ':' and '=' in it")]
    [InlineData("ocr:level=80,fast", "'fast' in 'ocr:level=80,fast' is none of")]
    [InlineData("ocr:level=", "'level=' in 'ocr:level=' is none of")]
    [InlineData("ocr:level=101", "--spec: level is a whole number from 0 to 100, not '101'")]
    [InlineData("ocr:capacity=0", "--spec: capacity is a whole number from 1 to 10000, not '0'")]
    [InlineData("ocr:capacity=10001", "--spec: capacity is a whole number from 1 to 10000, not '10001'")]
    [InlineData("ocr:level=1,level=2", "--spec 'ocr:level=1,level=2' has level twice")]
    public async Task Details_ThatAreNone_AreAUsageError(string spec, string why)
    {
        using var tool = new Tool(Broken());
        foreach (var line in new[] { "register --spec " + spec, $"run --spec {spec} -- true" })
        {
            var ran = await tool.RunAsync(line);
            Assert.Equal((2, ""), (ran.Code, ran.Out));
            Assert.Contains(why, ran.Error, StringComparison.Ordinal);
        }

        Assert.Empty(tool.Server.Requests);
    }

    [Theory]
    [InlineData("specializations: [a, {name: b, level: 80, capacity: 3, version: 2.1}, {name: 'c:level=3'}]",
        """["a",{"name":"b","version":"2.1","level":80,"capacity":3},"c:level=3"]""")]
    [InlineData("skills: {name: a, level: 0}", """[{"name":"a","level":0}]""")]
    [InlineData("spec: 'a:level=3'", """["a:level=3"]""")]
    public async Task File_HasNamesAndMaps(string content, string sent)
    {
        using var tool = new Tool(Json(201, """{"agent_id":"789","status":"alive"}"""));

        Assert.Equal(0, (await tool.RunAsync("register --config " + tool.WriteFile("agent.yaml", content))).Code);
        Assert.Equal($$"""POST /agents {"specializations":{{sent}}}""", Assert.Single(tool.Calls));
    }

    [Theory]
    [InlineData("skills: [{level: 3}]", "an entry of 'skills' has no name")]
    [InlineData("skills: [{name: a, levle: 3}]", "'levle' is not a known member; allowed: name, version, level, capacity")]
    [InlineData("skills: [{name: a, level: 101}]", "'level' should be a whole number from 0 to 100")]
    [InlineData("skills: [{name: a, capacity: x}]", "'capacity' should be a whole number from 1 to 10000")]
    [InlineData("skills: [~]", "'skills' has an empty entry")]
    [InlineData("skills: [a]\nspec: b", "'spec' and 'skills' mean the same; leave one of them out")]
    public async Task File_ThatIsWrong_IsAUsageError(string content, string why)
    {
        using var tool = new Tool(Broken());

        var ran = await tool.RunAsync("register --config " + tool.WriteFile("agent.yaml", content));

        Assert.Equal((2, ""), (ran.Code, ran.Out));
        Assert.Contains(why, ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task LoadConfig_DeclaresWhatIsNotKnown_WithWhatItIsGoodAt()
    {
        using var tool = new Tool(
            Problem(404, "agent_not_found"), Problem(404, "session_not_found"), Json(201, """{"agent_id":"123","status":"declared"}"""));
        var file = tool.WriteFile(
            "fleet.yaml",
            "sessions: [{id: 123, specializations: [a, {name: b, capacity: 2}]}]\nskills: [session-mesh, {name: x, level: 3}]");

        Assert.Equal(new Ran(0, "123\n", ""), await tool.RunAsync($"load-config {file} -o name"));
        Assert.Equal(
            """POST /agents {"agent_id":"123","specializations":["a",{"name":"b","capacity":2}],"declare":true}""", tool.Calls.Last());
    }

    [Fact]
    public async Task Show_SaysHowMuchIsTaken()
    {
        using var tool = new Tool(Json(200, Skilled));

        Assert.Equal(
            new Ran(0, $"""
                agent            1
                status           alive
                specializations  image/ocr,layout
                skills           {SkillsInWords}

                """, ""),
            await tool.RunAsync("show 1"));
    }

    [Fact]
    public async Task List_HasThemAsAField()
    {
        using var tool = new Tool(Json(200, $$"""{"sessions":[{{Skilled}}],"count":1,"next_cursor":null,"as_of":"1"}"""));

        Assert.Equal(
            new Ran(0, $"AGENT ID  SKILLS\n1         {SkillsInWords}\n", ""), await tool.RunAsync("list --fields agent_id,skills"));
        Assert.Equal(["GET /alive?limit=1000&fields=agent_id%2Cskills%2Csession_id"], tool.Calls);
    }
}
