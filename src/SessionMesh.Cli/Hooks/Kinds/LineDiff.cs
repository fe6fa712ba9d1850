namespace SessionMesh.Cli.Hooks.Kinds;

/// <summary>What changes between two texts, line by line, for a person.</summary>
internal static class LineDiff
{
    /// <summary>Lines that go with <c>-</c>, lines that come with <c>+</c>, and one line of what stays around them.</summary>
    public static IEnumerable<string> Of(string before, string after)
    {
        var (old, now) = (Lines(before), Lines(after));
        var length = Common(old, now);
        var kept = 0;
        for (int i = 0, j = 0; i < old.Length || j < now.Length;)
        {
            if (i < old.Length && j < now.Length && old[i] == now[j])
            {
                if (kept == 0 || IsBeforeChange(i, j))
                {
                    yield return "  " + old[i];
                }

                (i, j, kept) = (i + 1, j + 1, kept + 1);
            }
            else if (j < now.Length && (i == old.Length || length[i, j + 1] > length[i + 1, j]))
            {
                yield return "+ " + now[j++];
                kept = 0;
            }
            else
            {
                yield return "- " + old[i++];
                kept = 0;
            }
        }

        bool IsBeforeChange(int i, int j) => (i + 1 == old.Length) != (j + 1 == now.Length)
            || (i + 1 < old.Length && j + 1 < now.Length && old[i + 1] != now[j + 1]);
    }

    private static string[] Lines(string text) =>
        text.Length == 0 ? [] : [.. text.TrimEnd('\n').Split('\n').Select(line => line.TrimEnd('\r'))];

    /// <summary>How many lines are common from each pair of places on.</summary>
    private static int[,] Common(string[] old, string[] now)
    {
        var length = new int[old.Length + 1, now.Length + 1];
        for (var i = old.Length - 1; i >= 0; i--)
        {
            for (var j = now.Length - 1; j >= 0; j--)
            {
                length[i, j] = old[i] == now[j] ? length[i + 1, j + 1] + 1 : Math.Max(length[i + 1, j], length[i, j + 1]);
            }
        }

        return length;
    }
}
