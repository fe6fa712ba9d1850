using System.Text;
using System.Text.Json.Nodes;
using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.Sessions;

/// <summary>Records that could not be made here: taken as they are, and of use afterwards.</summary>
public sealed class ForeignRecordTests
{
    [Theory]
    [InlineData("0", "0")]
    [InlineData("-0.0", "0")]
    [InlineData("-3600", "-3600")]
    [InlineData("1.5", "1.5")]
    [InlineData("1e3", "1000")]
    [InlineData("200000000000", "200000000000")]
    [InlineData("60.0", "60")]
    public async Task AnyTtl_IsKept_AlsoOverARestart(string ttl, string kept)
    {
        await using var mesh = await MeshHost.StartAsync();
        var answer = await mesh.PostAsync(
            "sessions/import", Record("a", $"\"ttl\":{ttl},\"expires_at\":\"1950-01-01T00:00:00.000001Z\""));
        Assert.Equal(1, answer.Json["imported"]!.GetValue<int>());

        await mesh.RestartAsync();

        Assert.Equal(
            Record("a", $"\"status\":\"expired\",\"ttl\":{kept},\"meta\":{{}}", "1950-01-01T00:00:00.000001Z") + "\n",
            (await mesh.GetAsync("sessions/export?format=jsonl")).Text);
        Assert.Equal(["a"], (await mesh.PostAsync("sessions/cleanup", "{}")).Json["removed_ids"]!.AsArray().Select(id => (string)id!));
    }

