using SessionMesh.EndToEnd.Tests.Support;

namespace SessionMesh.EndToEnd.Tests.Nodes;

/// <summary>The server with the core of a later version.</summary>
internal static class NextVersion
{
    /// <summary>Makes a copy of the server that was built, and puts that core into it.</summary>
    /// <returns>Its assembly.</returns>
    public static string Make(Scratch scratch)
    {
        var (from, to) = (Path.GetDirectoryName(Built.Server)!, scratch.File("next-version"));
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }

        File.Copy(Built.NextCore, Path.Combine(to, Path.GetFileName(Built.NextCore)), overwrite: true);
        return Path.Combine(to, Path.GetFileName(Built.Server));
    }
}
