using System.Net.Sockets;
using System.Text;
using SessionMesh.Contracts;
using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.Sessions;

public sealed class ImportTests
{
    /// <summary>Two lines.</summary>
    private const string Old =
        """{"type": "session", "id": "a1b2c3d4e5f6", "user": "alice", "status": "active", "ttl": 3600,"""
        + """ "meta": {"theme": "dark", "note": "ünï"}, "created_at": "2026-01-31T07:30:00.123456Z","""
        + """ "last_access": "2026-01-31T07:45:00Z", "expires_at": "2026-01-31T08:30:00.123456Z"}"""
        + "\n"
        + """{"type":"session","id":"0123456789ab","user":"bob","status":"expired","ttl":60,"meta":"""
        + """{},"created_at":"2026-01-30T00:00:00Z","last_access":"2026-01-30T00:00:00Z","expires_at":"""
        + "\"2026-01-30T00:01:00Z\",\"expired_at\":\"2026-01-30T00:00:30.5Z\"}";

    [Fact]
    public async Task Import_KeepsIdsTimesAndStates_AndTwiceChangesNothing()
    {
        await using var mesh = await MeshHost.StartAsync();
        (await mesh.PostAsync("sessions/import", Old))
            .ShouldBe(200, """
                {"dry_run":false,"lines":2,"imported":2,"existing":0,"skipped_count":0,"skipped":[],
                 "since":1,"remark_count":0,"remarks":[]}
                """);
        (await mesh.GetAsync("sessions/a1b2c3d4e5f6")).ShouldBe(200, """
            {"id":"a1b2c3d4e5f6","user":"alice","status":"active","ttl":3600,"meta":{"theme":"dark","note":"ünï"},
             "created_at":"2026-01-31T07:30:00.123456Z","last_access":"2026-01-31T07:45:00Z",
             "expires_at":"2026-01-31T08:30:00.123456Z","expired_at":null,"agent_id":null,"version":2}
            """);
        (await mesh.GetAsync("sessions/0123456789ab")).ShouldBe(200, """
            {"id":"0123456789ab","user":"bob","status":"expired","ttl":60,"meta":{},"created_at":"2026-01-30T00:00:00Z",
             "last_access":"2026-01-30T00:00:00Z","expires_at":"2026-01-30T00:01:00Z",
             "expired_at":"2026-01-30T00:00:30.500000Z","agent_id":null,"version":3}
            """);
        var revision = mesh.Revision;
        (await mesh.PostAsync("sessions/import", Old))
            .ShouldBe(200, """
                {"dry_run":false,"lines":2,"imported":0,"existing":2,"skipped_count":0,"skipped":[],
                 "since":3,"remark_count":0,"remarks":[]}
                """);
        Assert.Equal(revision, mesh.Revision);
    }

    [Fact]
    public async Task Import_InSeveralCalls_TheLastLineCounts_WhereNobodyHasChangedTheSession()
    {
        await using var mesh = await MeshHost.StartAsync();
        static string Record(string id, string user) =>
            $$"""{"type":"session","id":"{{id}}","user":"{{user}}","ttl":60,"created_at":"2026-01-31T08:00:00Z"}""" + "\n";
        async Task<string> UserOfAsync(string id) => (await mesh.GetAsync("sessions/" + id)).Json["user"]!.GetValue<string>();
        await mesh.PostAsync("sessions/import", Record("before", "first"));
        var since = (await mesh.PostAsync("sessions/import?dry_run=true", "")).Json["since"]!.GetValue<long>();
        await mesh.PostAsync($"sessions/import?since={since}", Record("again", "first") + Record("changed", "first"));
        await mesh.SendAsync(HttpMethod.Patch, "sessions/changed", """{"meta":{"k":"v"}}""");

        var answer = await mesh.PostAsync(
            $"sessions/import?since={since}", Record("before", "second") + Record("again", "second") + Record("changed", "second"));

        Assert.Equal((0, 3), (answer.Json["imported"]!.GetValue<int>(), answer.Json["existing"]!.GetValue<int>()));
        Assert.Equal(
            ("first", "second", "first"), (await UserOfAsync("before"), await UserOfAsync("again"), await UserOfAsync("changed")));
        Assert.Equal(400, (await mesh.PostAsync("sessions/import?since=soon", "")).Status);
    }

