namespace SessionMesh.Tests;

/// <summary>
/// Waits for what no fake clock decides: processes, sockets, other threads. Linked into each test project that needs it:
/// <c>&lt;Compile Include="../Shared/Eventually.cs" Link="Support/Eventually.cs" /&gt;</c>.
/// </summary>
internal static class Eventually
{
    /// <summary>Generous, because a busy machine is not a failure; whatever waits goes on as soon as it can.</summary>
    public static readonly TimeSpan Bound = TimeSpan.FromSeconds(40);

    private static readonly TimeSpan s_pace = TimeSpan.FromMilliseconds(15);

    public static Task True(Func<bool> condition, Func<string> what) => True(() => Task.FromResult(condition()), what);

    /// <param name="condition">Looked at every 15 ms.</param>
    /// <param name="what">Should have happened; asked for when it did not.</param>
    public static async Task True(Func<Task<bool>> condition, Func<string> what)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (!await condition())
        {
            if (TimeProvider.System.GetElapsedTime(began) > Bound)
            {
                Assert.Fail($"did not happen within {Bound.TotalSeconds} s: {what()}");
            }

            await Task.Delay(s_pace);
        }
    }

    /// <summary>The file's lines, once there are so many whole ones.</summary>
    public static async Task<string[]> Lines(string file, int count = 1)
    {
        string[] lines = [];
        await True(
            () => (lines = WholeLines(file)).Length >= count,
            () => $"{count} lines in {Path.GetFileName(file)}: [{string.Join(" | ", lines)}]");
        return lines;
    }

    /// <summary>The file's whole text, but for its last newline, once it ends with one.</summary>
    public static async Task<string> Line(string file)
    {
        await True(
            () => File.Exists(file) && File.ReadAllText(file).EndsWith('\n'), () => $"a line in {Path.GetFileName(file)}");
        return File.ReadAllText(file).TrimEnd('\n');
    }

    private static string[] WholeLines(string file)
    {
        if (!File.Exists(file))
        {
            return [];
        }

        var text = File.ReadAllText(file);
        var end = text.LastIndexOf('\n');
        return end < 0 ? [] : text[..end].Split('\n');
    }
}
