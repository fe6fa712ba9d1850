using static SessionMesh.Client.Tests.ScriptedServer;

namespace SessionMesh.Cli.Tests.Events;

public sealed class EventsTests
{
    [Fact]
    public async Task Limit_EndsAfterSoMany()
    {
        using var tool = new Tool(Stream(Change(8) + Change(9) + Change(10)));

        Assert.Equal(
            new Ran(0, """
                {"revision":8,"at":"2026-01-02T03:04:05Z","actor":"k1","kind":"agent.registered","subject":"a1","incarnation":2}
                {"revision":9,"at":"2026-01-02T03:04:05Z","actor":"k1","kind":"agent.registered","subject":"a1","incarnation":2}

                """, ""),
            await tool.RunAsync("events --after 7 --limit 2 --output json"));
    }

    [Fact]
    public async Task Table_HasItsHeaderOnce()
    {
        using var tool = new Tool(Stream(Change(8)), Stream(Change(9)));

        Assert.Equal(
            new Ran(0, """
                REVISION  AT                        KIND                    SUBJECT               ACTOR         DETAILS
                       8  2026-01-02T03:04:05Z      agent.registered        a1                    k1            incarnation=2
                       9  2026-01-02T03:04:05Z      agent.registered        a1                    k1            incarnation=2

                """, "connected again\n"),
            await tool.RunAsync("events --limit 2"));
    }

    /// <summary>What happened while the server was away was lost to who had had no event before.</summary>
    [Theory]
    [InlineData("events --limit 1 -o name")]
    [InlineData("audit --follow -o name")]
    [InlineData("session watch --limit 1 --output name")]
    public async Task NoEventYet_ServerGoesAway_ResumesWhereItBegan(string command)
    {
        var end = "event: end\ndata: {\"code\":\"key_revoked\",\"detail\":\"The key of this stream was revoked.\"}\n\n";
        var entry = command.StartsWith("audit", StringComparison.Ordinal) ? Frame(8, "audit", "") : Frame(8, "session.created", "");
        using var tool = new Tool(BeginningAt(7, ""), Broken(), BeginningAt(7, entry + end));

        Assert.Equal(command.StartsWith("session", StringComparison.Ordinal) ? "a1\n" : "8\n", (await tool.RunAsync(command)).Out);
        Assert.Equal(
            [null, "7", "7"], tool.Server.Requests.Select(request => request.Headers.GetValueOrDefault("Last-Event-ID")));
    }

    /// <summary>What kinds have of their own is one column, so that each kind has the same.</summary>
    [Fact]
    public async Task Csv_HasTheDetailsOfEachKindAsJson()
    {
        const string Said = ""","seq":1,"message":"say \"hi\", then\u001b","data":{"to":[1,2]},"deadline":null""";
        using var tool = new Tool(Stream(Change(8) + Frame(9, "directive.issued", Said) + Frame(10, "agent.lost", "")));

        Assert.Equal(
            new Ran(0, """
                revision,at,kind,subject,actor,details
                8,2026-01-02T03:04:05Z,agent.registered,a1,k1,"{""incarnation"":2}"
                9,2026-01-02T03:04:05Z,directive.issued,a1,k1,"{""seq"":1,""message"":""say \""hi\"", then\u001B"",""data"":{""to"":[1,2]}}"
                10,2026-01-02T03:04:05Z,agent.lost,a1,k1,

                """.ReplaceLineEndings("\r\n"), ""),
            await tool.RunAsync("events --after 7 --limit 3 --output csv"));
    }

    [Fact]
    public async Task Csv_FieldsAreMembersOrTheDetails()
    {
        using var tool = new Tool(Stream(Change(8)));

        Assert.Equal(
            new Ran(0, "incarnation,details\r\n2,\"{\"\"incarnation\"\":2}\"\r\n", ""),
            await tool.RunAsync("events --after 7 --limit 1 --output csv --fields incarnation,details"));
    }