    [Fact]
    public async Task Import_DryRun_SaysWhatItWouldTake_AndTakesNothing()
    {
        await using var mesh = await MeshHost.StartAsync();
        (await mesh.PostAsync("sessions/import?dry_run=true", Old + "\n" + Old.Split('\n')[0]))
            .ShouldBe(200, """
                {"dry_run":true,"lines":3,"imported":2,"existing":1,"skipped_count":0,"skipped":[],
                 "since":1,"remark_count":0,"remarks":[]}
                """);
        Assert.Equal(1, mesh.Revision);
    }

    [Theory]
    [InlineData("{", "broken")]
    [InlineData("[]", "broken")]
    [InlineData("""{"type":"session","id":"x","ttl":"5","created_at":"2026-01-01T00:00:00Z"}""", "invalid")]
    [InlineData("""{"ts":"2026-01-01","cmd":"set","val":"x"}""", "other_kind")]
    [InlineData("""{"type":"event","id":"x"}""", "other_kind")]
    [InlineData("""{"id":"x"}""", "other_kind")]
    [InlineData("""{"type":"session"}""", "invalid")]
    [InlineData("""{"type":"session","id":"x"}""", "invalid")]
    [InlineData("""{"type":"session","id":"../x","created_at":"2026-01-01T00:00:00Z"}""", "invalid")]
    [InlineData("""{"type":"session","id":"s-1","created_at":"2026-01-01T00:00:00Z"}""", "invalid")]
    [InlineData("""{"type":"session","id":"x","created_at":"soon"}""", "invalid")]
    [InlineData("""{"type":"session","id":"x","created_at":"2026-01-01T00:00:00Z","status":"gone"}""", "invalid")]
    [InlineData("""{"type":"session","id":"x","created_at":"2026-01-01T00:00:00Z","ttl":1e13}""", "invalid")]
    [InlineData("""{"type":"session","id":"x","created_at":"2026-01-01T00:00:00Z","meta":[1]}""", "invalid")]
    [InlineData("""{"type":"session","id":"x","created_at":"2026-01-01T00:00:00Z","meta":{"a":1}}""", "invalid")]
    [InlineData("""{"type":"session","id":"x","created_at":"2026-01-01T00:00:00Z","meta":{"a":null}}""", "invalid")]
    [InlineData("""{"type":"session","id":"stats","created_at":"2026-01-01T00:00:00Z"}""", "invalid")]
    public async Task Line_ThatCannotBeTaken_IsNamed_AndStopsNothing(string line, string code)
    {
        await using var mesh = await MeshHost.StartAsync();
        var reply = await mesh.PostAsync("sessions/import", "\r\n" + line + "\r\n\n" + Old);
        Assert.Equal(
            (200, 3, 2, 1),
            (reply.Status, reply.Json["lines"]!.GetValue<int>(), reply.Json["imported"]!.GetValue<int>(),
             reply.Json["skipped_count"]!.GetValue<int>()));
        var skipped = reply.Json["skipped"]![0]!;
        Assert.Equal((2, code), (skipped["line"]!.GetValue<int>(), skipped["code"]!.GetValue<string>()));
        Assert.NotEmpty(skipped["reason"]!.GetValue<string>());
    }

    [Fact]
    public async Task Line_OfSixteenMebibytes_AndNotOneMore_TheNextIsTakenAgain()
    {
        await using var mesh = await MeshHost.StartAsync();
        string Line(string id, int bytes)
        {
            var other = new string('x', bytes - 78 - id.Length);
            return $$"""{"type":"session","id":"{{id}}","created_at":"2026-01-01T00:00:00Z","other":"{{other}}"}""";
        }

        var exact = Line("exact", Limits.ImportLineBytes);
        exact += new string(' ', Limits.ImportLineBytes - exact.Length);
        var body = string.Join(
            '\n', exact, exact.Replace("exact", "longer", StringComparison.Ordinal), Old, Line("huge", 40_000_000), Line("last", 200));
        var reply = await mesh.PostAsync("sessions/import", body);
        Assert.Equal(4, reply.Json["imported"]!.GetValue<int>());
        Assert.Equal(
            [(2, "too_long"), (5, "too_long")],
            reply.Json["skipped"]!.AsArray().Select(s => (s!["line"]!.GetValue<int>(), s["code"]!.GetValue<string>())));
        Assert.NotNull(mesh.State.Sessions.Find("last"));
    }

