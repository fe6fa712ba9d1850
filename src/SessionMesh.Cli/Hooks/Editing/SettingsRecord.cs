using System.Text;
using System.Text.Json;
using SessionMesh.Cli.Output;
using SessionMesh.Cli.Settings;

namespace SessionMesh.Cli.Hooks.Editing;

/// <summary>
/// What the text of a settings file alone does not say once something was put in: whether the file, its directories and what is empty in it
/// were there before. Kept below the XDG state directory; without it, what we empty goes.
/// </summary>
internal sealed class SettingsRecord
{
    /// <summary>Whether we made the file.</summary>
    public bool IsNew { get; init; }

    /// <summary>The directories that we made, the outermost first.</summary>
    public IReadOnlyList<string> Directories { get; init; } = [];

    /// <summary>The text of a file that had nothing but blanks; else null.</summary>
    public string? Blank { get; init; }

    /// <summary>What stood in objects and arrays that were empty, by the path to them: <c>hooks/Stop</c>.</summary>
    public Dictionary<string, string> Empty { get; } = [];

    /// <summary>Lists of somebody else's into which we put an entry, by the path to them.</summary>
    public HashSet<string> Joined { get; } = [];

    /// <summary>Null where there is none, or it cannot be read.</summary>
    public static SettingsRecord? Load(string path)
    {
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path));
            var root = document.RootElement;
            var record = new SettingsRecord
            {
                IsNew = Json.IsTrue(root, "new"),
                Blank = Json.Text(root, "blank"),
                Directories = [.. root.GetProperty("directories").EnumerateArray().Select(item => item.GetString()!)],
            };
            foreach (var item in root.GetProperty("empty").EnumerateObject())
            {
                record.Empty[item.Name] = item.Value.GetString()!;
            }

            if (root.TryGetProperty("joined", out var joined))
            {
                record.Joined.UnionWith(joined.EnumerateArray().Select(item => item.GetString()!));
            }

            return record;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or KeyNotFoundException
            or InvalidOperationException)
        {
            return null;
        }
    }

    public void Save(string path) => PrivateFiles.Write(path, Encoding.UTF8.GetBytes(Json.Indented(Json.Build(json =>
    {
        json.WriteBoolean("new"u8, IsNew);
        json.WriteString("blank"u8, Blank);
        json.WriteStartArray("directories"u8);
        foreach (var directory in Directories)
        {
            json.WriteStringValue(directory);
        }

        json.WriteEndArray();
        json.WriteStartArray("joined"u8);
        foreach (var path in Joined)
        {
            json.WriteStringValue(path);
        }

        json.WriteEndArray();
        json.WriteStartObject("empty"u8);
        foreach (var (name, text) in Empty)
        {
            json.WriteString(name, text);
        }

        json.WriteEndObject();
    })) + "\n"));
}