    [Theory]
    [InlineData("--kind agent.* --kind key.minted --agent a --agent b", "/events?kind=agent.%2A%2Ckey.minted&subject=a%2Cb", null)]
    [InlineData("--since 2026-01-01", "/events?since=2026-01-01T00%3A00%3A00.000Z", null)]
    [InlineData("--since 1200", "/events", "1199")]
    [InlineData("--since 0", "/events", "0")]
    public async Task Filter_IsTheServersMatter(string options, string call, string? resumed)
    {
        using var tool = new Tool(Stream(Change(1200)));

        Assert.Equal(0, (await tool.RunAsync($"events {options} --limit 1 -o name")).Code);
        Assert.Equal(["GET " + call], tool.Calls);
        Assert.Equal(resumed, tool.Server.Requests[0].Headers.GetValueOrDefault("Last-Event-ID"));
    }

    /// <summary>The tool's clock is a month behind the server's.</summary>
    [Theory]
    [InlineData("2026-02-02T03:04:05Z", "2026-02-02T02%3A54%3A05.000Z")]
    [InlineData(null, "2026-01-02T02%3A54%3A05.000Z")]
    public async Task Since_SoLongAgo_IsByTheServersClock_WhereItSaysWhatItIs(string? clock, string since)
    {
        using var tool = new Tool(Clock(clock), Stream(Change(1200)));

        Assert.Equal(0, (await tool.RunAsync("events --since 10m --limit 1 -o name")).Code);
        Assert.Equal(["GET http://127.0.0.1:7420/livez", "GET /events?since=" + since], tool.Calls);
    }

    /// <summary>Nothing is missing where the log has not come so far.</summary>
    [Theory]
    [InlineData(
        "ahead", "This log ends at revision 43.",
        "nothing is there yet: This log ends at revision 43; what happens from now on is shown")]
    [InlineData(
        "compacted", "This log begins at revision 9; what was before is gone.",
        "some events were skipped: This log begins at revision 9; what was before is gone. Read the current state, then go on from here.")]
    public async Task PlaceThatIsNotInTheLog_IsSaid(string code, string detail, string said)
    {
        using var tool = new Tool(Stream(
            $"event: resync\ndata: {{\"code\":\"{code}\",\"detail\":\"{detail} Read the current state, then go on from here.\"}}\n\n"
            + Change(44)));
        Assert.Equal(new Ran(0, "44\n", said + "\n"), await tool.RunAsync("events --since 999999 --limit 1 -o name"));
    }

    [Theory]
    [InlineData("--kind agent.registerd", "--kind: 'agent.registerd' is no kind of event; did you mean 'agent.registered'?")]
    [InlineData("--kind zzz", "--kind: 'zzz' is no kind of event; there are admin.requested, agent.alive, ")]
    [InlineData("--agent a/b", "--agent: 'a/b' is not an id; ")]
    [InlineData("--since yesterday", "--since takes how long ago, such as 10m or 1h30m, a time such as 2026-01-31T08:15:30Z, or a rev")]
    [InlineData("--since 99999999999999999999", "--since takes how long ago")]
    [InlineData("--since 10m --after 3", "--after cannot be combined with --since")]
    [InlineData("--since 4 --after 3", "--after cannot be combined with --since")]
    public async Task WrongFilter_IsRefusedBeforeAnythingIsSent(string options, string words)
    {
        using var tool = new Tool(Stream(""));

        var ran = await tool.RunAsync("events " + options);

        Assert.Equal((2, ""), (ran.Code, ran.Out));
        Assert.Contains(words, ran.Error, StringComparison.Ordinal);
        Assert.Empty(tool.Calls);
    }

    private static Func<CancellationToken, Task<HttpResponseMessage>> BeginningAt(long revision, string text) => async cancellation =>
    {
        var response = await Stream(text)(cancellation);
        response.Headers.Add("X-Mesh-Revision", $"{revision}");
        return response;
    };

    private static string Change(long revision) => Frame(revision, "agent.registered", ",\"incarnation\":2");

    /// <param name="more">What the kind has beside the envelope, with a comma in front.</param>
    private static string Frame(long revision, string kind, string more) =>
        $"event: {kind}\nid: {revision}\n"
        + $"data: {{\"revision\":{revision},\"at\":\"2026-01-02T03:04:05Z\",\"actor\":\"k1\","
        + $"\"kind\":\"{kind}\",\"subject\":\"a1\"{more}}}\n\n";
}
