using SessionMesh.Cli.Hosting;

namespace SessionMesh.Cli.Commands;

/// <summary>
/// Labels as they are typed: <c>KEY=VALUE</c>, the option repeated or several with commas. A comma that no other <c>KEY=</c> follows
/// belongs to the value.
/// </summary>
internal static class LabelWords
{
    /// <exception cref="CommandException">A label has no name or no <c>=</c>.</exception>
    public static IEnumerable<(string Key, string Value)> Read(IEnumerable<string> texts) => texts.SelectMany(Split).Select(text =>
        text.Split('=', 2) is [{ Length: > 0 } key, var value]
            ? (key, value)
            : throw CommandException.Usage($"--label takes KEY=VALUE, several with commas, not '{text}'"));

    private static List<string> Split(string text)
    {
        var labels = new List<string>();
        foreach (var piece in text.Split(','))
        {
            if (labels.Count == 0 || piece.Contains('='))
            {
                labels.Add(piece);
            }
            else
            {
                labels[^1] += "," + piece;
            }
        }

        return labels;
    }
}
