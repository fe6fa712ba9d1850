using System.Text.Json;

namespace SessionMesh.Cli.Output;

/// <summary>The member <c>skills</c> of an agent, for a person: what it is good at, and how much of it is taken.</summary>
internal static class SkillText
{
    public const string Member = "skills";

    /// <summary><c>image/ocr 2.1, level 80, 1 of 3 held; layout, level 50, 0 of 1 held</c>.</summary>
    public static string Of(JsonElement skills) => skills.ValueKind != JsonValueKind.Array || skills.GetArrayLength() == 0
        ? "-"
        : string.Join("; ", skills.EnumerateArray().Select(One));

    private static string One(JsonElement skill)
    {
        var version = Json.Text(skill, "version") is { } text ? " " + text : "";
        return $"{Json.Text(skill, "name")}{version}, level {Number("level")}, {Number("held")} of {Number("capacity")} held";

        string Number(string member) => skill.TryGetProperty(member, out var value) ? value.GetRawText() : "?";
    }
}
