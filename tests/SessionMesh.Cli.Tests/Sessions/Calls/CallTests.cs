namespace SessionMesh.Cli.Tests.Sessions.Calls;

/// <summary>
/// Calls as they are typed, with the answers that the contract has for them, on the real server. Where an answer is deliberately not that
/// of the script whose place the tool takes, the call names the row of docs/sessions.md that says so.
/// </summary>
public sealed class CallTests
{
    private const string Update = "UPDATE_SESSION_CALLS";

    /// <summary>Differences that no single call shows: other tests do.</summary>
    private static readonly string[] s_elsewhere = ["two at once", "no server, no right, an id that is taken"];

    private static readonly string s_folder = Path.Combine(RootOf(), "tests/SessionMesh.Cli.Tests/Sessions/Calls");

    private static readonly string[] s_files = [.. Directory.GetFiles(s_folder, "*.txt").Select(path => Path.GetFileName(path)).Order()];

    public static TheoryData<string> Files => [.. s_files];

    [Theory]
    [MemberData(nameof(Files))]
    public async Task Calls_AnswerAsRecorded(string file)
    {
        var path = Path.Combine(s_folder, file);
        var (now, wrong) = (new List<string>(), new List<string>());
        foreach (var scenario in CallFile.Read(path))
        {
            await using var mesh = await CallMesh.StartAsync();
            now.Add("== " + scenario.Title);
            foreach (var call in scenario.Calls)
            {
                var answer = await mesh.RunAsync(call);
                now.AddRange([.. call.Before, "$ " + call.Words, .. answer]);
                if (!answer.SequenceEqual(call.Answer))
                {
                    wrong.Add($"{scenario.Title}: $ {call.Words}\nrecorded\n{Text(call.Answer)}\nanswered\n{Text(answer)}\n");
                }
            }
        }

        if (Environment.GetEnvironmentVariable(Update) is not (null or ""))
        {
            await File.WriteAllTextAsync(path, Text(now) + "\n");
            return;
        }

        Assert.True(wrong.Count == 0, $"{string.Join('\n', wrong)}\nIf that is meant: {Update}=1 and the same test, and review the diff.");
    }

    [Fact]
    public async Task OfTwoLinesInDifferentCalls_TheLastCounts()
    {
        await using var mesh = await CallMesh.StartAsync();
        static string Record(string id, string user) =>
            $$"""< {"type":"session","id":"{{id}}","user":"{{user}}","ttl":60,"created_at":"2026-01-31T08:15:30Z"}""";
        var filler = new string('x', 1000);
        List<string> lines =
        [
            "@ stdin",
            Record("twice", "first"),
            .. Enumerable.Range(0, 5000).Select(i => Record($"a{i}", filler)),
            Record("twice", "second"),
        ];

        Assert.Equal(
            ["| lines,imported,existing␍", "| 5002,5001,1␍"],
            await mesh.RunAsync(new Call(lines, "import - -o csv --fields lines,imported,existing", [])));
        Assert.Equal(["| second␍"], await mesh.RunAsync(new Call([], "get twice -o csv --fields user --no-headers", [])));
    }

    [Fact]
    public void Differences_AreThoseOfTheDocumentation()
    {
        var documented = File.ReadLines(Path.Combine(RootOf(), "docs/sessions.md"))
            .SkipWhile(line => line != "## What is different").Skip(1)
            .Where(line => line.StartsWith("| ", StringComparison.Ordinal)).Skip(1)
            .Select(line => line.Split('|')[1].Trim());
        var shown = s_files.SelectMany(file => File.ReadLines(Path.Combine(s_folder, file)))
            .Where(line => line.StartsWith("~ ", StringComparison.Ordinal))
            .Select(line => line[2..]);

        Assert.Equal(documented.Order(), shown.Concat(s_elsewhere).Distinct().Order());
    }

    private static string Text(IEnumerable<string> lines) => string.Join('\n', lines);

    private static string RootOf()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (directory is not null && !File.Exists(Path.Combine(directory.FullName, "SessionMesh.sln")))
        {
            directory = directory.Parent;
        }

        return directory?.FullName ?? throw new DirectoryNotFoundException("the tests do not run inside the repository");
    }
}
