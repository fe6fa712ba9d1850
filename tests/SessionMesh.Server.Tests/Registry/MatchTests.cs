using System.Globalization;
using System.Text.Json.Nodes;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Registry;
using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.Registry;

/// <summary>
/// <c>GET /registry/match</c> beside a naive reference over random fleets that claim, report loads, pause and die. A failing seed replays
/// with <c>SESSION_MESH_SEED</c>.
/// </summary>
public sealed class MatchTests
{
    private static readonly string[] s_names = ["image", "image/ocr", "image/ocr/latin", "sql"];

    public static TheoryData<int> Seeds()
    {
        var given = Environment.GetEnvironmentVariable("SESSION_MESH_SEED");
        return given is null ? [1, 2, Random.Shared.Next()] : [int.Parse(given, CultureInfo.InvariantCulture)];
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Match_IsWhatANaiveReferenceSays(int seed)
    {
        var random = new Random(seed);
        await using var mesh = await MeshHost.StartAsync();
        var claimed = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var step = 0; step < 150; step++)
        {
            await ChangeAsync(mesh, random, claimed, step);
            if (step % 3 > 0)
            {
                continue;
            }

            var name = s_names[random.Next(s_names.Length)];
            var strategy = MatchStrategy.All[random.Next(3)];
            var count = random.Next(1, 6);
            var query = $"registry/match?specialization={name}&strategy={strategy}&count={count}";
            query += random.Next(3) switch { 0 => "&cluster=red", 1 => "&label=gpu!%3Dyes", _ => "" };
            var rows = (await mesh.GetAsync("alive?limit=1000")).Json["sessions"]!.AsArray();
            var expected = Reference([.. rows.Select(row => row!.AsObject())], name, strategy, query, claimed).Take(count);
            var matches = (await mesh.GetAsync(query)).Json["matches"]!.AsArray();
            Assert.True(
                expected.SequenceEqual(matches.Select(match => match!["agent_id"]!.GetValue<string>())),
                $"seed {seed}, step {step}: {query}\n{matches.ToJsonString()}");
        }
    }

