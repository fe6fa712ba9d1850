using System.Globalization;
using System.Text.Json.Nodes;
using SessionMesh.Contracts.Agents;
using SessionMesh.Server.Tests.Agents;
using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.Discovery;

/// <summary>
/// Every filter, selector and order over random fleets, against a reference that looks at every row; and cursors that are walked to the end
/// while agents come and go.
/// </summary>
public sealed class DiscoveryModelTests
{
    private static readonly string[] s_clusters = ["eu", "us"];
    private static readonly string[] s_users = ["ann", "bob"];
    private static readonly string[] s_skills = ["ocr", "sql", "image/scale"];
    private static readonly string[] s_environments = ["prod", "test"];
    private static readonly string[] s_activities = ["idle", "working", "waiting"];

    public static TheoryData<int> Seeds() => [1, 2, Random.Shared.Next()];

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task EveryQuery_FindsWhatLookingAtEveryRowFinds(int seed)
    {
        var random = new Random(seed);
        await using var mesh = await MeshHost.StartAsync();
        var orphans = await FleetAsync(mesh, random);
        var rows = await RowsAsync(mesh);
        foreach (var status in AgentStatus.All)
        {
            Assert.Contains(rows, row => Text(row, "status") == status); // a fleet of one kind would prove little
        }

        var matched = 0;
        for (var i = 0; i < 150; i++)
        {
            var (query, matches) = Query(random, rows, orphans, Now(mesh));
            var expected = rows.Where(matches).ToList();
            var sort = random.Next(3) == 0 ? null : AliveSort.Allowed[random.Next(AliveSort.Allowed.Count)];
            if (sort is not null)
            {
                query += $"&sort={sort}";
                expected = Sorted(expected, sort);
            }

            matched += expected.Count;
            Assert.True(
                expected.Select(row => Text(row, "agent_id")).SequenceEqual(await WalkAsync(mesh, query, random.Next(1, 30))),
                $"seed {seed}: {query}");
        }

        Assert.True(matched > 200, $"only {matched} rows matched anything");
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Cursor_WalkedWhileAgentsComeAndGo_ShowsWhatStaysOnce(int seed)
    {
        var random = new Random(seed);
        await using var mesh = await MeshHost.StartAsync();
        for (var i = 0; i < 60; i++)
        {
            await mesh.RegisterAsync($"s{i * 7 % 60:D2}", more: ",\"cluster\":\"eu\"");
            if (i % 3 == 0)
            {
                await mesh.RegisterAsync($"s{i * 7 % 60:D2}.goes", more: ",\"cluster\":\"eu\"");
            }
        }

        var step = 0;
        foreach (var sort in new[] { "", "&sort=id", "&sort=-id", "&sort=age", "&sort=-age" })
        {
            var seen = await WalkAsync(mesh, "cluster=eu" + sort, random.Next(3, 9), async () =>
            {
                step++;
                var guest = $"s{random.Next(60):D2}.guest{step}";
                await mesh.RegisterAsync(guest, more: ",\"cluster\":\"eu\"");
                await mesh.PostAsync($"agents/s{random.Next(60):D2}/heartbeat", """{"load":0.5,"activity":"working"}""");
                var gone = $"s{random.Next(20) * 3 * 7 % 60:D2}.goes";
                await mesh.DeleteAsync($"agents/{gone}?force=true");
                await mesh.PostAsync($"agents/{gone}/revive");
                await mesh.DeleteAsync($"agents/{gone}?forget=true");
            });
            Assert.Equal(seen.Count, seen.Distinct().Count());
            Assert.Equal(60, seen.Count(id => !id.Contains('.', StringComparison.Ordinal)));
        }
    }

    /// <summary>A query, and what a row must be like to be found by it.</summary>
    private static (string Query, Func<JsonNode, bool> Matches) Query(
        Random random, List<JsonNode> rows, HashSet<string> orphans, DateTimeOffset now)
    {
        var filter = AliveFilter.Allowed[random.Next(AliveFilter.Allowed.Count)];
        var query = "filter=" + (random.Next(2) == 0 ? filter : filter.ToUpperInvariant());
        var all = new List<Func<JsonNode, bool>> { row => IsIn(row, filter, orphans, now) };
        if (random.Next(4) == 0)
        {
            var names = s_skills.Where(_ => random.Next(2) == 0).ToList();
            query += string.Concat(names.Select(name => "&specialization=" + Uri.EscapeDataString(name)));
            all.Add(row => names.TrueForAll(name => Texts(row, "specializations").Contains(name)));
        }

        if (random.Next(4) == 0)
        {
            var names = s_skills.Append("nothing").Where(_ => random.Next(2) == 0).DefaultIfEmpty("ocr").ToList();
            query += string.Concat(names.Select(name => "&any_specialization=" + Uri.EscapeDataString(name)));
            all.Add(row => names.Exists(name => Texts(row, "specializations").Contains(name)));
        }

        if (random.Next(3) == 0)
        {
            var (environment, tier) = (s_environments[random.Next(2)], random.Next(2) == 0);
            query += $"&label=env%3D{environment}" + (tier ? ",tier!%3Dfree" : "");
            all.Add(row => Label(row, "env") == environment && (!tier || Label(row, "tier") != "free"));
        }

        foreach (var (name, parameter, values) in new[] { ("cluster", "cluster", s_clusters), ("user", "user", s_users) })
        {
            if (random.Next(4) == 0)
            {
                var value = values[random.Next(values.Length)];
                query += $"&{parameter}={value}";
                all.Add(row => Text(row, name) == value);
            }
        }

        var place = Text(rows[random.Next(rows.Count)], "agent_id")!;
        switch (random.Next(8))
        {
            case 3:
                var prefix = place[..random.Next(1, place.Length + 1)].TrimEnd('-');
                query += $"&prefix={prefix}";
                all.Add(row => Text(row, "agent_id")!.StartsWith(prefix, StringComparison.Ordinal));
                break;
            case 0:
                query += $"&parent={place}";
                all.Add(row => Text(row, "parent_id") == place);
                break;
            case 1:
                query += $"&subtree={place}";
                all.Add(row => IsAtOrBelow(rows, row, place));
                break;
            case 2:
                query += "&q=" + Uri.EscapeDataString("OC env=pr");
                all.Add(row => Contains(row, "OC") && Contains(row, "env=pr"));
                break;
        }

        return (query, row => all.TrueForAll(matches => matches(row)));
    }

    private static bool IsIn(JsonNode row, string filter, HashSet<string> orphans, DateTimeOffset now)
    {
        var status = Text(row, "status");
        var isAlive = status == AgentStatus.Alive;
        return filter switch
        {
            AliveFilter.All => true,
            AliveFilter.Active => isAlive,
            AliveFilter.Paused => status is AgentStatus.Alive or AgentStatus.Suspect && row["paused"]!.GetValue<bool>(),
            AliveFilter.Stalled => isAlive && Text(row, "activity") == "working" && row["progress_interval"] is { } interval
                && row["last_progress_at"] is { } since
                && now - since.GetValue<DateTimeOffset>() > TimeSpan.FromSeconds(interval.GetValue<int>()),
            AliveFilter.Orphaned =>
                status is not (AgentStatus.Dead or AgentStatus.Declared) && orphans.Contains(Text(row, "agent_id")!),
            "idle" or "working" or "waiting" => isAlive && Text(row, "activity") == filter,
            _ => status == filter,
        };
    }

    private static bool IsAtOrBelow(List<JsonNode> rows, JsonNode row, string id)
    {
        for (var at = row; at is not null; at = rows.FirstOrDefault(above => Text(above, "agent_id") == Text(at, "parent_id")))
        {
            if (Text(at, "agent_id") == id)
            {
                return true;
            }
        }

        return false;
    }

    private static bool Contains(JsonNode row, string word) =>
        new[] { "agent_id", "user", "cluster", "direction", "note" }.Select(name => Text(row, name))
            .Concat(Texts(row, "specializations"))
            .Concat(row["labels"]!.AsObject().Select(label => $"{label.Key}={label.Value}"))
            .Any(text => text?.Contains(word, StringComparison.OrdinalIgnoreCase) == true);

    /// <summary>Stable, so that what is equal keeps the order of the list.</summary>
    private static List<JsonNode> Sorted(List<JsonNode> rows, string sort)
    {
        var isReversed = sort[0] == '-';
        var by = sort.TrimStart('-');
        if (by == AliveSort.Id)
        {
            var byId = rows.OrderBy(row => Text(row, "agent_id"), StringComparer.Ordinal);
            return [.. isReversed ? byId.Reverse() : byId];
        }

        var keyed = rows.Select(row => (Row: row, Key: by switch
        {
            AliveSort.Load => row["load"]?.GetValue<double>(),
            AliveSort.Progress => row["progress"]?.GetValue<double>(),
            AliveSort.LastSeen => row["last_heartbeat_at"]?.GetValue<DateTimeOffset>().ToUnixTimeMilliseconds(),
            _ => -row["created_at"]!.GetValue<DateTimeOffset>().ToUnixTimeMilliseconds(),
        }));
        return [.. keyed.OrderBy(one => one.Key is null).ThenBy(one => isReversed ? -one.Key : one.Key).Select(one => one.Row)];
    }

    /// <summary>Every page, to the end.</summary>
    private static async Task<List<string>> WalkAsync(MeshHost mesh, string query, int limit, Func<Task>? betweenPages = null)
    {
        var seen = new List<string>();
        for (string? cursor = ""; cursor is not null;)
        {
            var page = await mesh.GetAsync($"alive?fields=agent_id&limit={limit}&{query}{cursor}");
            Assert.Equal(200, page.Status);
            seen.AddRange(page.Json["sessions"]!.AsArray().Select(row => Text(row!, "agent_id")!));
            cursor = page.Json["next_cursor"] is { } next ? "&cursor=" + next : null;
            await (betweenPages?.Invoke() ?? Task.CompletedTask);
        }

        return seen;
    }

    /// <summary>Agents of every status, with all that a list can ask for. Returns those whose parent is dead or forgotten.</summary>
    private static async Task<HashSet<string>> FleetAsync(MeshHost mesh, Random random)
    {
        var parents = new Dictionary<string, string>();
        for (var i = 0; i < 90; i++)
        {
            if (i == 30)
            {
                await mesh.AdvanceAsync(61); // the first are suspect by now, and lost with the next step
            }
            else if (i == 45)
            {
                await mesh.AdvanceAsync(60);
            }
            else if (i % 10 == 0)
            {
                await mesh.AdvanceAsync(1);
            }

            var id = $"a{random.Next(1000):D3}-{i}";
            var parent = i > 0 && random.Next(2) == 0 ? parents.Keys.ElementAt(random.Next(parents.Count)) : null;
            await RegisterAsync(mesh, random, id, parent);
            parents[id] = parent ?? "";
        }

        await RegisterAsync(mesh, random, "kept", null);
        parents["kept"] = "";
        await mesh.PostAsync("agents", """{"agent_id":"declared","declare":true,"cluster":"eu"}""");
        var ended = new HashSet<string>();
        foreach (var id in parents.Keys.Where(id => id != "kept").OrderBy(_ => random.Next()).Take(14).ToList())
        {
            switch (random.Next(4))
            {
                case 0:
                    await mesh.DeleteAsync($"agents/{id}?grace=3600&cascade=none");
                    break;
                case 1:
                    await mesh.DeleteAsync($"agents/{id}?force=true&cascade=descendants");
                    break;
                default:
                    var incarnation = (await mesh.GetAsync($"agents/{id}")).Json["incarnation"]!.GetValue<int>();
                    await mesh.PostAsync($"agents/{id}/exit", $$"""{"incarnation":{{incarnation}}}""");
                    ended.Add(id);
                    break;
            }
        }

        var forgotten = ended.Where(_ => random.Next(2) == 0).ToHashSet();
        foreach (var id in forgotten)
        {
            Assert.Equal(200, (await mesh.DeleteAsync($"agents/{id}?forget=true")).Status);
        }

        await mesh.DeleteAsync("agents/kept?force=true");
        await RegisterAsync(mesh, random, "last", null);
        await mesh.DeleteAsync("agents/last?grace=3600");
        var rows = await RowsAsync(mesh);
        var dead = rows.Where(row => Text(row, "status") == AgentStatus.Dead).Select(row => Text(row, "agent_id")!).ToHashSet();
        return [.. rows.Where(row => Text(row, "parent_id") is { } parent
                ? dead.Contains(parent)
                : parents.TryGetValue(Text(row, "agent_id")!, out var last) && forgotten.Contains(last))
            .Select(row => Text(row, "agent_id")!)];
    }

    private static async Task RegisterAsync(MeshHost mesh, Random random, string id, string? parent)
    {
        var more = $",\"cluster\":\"{s_clusters[random.Next(2)]}\"";
        more += random.Next(2) == 0 ? $",\"user\":\"{s_users[random.Next(2)]}\"" : "";
        more += parent is null ? "" : $",\"parent_id\":\"{parent}\"";
        more += $",\"specializations\":[{string.Join(',', s_skills.Where(_ => random.Next(2) == 0).Select(name => $"\"{name}\""))}]";
        more += random.Next(4) == 0 ? ""
            : $",\"labels\":{{\"env\":\"{s_environments[random.Next(2)]}\"{(random.Next(2) == 0 ? ",\"tier\":\"free\"" : "")}}}";
        await mesh.RegisterAsync(id, more: more);
        if (random.Next(3) > 0)
        {
            var load = random.Next(3) == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $",\"load\":{random.Next(5) / 4.0}");
            var progress = random.Next(2) == 0 ? "" : $",\"progress\":{random.Next(4)},\"progress_interval\":{random.Next(1, 4) * 30}";
            var note = $"\"note\":\"doc {random.Next(9)}\"";
            await mesh.PostAsync(
                $"agents/{id}/heartbeat", $$"""{"activity":"{{s_activities[random.Next(3)]}}"{{load}}{{progress}},{{note}}}""");
        }

        if (random.Next(5) == 0)
        {
            await mesh.PostAsync("steer", $$"""{"agent_id":"{{id}}","verb":"pause"}""");
            await mesh.PostAsync($"agents/{id}/directives/1/ack", """{"state":"acknowledged"}""");
        }
    }

    private static async Task<List<JsonNode>> RowsAsync(MeshHost mesh) =>
        [.. (await mesh.GetAsync("agents?limit=1000")).Json["sessions"]!.AsArray().Select(row => row!)];

    private static DateTimeOffset Now(MeshHost mesh) => DateTimeOffset.FromUnixTimeMilliseconds(mesh.Engine.Now.Wall);

    private static string? Text(JsonNode row, string name) => row[name]?.GetValue<string>();

    private static string? Label(JsonNode row, string name) => row["labels"]![name]?.GetValue<string>();

    private static List<string> Texts(JsonNode row, string name) => [.. row[name]!.AsArray().Select(text => text!.GetValue<string>())];
}