    [Fact]
    public async Task OverLimits_IsRead_Listed_Exported_Expired_Refreshed_AndMadeSmaller()
    {
        await using var mesh = await MeshHost.StartAsync();
        var user = new string('u', 70_000) + "\\u0001\u0085";
        var name = new string('n', 300);
        var meta = $$"""{"":"empty","{{name}}":"{{new string('x', 100_000)}}","k":"v"}""";
        var answer = await mesh.PostAsync(
            "sessions/import", Record("a", $"\"user\":\"{user}\",\"ttl\":0,\"meta\":{meta},\"more\":1"));
        Assert.Equal(
            """[{"line":1,"code":"unknown_members","detail":"left out: more"},"""
            + """{"line":1,"code":"over_limits","detail":"kept as it is, and could not be made here: user, meta, ttl"}]""",
            answer.Json["remarks"]!.ToJsonString());

        var got = (await mesh.GetAsync("sessions/a")).ShouldBeOk();
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(meta), got.Json["meta"]));
        Assert.Equal(JsonNode.Parse($"\"{user}\"")!.GetValue<string>(), got.Json["user"]!.GetValue<string>());
        Assert.Equal(1, (await mesh.GetAsync("sessions")).Json["count"]!.GetValue<int>());
        Assert.Contains(name, (await mesh.GetAsync("sessions/export?format=jsonl")).Text, StringComparison.Ordinal);
        (await mesh.PostAsync("sessions/a/expire", "{}")).ShouldBeOk();
        Assert.Equal(3600, (await mesh.PostAsync("sessions/a/refresh", "{}")).ShouldBeOk().Json["ttl"]!.GetValue<int>());
        (await mesh.SendAsync(HttpMethod.Patch, "sessions/a", """{"meta":{"k":"vv"}}""")).ShouldBeRefused(400, "invalid_request");
        (await mesh.SendAsync(HttpMethod.Patch, "sessions/a", """{"meta":{"k":""}}""")).ShouldBeOk();
        (await mesh.SendAsync(HttpMethod.Patch, "sessions/a", $$$"""{"meta":{"{{{name}}}":null,"":null}}""")).ShouldBeOk();
        Assert.Equal("""{"k":""}""", (await mesh.GetAsync("sessions/a")).Json["meta"]!.ToJsonString());
        (await mesh.SendAsync(HttpMethod.Delete, "sessions/a")).ShouldBeOk();
    }

    [Theory]
    [InlineData("\\ud800", "\ufffd")]
    [InlineData("a\\udce9b", "a\ufffdb")]
    [InlineData("\\ud83d\\ude00", "\U0001F600")]
    [InlineData("\\ud83d\\ud83d\\ude00", "\ufffd\U0001F600")]
    [InlineData("\\\\ud800", "\\ud800")]
    [InlineData("\u00ff", "\ufffd")]
    public async Task TextThatIsNone_BecomesReplacementCharacters_AndThatIsSaid(string written, string kept)
    {
        await using var mesh = await MeshHost.StartAsync();

        // As Latin-1, in which U+00FF is a byte that no UTF-8 has.
        using var request = mesh.Request(HttpMethod.Post, "sessions/import");
        request.Content = new ByteArrayContent(Encoding.Latin1.GetBytes(Record("a", $"\"user\":\"{written}\"")));
        var answer = await mesh.SendAsync(request);

        Assert.Equal(1, answer.Json["imported"]!.GetValue<int>());
        Assert.Equal(
            kept.Contains('\ufffd', StringComparison.Ordinal) ? ["replaced_text"] : [],
            answer.Json["remarks"]!.AsArray().Select(remark => (string)remark!["code"]!));
        Assert.Equal(kept, (await mesh.GetAsync("sessions/a")).Json["user"]!.GetValue<string>());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(1500)]
    public async Task OfTwoLinesWithOneId_TheLastCounts_AndADryRunCountsTheSame(int between)
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.PostAsync("sessions", """{"id":"there","user":"before"}""");
        var lines = string.Join('\n', (string[])
        [
            Record("twice", "\"user\":\"first\",\"expires_at\":\"2026-01-01T00:00:01Z\""),
            Record("there", "\"user\":\"other\""),
            .. Enumerable.Range(0, between).Select(i => Record($"r{i}", "\"user\":\"u\"")),
            Record("twice", "\"user\":\"last\",\"expires_at\":\"9999-01-01T00:00:00Z\""),
        ]);
        foreach (var dry in new[] { "true", "false" })
        {
            var answer = await mesh.PostAsync("sessions/import?dry_run=" + dry, lines);
            Assert.Equal(
                (between + 3, between + 1, 2),
                (answer.Json["lines"]!.GetValue<int>(), answer.Json["imported"]!.GetValue<int>(),
                    answer.Json["existing"]!.GetValue<int>()));
        }

        Assert.Equal("last", (await mesh.GetAsync("sessions/twice")).Json["user"]!.GetValue<string>());
        Assert.Equal("before", (await mesh.GetAsync("sessions/there")).Json["user"]!.GetValue<string>());
        await mesh.RestartAsync();
        Assert.Equal("last", (await mesh.GetAsync("sessions/twice")).Json["user"]!.GetValue<string>());
        Assert.Equal(between + 2, mesh.State.Sessions.Count);
    }

    [Fact]
    public async Task Refresh_KeepsExpiredAt_AndTheNextEndIsTheOneThatCounts()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.PostAsync("sessions", """{"id":"a","ttl":60}""");
        await mesh.PostAsync("sessions/a/expire", "{}");
        await mesh.AdvanceAsync(10);
        var refreshed = await mesh.PostAsync("sessions/a/refresh", """{"ttl":20}""");
        Assert.Equal(("active", "2026-01-31T08:15:30Z"), ((string)refreshed.Json["status"]!, (string)refreshed.Json["expired_at"]!));
        await mesh.AdvanceAsync(30);

        var lapsed = await mesh.GetAsync("sessions/a");
        Assert.Equal(("expired", "2026-01-31T08:15:30Z"), ((string)lapsed.Json["status"]!, (string)lapsed.Json["expired_at"]!));
        Assert.Equal(0, await Removed("2026-01-31T08:16:00.000000Z"));
        Assert.Equal(1, await Removed("2026-01-31T08:16:00.000001Z"));

        var again = await mesh.PostAsync("sessions/a/expire", "{}");
        Assert.Equal("2026-01-31T08:16:10Z", (string)again.Json["expired_at"]!);
        Assert.Equal(0, await Removed("2026-01-31T08:16:10Z"));
        Assert.Equal(1, await Removed("2026-01-31T08:16:10.000001Z"));

        async Task<int> Removed(string before) =>
            (await mesh.PostAsync(
                "sessions/cleanup", $$"""{"before":"{{before}}","dry_run":true}""")).Json["removed_count"]!.GetValue<int>();
    }

    private static string Record(string id, string members, string? ends = null) => ends is null
        ? $$"""{"type":"session","id":"{{id}}",{{members}},"created_at":"2026-01-01T00:00:00Z","last_access":"2026-01-01T00:00:00Z"}"""
        : $$"""{"type":"session","id":"{{id}}","user":"anonymous",{{members}},"created_at":"2026-01-01T00:00:00Z","""
            + $"\"last_access\":\"2026-01-01T00:00:00Z\",\"expires_at\":\"{ends}\"}}";
}
