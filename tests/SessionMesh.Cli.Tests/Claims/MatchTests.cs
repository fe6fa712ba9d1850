using static SessionMesh.Client.Tests.ScriptedServer;

namespace SessionMesh.Cli.Tests.Claims;

public sealed class MatchTests
{
    private const string Matches = """
        {"matches":[{"agent_id":"w2","status":"alive","activity":"idle","load":0.25,"cluster":"blue",
         "why":"image/ocr: 0 of 2 held, load 0.25, level 80"},
        {"agent_id":"w1","status":"alive","activity":null,"load":null,"cluster":null,"why":"ocr: 1 of 3 held, load unknown, level 50"}]}
        """;

    private const string None = """{"matches":[]}""";

    [Fact]
    public async Task Table_SaysWhoAndWhy_BestFirst()
    {
        using var tool = new Tool(Json(200, Matches));

        Assert.Equal(
            new Ran(0, """
                AGENT  ACTIVITY  LOAD  CLUSTER  WHY
                w2     idle      0.25  blue     image/ocr: 0 of 2 held, load 0.25, level 80
                w1     -            -  -        ocr: 1 of 3 held, load unknown, level 50

                """, ""),
            await tool.RunAsync("match image --count 2"));
        Assert.Equal(["GET /registry/match?specialization=image&count=2"], tool.Calls);
    }

    [Theory]
    [InlineData("match ocr", "specialization=ocr")]
    [InlineData("match image/ocr --strategy Most-Skilled", "specialization=image%2Focr&strategy=most-skilled")]
    [InlineData(
        "match ocr --cluster blue -l env=prod,tier!=free -l x=y",
        "specialization=ocr&cluster=blue&label=env%3Dprod%2Ctier%21%3Dfree%2Cx%3Dy")]
    public async Task Options_GoIntoTheQuestion(string line, string query)
    {
        using var tool = new Tool(Json(200, Matches));

        Assert.Equal(0, (await tool.RunAsync(line)).Code);
        Assert.Equal(["GET /registry/match?" + query], tool.Calls);
    }

    [Theory]
    [InlineData("name", "w2\nw1\n")]
    [InlineData("csv --fields agent_id,load", "agent_id,load\r\nw2,0.25\r\nw1,\r\n")]
    [InlineData("jsonl --fields agent_id,why", "{\"agent_id\":\"w2\",\"why\":\"image/ocr: 0 of 2 held, load 0.25, level 80\"}\n"
        + "{\"agent_id\":\"w1\",\"why\":\"ocr: 1 of 3 held, load unknown, level 50\"}\n")]
    public async Task Formats_AreThoseOfEveryList(string format, string printed)
    {
        using var tool = new Tool(Json(200, Matches));

        Assert.Equal(new Ran(0, printed, ""), await tool.RunAsync("match image -o " + format));
    }

    [Theory]
    [InlineData("match ocr", "", "ocr")]
    [InlineData("match ocr -o name", "", "ocr")]
    [InlineData("match ocr -o json", "{\n  \"matches\": []\n}\n", "ocr")]
    [InlineData("match 'night watch'", "", "\"night watch\"")]
    public async Task Nobody_IsNoFailure_AndIsSaidWithWhatToLookAt(string line, string printed, string spec)
    {
        using var tool = new Tool(Json(200, None));

        Assert.Equal(
            new Ran(
                0,
                printed,
                $"no agent that is alive and not paused has room for {spec}; "
                + $"'session-mesh list --filter all --spec {spec}' shows who has it, "
                + $"and 'session-mesh claim --list --spec {spec}' what is held\n"),
            await tool.RunAsync(System.CommandLine.Parsing.CommandLineParser.SplitCommandLine(line.Replace('\'', '"')).ToList()));
    }

    [Fact]
    public async Task ClusterOfTheContext_NarrowsAndIsSaid()
    {
        using var tool = new Tool(Json(200, Matches));
        await tool.RunAsync("context add here --cluster blue --select");

        Assert.Equal(
            new Ran(0, "w2\nw1\n", "only cluster blue, as the selected context says; --all-clusters takes the others in\n"),
            await tool.RunAsync("match ocr -o name"));
        Assert.Equal(new Ran(0, "w2\nw1\n", ""), await tool.RunAsync("match ocr -o name --all-clusters"));
        Assert.Equal(
            ["GET /registry/match?specialization=ocr&cluster=blue", "GET /registry/match?specialization=ocr"], tool.Calls);
    }

    [Theory]
    [InlineData("match", "'session-mesh match' needs SPEC")]
    [InlineData("match ocr --count 101", "--count takes a whole number from 1 to 100, not '101'")]
    [InlineData("match ocr --strategy best", "--strategy takes least-loaded, most-skilled, spread, not 'best'")]
    public async Task WhatCannotBe_IsAUsageError(string line, string why)
    {
        using var tool = new Tool(Broken());

        var ran = await tool.RunAsync(line);

        Assert.Equal((2, ""), (ran.Code, ran.Out));
        Assert.Contains(why, ran.Error, StringComparison.Ordinal);
        Assert.Empty(tool.Server.Requests);
    }
}
