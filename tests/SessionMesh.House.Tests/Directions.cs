using System.Reflection;

namespace SessionMesh.House.Tests;

/// <summary>Which room uses which: as it is, and as <c>directions.txt</c> allows it.</summary>
internal static class Directions
{
    private const string Circle = "circle:";

    private static readonly string s_table = ReadTable();

    /// <summary>What is allowed: <c>Project/Room</c> to the rooms that it may use.</summary>
    public static IReadOnlyDictionary<string, IReadOnlyList<string>> Allowed { get; } = Parse();

    /// <summary>The rooms of each circle that is allowed.</summary>
    public static IReadOnlyList<IReadOnlyList<string>> Circles { get; } =
    [
        .. Entries().Where(entry => entry.Line.StartsWith(Circle, StringComparison.Ordinal))
            .Select(entry => Rooms(entry.Project, entry.Line[Circle.Length..])),
    ];

    /// <summary>
    /// What the sources say, from their <c>using</c> lines. One that is not needed fails the build, so that each stands for a use.
    /// </summary>
    public static SortedDictionary<string, SortedSet<string>> Actual()
    {
        var rooms = Source.All.Where(source => source.Path.StartsWith("src/", StringComparison.Ordinal) && source.Namespace.Length > 0)
            .GroupBy(source => source.Namespace).ToDictionary(sources => sources.Key, sources => Place(sources.First()));
        var uses = new SortedDictionary<string, SortedSet<string>>(StringComparer.Ordinal);
        foreach (var source in Source.All.Where(source => source.Path.StartsWith("src/", StringComparison.Ordinal)))
        {
            foreach (var opened in source.Usings)
            {
                // "using static" and aliases name a type: its namespace is what is left of the last dot.
                var used = rooms.TryGetValue(opened, out var room) ? room : rooms.GetValueOrDefault(opened[..opened.LastIndexOf('.')]);
                if (used is not null && used != Place(source) && used.Split('/')[0] == Place(source).Split('/')[0])
                {
                    if (!uses.TryGetValue(Place(source), out var all))
                    {
                        uses[Place(source)] = all = new SortedSet<string>(StringComparer.Ordinal);
                    }

                    all.Add(used);
                }
            }
        }

        return uses;
    }

    /// <summary>The groups of rooms that use each other, directly or by way of others (Tarjan's strongly connected components).</summary>
    public static List<IReadOnlyList<string>> CirclesOf(SortedDictionary<string, SortedSet<string>> uses)
    {
        var (index, low) = (new Dictionary<string, int>(), new Dictionary<string, int>());
        var (stack, found) = (new Stack<string>(), new List<IReadOnlyList<string>>());
        foreach (var room in uses.Keys)
        {
            Visit(room);
        }

        return found;

        void Visit(string room)
        {
            if (index.ContainsKey(room))
            {
                return;
            }

            index[room] = low[room] = index.Count;
            stack.Push(room);
            foreach (var used in uses.TryGetValue(room, out var all) ? all : [])
            {
                Visit(used);
                low[room] = stack.Contains(used) ? Math.Min(low[room], low[used]) : low[room];
            }

            if (low[room] == index[room])
            {
                var circle = new List<string>();
                do
                {
                    circle.Add(stack.Pop());
                }
                while (circle[^1] != room);
                if (circle.Count > 1)
                {
                    found.Add([.. circle.Order(StringComparer.Ordinal)]);
                }
            }
        }
    }

    private static string Place(Source source) => $"{source.Project["src/SessionMesh.".Length..]}/{source.Room}";

    private static Dictionary<string, IReadOnlyList<string>> Parse() => Entries()
        .Where(entry => !entry.Line.StartsWith(Circle, StringComparison.Ordinal))
        .Select(entry => (entry.Project, Sides: entry.Line.Split("->")))
        .ToDictionary(
            entry => $"{entry.Project}/{entry.Sides[0].Trim()}",
            entry => Rooms(entry.Project, entry.Sides[1]));

    private static IEnumerable<(string Project, string Line)> Entries()
    {
        var project = "";
        foreach (var line in s_table.Split('\n').Select(line => line.Split('#')[0].TrimEnd()).Where(line => line.Length > 0))
        {
            if (line[0] != ' ')
            {
                project = line.Trim();
            }
            else
            {
                yield return (project, line.Trim());
            }
        }
    }

    private static IReadOnlyList<string> Rooms(string project, string names) =>
    [
        .. names.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(name => $"{project}/{name}").Order(StringComparer.Ordinal),
    ];

    private static string ReadTable()
    {
        using var reader = new StreamReader(Assembly.GetExecutingAssembly().GetManifestResourceStream("directions.txt")!);
        return reader.ReadToEnd();
    }
}