    [Fact]
    public async Task Skips_AThousandAreListed_TheOthersCounted()
    {
        await using var mesh = await MeshHost.StartAsync();
        var reply = await mesh.PostAsync("sessions/import", string.Concat(Enumerable.Repeat("x\n", Limits.ImportSkipsListed + 1)));
        Assert.Equal(
            (Limits.ImportSkipsListed + 1, Limits.ImportSkipsListed),
            (reply.Json["skipped_count"]!.GetValue<int>(), reply.Json["skipped"]!.AsArray().Count));
    }

    [Fact]
    public async Task Import_IsATransactionAThousandLines()
    {
        await using var mesh = await MeshHost.StartAsync();
        var lines = Enumerable.Range(0, Limits.ImportChunk + 1)
            .Select(i => $$"""{"type":"session","id":"i{{i}}","created_at":"2026-01-01T00:00:00Z"}""");
        Assert.Equal(
            Limits.ImportChunk + 1, (await mesh.PostAsync("sessions/import", string.Join('\n', lines))).Json["imported"]!.GetValue<int>());
        Assert.Equal(Limits.ImportChunk + 2, mesh.Revision);
        await mesh.RestartAsync();
        Assert.Equal(Limits.ImportChunk + 1, mesh.State.Sessions.Count);
    }

    [Fact]
    public async Task Import_CutOffHalfWay_KeepsWhatCame_AndTheSameAgainGoesOn()
    {
        await using var mesh = await MeshHost.StartAsync();
        var lines = Enumerable.Range(0, 3000)
            .Select(i => $$"""{"type":"session","id":"i{{i}}","created_at":"2026-01-01T00:00:00Z"}""").ToList();
        var whole = string.Join('\n', lines) + "\n";
        var half = whole[..(whole.IndexOf("\"i2500\"", StringComparison.Ordinal) + 3)];
        using (var client = new TcpClient())
        {
            await client.ConnectAsync(mesh.Address.Host, mesh.Address.Port);
            await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(
                $"POST /api/session-mesh/sessions/import HTTP/1.1\r\nHost: localhost:{mesh.Address.Port}\r\n"
                + $"Authorization: Bearer {mesh.RootKey}\r\nContent-Length: {whole.Length}\r\n\r\n{half}"));
            await mesh.ChangeAsync("session.imported", "i999");
        }

