using System.Reflection;

namespace SessionMesh.Cli.Skills;

/// <summary>
/// The files of the skill that coding agents read, as they were when the tool was built: <c>skills/session-mesh</c> of the repository.
/// </summary>
internal static class SkillFiles
{
    /// <summary>Its name, and that of its folder.</summary>
    public const string Name = "session-mesh";

    private const string Prefix = "skill/";

    /// <summary>Paths within the folder, with <c>/</c>, and what is in them.</summary>
    public static IReadOnlyList<(string Path, byte[] Content)> All { get; } = [.. Read()];

    private static IEnumerable<(string, byte[])> Read()
    {
        var assembly = Assembly.GetExecutingAssembly();
        foreach (var name in assembly.GetManifestResourceNames().Where(IsOfSkill).Order(StringComparer.Ordinal))
        {
            using var stream = assembly.GetManifestResourceStream(name)!;
            using var content = new MemoryStream();
            stream.CopyTo(content);
            yield return (name[Prefix.Length..].Replace('\\', '/'), content.ToArray());
        }
    }

    private static bool IsOfSkill(string name) => name.StartsWith(Prefix, StringComparison.Ordinal);
}
