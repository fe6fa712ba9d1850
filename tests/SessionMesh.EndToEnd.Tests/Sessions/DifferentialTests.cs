using System.Text.Json;
using System.Text.Json.Nodes;
using SessionMesh.EndToEnd.Tests.Support;

namespace SessionMesh.EndToEnd.Tests.Sessions;

/// <summary>
/// Random commands, side by side with a stand-in for the script whose place the tool takes: the same exit codes, the same stream, the same
/// shapes and the same content, where ids and moments are each side's own. What the script does wrong is kept away from.
/// </summary>
public sealed class DifferentialTests
{
    private const int Steps = 60;
    private static readonly string[] s_users = ["alice", "bob", "=1+1", "zo\u00eb"];
    private static readonly string[] s_times = ["created_at", "last_access", "expires_at", "expired_at"];

    [Theory]
    [InlineData(7)]
    [InlineData(42)]
    public async Task RandomCommands_AnswerAlike(int seed)
    {
        await using var mesh = await Mesh.StartAsync();
        var script = Path.Combine(AppContext.BaseDirectory, "Sessions", "session_script.py");
        var python = (await mesh.BashAsync("python3 -c 'import sys; print(sys.executable)'")).Out.Trim(); // not a shim, which is slow
        var random = new Random(seed);
        var pairs = new List<(string Old, string New)>();
        for (var step = 0; step < Steps; step++)
        {
            var command = Next(random, pairs.Count);
            var old = await mesh.BashAsync(
                $"{python} {script} {Fill(command, pairs, pair => pair.Old)}", ("HOME", mesh.Scratch.File("home")));
            var ours = await mesh.BashAsync(
                $"session-mesh session {Fill(command, pairs, pair => pair.New)}",
                ("HOME", Directory.CreateDirectory(mesh.Scratch.File("other-home")).FullName));
            var what = $"seed {seed}, step {step}: {command}\n--- script\n{old}\n--- tool\n{ours}";

            Assert.True(
                (old.Code, old.Out.Length > 0, old.Error.Length > 0) == (ours.Code, ours.Out.Length > 0, ours.Error.Length > 0), what);
            if (command.StartsWith("create", StringComparison.Ordinal) && old.Code == 0)
            {
                pairs.Add((IdOf(old), IdOf(ours)));
            }

            Assert.True(Plain(old, pairs.Select(pair => pair.Old)) == Plain(ours, pairs.Select(pair => pair.New)), what);
        }
    }

    /// <summary>A command, where #N stands for the N-th session that was created, on either side.</summary>
    private static string Next(Random random, int sessions)
    {
        var id = sessions == 0 || random.Next(8) == 0 ? "nobody" : "#" + random.Next(sessions);
        var user = s_users[random.Next(s_users.Length)];
        return random.Next(20) switch
        {
            < 4 => $"create --user '{user}' --ttl {random.Next(600, 100_000)}",
            4 => "create",
            5 => $"create --meta a={random.Next(9)},b=x=y --user {user}",
            6 => "create --meta a=1 --meta b=2 --ttl " + (random.Next(2) == 0 ? "soon" : "900"),
            7 => $"get {id}",
            8 or 9 => $"set {id} key{random.Next(3)} 'value {random.Next(9)}, \u00e9'",
            10 => random.Next(2) == 0 ? $"set {id} key" : "get",
            11 => $"delete {id}",
            12 or 13 => $"expire {id}",
            14 => $"refresh {id}" + (random.Next(2) == 0 ? $" --ttl {random.Next(600, 9000)}" : ""),
            15 => "list" + (random.Next(2) == 0 ? $" --user '{user}'" : "") + (random.Next(2) == 0 ? " --limit 2" : ""),
            16 => "list --status " + new[] { "active", "expired", "gone" }[random.Next(3)],
            17 => "stats",
            18 => random.Next(3) switch { 0 => "cleanup", 1 => "cleanup --dry-run", _ => "cleanup --before 2020-01-01T00:00:00" },
            _ => random.Next(4) switch
            {
                0 => "config",
                1 => "config default_ttl",
                2 => $"config default_ttl {random.Next(600, 9000)}",
                _ => "export --format json",
            },
        };
    }

    private static string Fill(string command, List<(string Old, string New)> pairs, Func<(string Old, string New), string> side)
    {
        for (var i = pairs.Count - 1; i >= 0; i--)
        {
            command = command.Replace($"#{i}", side(pairs[i]), StringComparison.Ordinal);
        }

        return command;
    }

    private static string IdOf(Ran ran) => ran.Json.GetProperty("session").Text("id")!;

    /// <summary>The answer with ids as their numbers, and of each moment only what its relation to the others says.</summary>
    private static string Plain(Ran ran, IEnumerable<string> ids)
    {
        // In what words something is wrong is each side's own; that the member is the only one is not.
        if (ran.Error.Length > 0)
        {
            return string.Join(',', Members.Parse(ran.Error).EnumerateObject().Select(member => member.Name));
        }

        var text = ran.Out;
        foreach (var (id, i) in ids.Select((id, i) => (id, i)))
        {
            text = text.Replace(id, $"#{i}", StringComparison.Ordinal);
        }

        var node = JsonNode.Parse(text)!;
        Normalize(node);
        return node.ToJsonString();
    }

    private static void Normalize(JsonNode? node)
    {
        if (node is JsonArray array)
        {
            foreach (var item in array)
            {
                Normalize(item);
            }
        }

        if (node is not JsonObject members)
        {
            return;
        }

        if (members.ContainsKey("last_access"))
        {
            var (accessed, expires) = (Time(members, "last_access"), Time(members, "expires_at"));
            members["ends"] = expires > accessed;
            members["ttl_after_access"] = Math.Abs((expires - accessed).TotalSeconds - (int)members["ttl"]!) < 500;
            foreach (var name in s_times)
            {
                if (members.ContainsKey(name))
                {
                    members[name] = members[name]!.GetValueKind() == JsonValueKind.String ? "time" : "no time";
                }
            }
        }

        if (members.ContainsKey("data_file"))
        {
            members["data_file"] = "place";
        }

        if (members.TryGetPropertyValue("average_ttl_seconds", out var average))
        {
            members["average_ttl_seconds"] = (double)average!;
        }

        foreach (var (_, value) in members)
        {
            Normalize(value);
        }
    }

    private static DateTimeOffset Time(JsonObject members, string name) => DateTimeOffset.Parse((string)members[name]!);
}
