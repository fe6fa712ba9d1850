using SessionMesh.EndToEnd.Tests.Support;

namespace SessionMesh.EndToEnd.Tests.OwnAgents;

/// <summary>A document of the repository, and what it says to type.</summary>
internal static class Document
{
    /// <summary>The code blocks of a language, as they stand there.</summary>
    public static List<string> Blocks(string path, string language)
    {
        var blocks = new List<string>();
        List<string>? open = null;
        foreach (var line in File.ReadLines(Path.Combine(Built.Repository, path)))
        {
            if (open is null)
            {
                open = line == "```" + language ? [] : null;
            }
            else if (line == "```")
            {
                blocks.Add(string.Concat(open.Select(inner => inner + "\n")));
                open = null;
            }
            else
            {
                open.Add(line);
            }
        }

        return blocks;
    }
}