    [Fact]
    public async Task Match_AnswersWholeRows_AndWhy()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.PostAsync("agents", """{"agent_id":"a","specializations":[{"name":"image/ocr","level":80,"capacity":3}]}""");
        await mesh.PostAsync("agents", """{"agent_id":"b","specializations":["image"]}""");
        await mesh.PostAsync("registry/claim", """{"specialization":"image/ocr"}""");
        await mesh.PostAsync("agents/a/heartbeat", """{"load":0.25}""");
        await mesh.AdvanceAsync(7);
        async Task<string[]> WhyAsync(string strategy) =>
            [.. (await mesh.GetAsync($"registry/match?specialization=image&count=100&strategy={strategy}")).Json["matches"]!.AsArray()
                .Select(match => $"{match!["agent_id"]} {match["why"]}")];
        Assert.Equal(
            ["b image: 0 of 1 held, load unknown, level 50", "a image/ocr: 1 of 3 held, load 0.25, level 80"],
            await WhyAsync("least-loaded"));
        Assert.Equal(
            ["a image/ocr: level 80, 1 of 3 held, load 0.25", "b image: level 50, 0 of 1 held, load unknown"],
            await WhyAsync("most-skilled"));
        Assert.Equal(
            ["b image: never claimed, 0 of 1 held, load unknown", "a image/ocr: last claimed 7 s ago, 1 of 3 held, load 0.25"],
            await WhyAsync("spread"));
        var match = (await mesh.GetAsync("registry/match?specialization=image/ocr")).Json["matches"]!.AsArray();
        var row = (await mesh.GetAsync("alive?specialization=image/ocr")).Json["sessions"]![0]!.AsObject();
        row["why"] = "image/ocr: 1 of 3 held, load 0.25, level 80";
        Assert.Equal(row.ToJsonString(), Assert.Single(match)!.ToJsonString());
        (await mesh.GetAsync("registry/match?specialization=nobody")).ShouldBe(200, """{"matches":[]}""");
    }

    [Theory]
    [InlineData("registry/match", "?specialization")]
    [InlineData("registry/match?specialization=s&count=0", "?count")]
    [InlineData("registry/match?specialization=s&count=101", "?count")]
    [InlineData("registry/match?specialization=s&strategy=best", "?strategy")]
    [InlineData("registry/match?specialization=s&label=gpu", "?label")]
    [InlineData("registry/match?specialization=s&limit=1", "?limit")]
    public async Task Match_BadInput_SaysWhatIsWrong(string path, string pointer)
    {
        await using var mesh = await MeshHost.StartAsync();
        (await mesh.GetAsync(path)).ShouldBeProblem(400, "invalid_request", ",\"errors\":\"*\"").ShouldBlame(pointer);
        Assert.Equal(100, Limits.Matches);
    }

    private static async Task ChangeAsync(MeshHost mesh, Random random, Dictionary<string, int> claimed, int step)
    {
        var id = $"a{random.Next(12)}";
        switch (random.Next(10))
        {
            case 0 or 1:
                var skills = string.Join(',', s_names.Where(_ => random.Next(2) == 0).Select(name =>
                    $$"""{"name":"{{name}}","level":{{random.Next(3) * 50}},"capacity":{{random.Next(1, 4)}}}"""));
                await mesh.PostAsync("agents", $$"""
                    {"agent_id":"{{id}}","ttl":600,"takeover":true,"specializations":[{{skills}}],
                     "cluster":"{{(random.Next(2) == 0 ? "red" : "blue")}}","labels":{"gpu":"{{(random.Next(2) == 0 ? "yes" : "no")}}"} }
                    """);
                break;
            case 2 or 3:
                var load = (random.Next(4) / 4.0).ToString(CultureInfo.InvariantCulture);
                await mesh.PostAsync($"agents/{id}/heartbeat", "{\"load\":" + load + "}");
                break;
            case 4:
                var verb = random.Next(2) == 0 ? "pause" : "resume";
                var steered = await mesh.PostAsync("steer", $$"""{"agent_id":"{{id}}","verb":"{{verb}}"}""");
                if (steered.Status == 200)
                {
                    await mesh.PostAsync($"agents/{id}/directives/{steered.Json["seq"]}/ack", """{"state":"acknowledged"}""");
                }

                break;
            case 5 when random.Next(3) == 0:
                await mesh.DeleteAsync($"agents/{id}?force=true");
                await mesh.PostAsync($"agents/{id}/revive");
                break;
            case 6:
                var held = mesh.State.Claims.After(0).ToList();
                if (held.Count > 0)
                {
                    await mesh.DeleteAsync("registry/claims/" + held[random.Next(held.Count)].Id);
                }

                break;
            default:
                var claim = await mesh.PostAsync(
                    "registry/claim", $$"""{"specialization":"{{s_names[random.Next(s_names.Length)]}}","ttl":86400}""");
                if (claim.Status == 201)
                {
                    claimed[claim.Json["agent_id"]!.GetValue<string>()] = step + 1;
                }

                break;
        }

        await mesh.AdvanceAsync(1); // so that no two claims are of the same time
    }

    /// <summary>The rule, as it is written in the documents, over the rows that a list shows.</summary>
    private static IEnumerable<string> Reference(
        List<JsonObject> rows, string path, string strategy, string query, Dictionary<string, int> claimed)
    {
        var places = new List<(string Id, double Share, double Load, int Level, int At)>();
        foreach (var row in rows.Where(row => !row["paused"]!.GetValue<bool>()))
        {
            var best = row["skills"]!.AsArray().Select(skill => skill!.AsObject())
                .Select(skill => (
                    Name: skill["name"]!.GetValue<string>(),
                    Level: skill["level"]!.GetValue<int>(),
                    Capacity: skill["capacity"]!.GetValue<int>(),
                    Held: skill["held"]!.GetValue<int>()))
                .Where(skill => skill.Name == path || skill.Name.StartsWith(path + "/", StringComparison.Ordinal))
                .Where(skill => skill.Held < skill.Capacity)
                .OrderBy(skill => (double)skill.Held / skill.Capacity).ThenByDescending(skill => skill.Level)
                .ThenBy(skill => skill.Name, StringComparer.Ordinal).ToList();
            var fits = (!query.Contains("cluster=red", StringComparison.Ordinal) || row["cluster"]!.GetValue<string>() == "red")
                && (!query.Contains("gpu", StringComparison.Ordinal) || row["labels"]!["gpu"]!.GetValue<string>() != "yes");
            if (best is [var skill, ..] && fits)
            {
                var id = row["agent_id"]!.GetValue<string>();
                places.Add((
                    id, (double)skill.Held / skill.Capacity, row["load"]?.GetValue<double>() ?? double.PositiveInfinity, skill.Level,
                    claimed.GetValueOrDefault(id)));
            }
        }

        return places
            .OrderBy(place => strategy == MatchStrategy.MostSkilled ? -place.Level : strategy == MatchStrategy.Spread ? place.At : 0)
            .ThenBy(place => place.Share).ThenBy(place => place.Load).ThenBy(place => place.Id, StringComparer.Ordinal)
            .Select(place => place.Id);
    }
}