        await mesh.SettleAsync();
        Assert.InRange(mesh.State.Sessions.Count, 1000, 2501);
        var before = mesh.State.Sessions.Count;
        var again = await mesh.PostAsync("sessions/import", whole);
        Assert.Equal(3000, again.Json["imported"]!.GetValue<int>() + again.Json["existing"]!.GetValue<int>());
        Assert.InRange(again.Json["existing"]!.GetValue<int>(), before, 2501); // what had come was still being taken
        Assert.Equal(3000, mesh.State.Sessions.Count);
    }

    /// <summary>Import, export, import elsewhere, export: the same to the byte.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task RoundTrip_IsIdentity(int seed)
    {
        var random = new Random(seed);
        await using var first = await MeshHost.StartAsync();
        await using var second = await MeshHost.StartAsync();
        await first.PostAsync("sessions/import", string.Join('\n', Enumerable.Range(0, 300).Select(i => Record(random, i))));
        var exported = await first.GetAsync("sessions/export?format=jsonl");
        Assert.Equal(300, exported.Text.Count(c => c == '\n'));
        var imported = await second.PostAsync("sessions/import", exported.Text);
        Assert.Equal((300, 0), (imported.Json["imported"]!.GetValue<int>(), imported.Json["skipped_count"]!.GetValue<int>()));
        Assert.Equal(exported.Text, (await second.GetAsync("sessions/export?format=jsonl")).Text);
        await second.RestartAsync();
        Assert.Equal(exported.Text, (await second.GetAsync("sessions/export?format=jsonl")).Text);
        Assert.Equal(
            $"[{exported.Text.TrimEnd().Replace("\n", ",", StringComparison.Ordinal)}]\n", (await second.GetAsync("sessions/export")).Text);
    }

    [Fact]
    public async Task Csv_HasTheOldHeader_QuotesWhatItMust_AndDefusesFormulas()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.PostAsync("sessions", """{"id":"a","user":"=HYPERLINK(\"http://x\")","ttl":60}""");
        await mesh.PostAsync("sessions", """{"id":"b","user":"o'neil, \"x\"","ttl":"none"}""");
        await mesh.PostAsync("sessions", """{"id":"c","user":"@x","ttl":5}""");
        await mesh.AdvanceAsync(6);
        var reply = await mesh.GetAsync("sessions/export?format=csv");
        Assert.Equal("text/csv; charset=utf-8", reply.Headers["Content-Type"]);
        const string Expected = """"
            id,user,status,ttl,created_at,last_access,expires_at
            a,"'=HYPERLINK(""http://x"")",active,60,2026-01-31T08:15:30Z,2026-01-31T08:15:30Z,2026-01-31T08:16:30Z
            b,"o'neil, ""x""",active,,2026-01-31T08:15:30Z,2026-01-31T08:15:30Z,
            c,'@x,expired,5,2026-01-31T08:15:30Z,2026-01-31T08:15:30Z,2026-01-31T08:15:35Z

            """";
        Assert.Equal(Expected.ReplaceLineEndings("\r\n"), reply.Text);
    }

    private static string Record(Random random, int i)
    {
        string Time(int year)
        {
            var day = new DateTime(year, 1 + random.Next(12), 1 + random.Next(28), 0, 0, 0, DateTimeKind.Utc);
            var time = day.AddHours(random.Next(24)).AddMinutes(random.Next(60)).AddSeconds(random.Next(60))
                .AddTicks(random.Next(2) == 0 ? 0 : random.Next(1_000_000) * TimeSpan.TicksPerMicrosecond);
            return time.ToString(random.Next(2) == 0 ? "yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'" : "o", null);
        }

        var meta = string.Join(',', Enumerable.Range(0, random.Next(4)).Select(k => $"\"{k}-{Word(random)}\":\"{Word(random)}\""));
        var expired = random.Next(3) == 0;
        var user = User(random);
        var ttl = random.Next(4) == 0 ? "" : $",\"ttl\":{random.Next(1, 100_000)}";
        var (created, accessed) = (Time(2024), Time(2025));
        var expires = random.Next(5) == 0 ? "" : $",\"expires_at\":\"{Time(random.Next(2025, 2030))}\"";
        var ended = expired && random.Next(2) == 0 ? $",\"expired_at\":\"{Time(2025)}\"" : "";
        return $$"""{"type":"session","id":"r{{i}}","user":"{{user}}","status":"{{(expired ? "expired" : "active")}}"{{ttl}},"meta":"""
            + $$"""{ {{meta}} },"created_at":"{{created}}","last_access":"{{accessed}}"{{expires}}{{ended}}}""";
    }

    private static string User(Random random) =>
        ((string[])["alice", "ünï cödé", "日本", "emoji 😀", "<b>&amp;'", "\\u202eevil", "=1+1"])[random.Next(7)];

    private static string Word(Random random)
    {
        string[] words =
        [
            "alice", "ünï cödé", "日本", "emoji 😀", "tab\\tand \\\"quote\\\" and \\\\", "\\u0000\\u001b[31m", "<b>&amp;'",
            "\\u202eevil", "a/b",
        ];
        return words[random.Next(9)].Replace("\\u0000\\u001b", random.Next(2) == 0 ? "x" : "y", StringComparison.Ordinal);
    }
}
