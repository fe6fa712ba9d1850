using System.Reflection;
using System.Text.RegularExpressions;

namespace SessionMesh.House.Tests;

/// <summary>A C# file of the repository.</summary>
/// <param name="Path">Relative to the repository, with forward slashes.</param>
/// <param name="Lines">Without line ends.</param>
internal sealed partial record Source(string Path, string[] Lines)
{
    private static readonly string[] s_folders = ["src", "tests", "benchmarks"];
    private static readonly string[] s_built = ["bin", "obj"];
    private static readonly Lazy<IReadOnlyList<Source>> s_all = new(Read);

    /// <summary>Where the repository is checked out.</summary>
    public static string Repository { get; } = typeof(Source).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(metadata => metadata.Key == "Repository").Value!;

    /// <summary>All that is built, but what building makes.</summary>
    public static IReadOnlyList<Source> All => s_all.Value;

    /// <summary>The project's folder, such as <c>src/SessionMesh.Server</c>.</summary>
    public string Project => string.Join('/', Path.Split('/')[..2]);

    /// <summary>
    /// The folder right below the project's, which is the room; <c>.</c> for the project's own. Folders further down
    /// belong to their room.
    /// </summary>
    public string Room => Path.Split('/') is [_, _, var room, _, ..] ? room : ".";

    public string Namespace { get; } =
        Lines.Select(line => NamespaceLine().Match(line)).FirstOrDefault(match => match.Success)?.Groups["name"].Value ?? "";

    /// <summary>Namespaces of ours that it opens.</summary>
    public IEnumerable<string> Usings =>
        Lines.Select(line => UsingLine().Match(line)).Where(match => match.Success).Select(match => match.Groups["name"].Value);

    private static List<Source> Read() =>
    [
        .. s_folders.Select(folder => System.IO.Path.Combine(Repository, folder))
            .SelectMany(folder => Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories))
            .Select(path => (Full: path, Path: System.IO.Path.GetRelativePath(Repository, path).Replace('\\', '/')))
            .Where(file => !file.Path.Split('/').Any(s_built.Contains))
            .OrderBy(file => file.Path, StringComparer.Ordinal)
            .Select(file => new Source(file.Path, File.ReadAllLines(file.Full))),
    ];

    [GeneratedRegex(
        @"^namespace\s+(?<name>[\w.]+)",
        RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex NamespaceLine();

    [GeneratedRegex(
        @"^using (?:static )?(?:\w+ = )?(?<name>SessionMesh[\w.]*);",
        RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex UsingLine();
}
