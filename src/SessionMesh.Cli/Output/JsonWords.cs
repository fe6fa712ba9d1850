using System.Text.Json;

namespace SessionMesh.Cli.Output;

/// <summary>What is wrong with a JSON text that somebody wrote, and where; the library's sentences speak of its reader.</summary>
internal static class JsonWords
{
    /// <summary>A clause without its subject: <c>is not JSON from line 2, character 5 on</c>.</summary>
    /// <param name="text">The text that could not be read.</param>
    public static string Of(JsonException error, string text)
    {
        var what = error.Message.StartsWith("Duplicate property", StringComparison.Ordinal)
                && error.Message.Split('\'') is [_, var name, ..] ? $"has '{name}' twice"
            : error.Message.Contains("maximum configured depth", StringComparison.Ordinal) ? "is nested too deep"
            : "is not JSON";
        if (error is not { LineNumber: { } line, BytePositionInLine: { } bytes })
        {
            return what;
        }

        return text.Trim().Length == 0 ? "is empty"
            : text.Contains('\n') ? $"{what}: see line {line + 1}, character {bytes + 1}"
            : $"{what}: see character {bytes + 1}";
    }
}
