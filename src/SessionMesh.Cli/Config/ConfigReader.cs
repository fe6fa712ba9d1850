using System.Text;
using System.Text.Json;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Output;
using SessionMesh.Storage;

namespace SessionMesh.Cli.Config;

/// <summary>
/// Reads a config file. What begins with <c>{</c> or <c>[</c> is JSON, everything else YAML. At most 256 KiB and 16 levels, UTF-8,
/// no member twice; in YAML neither anchors, aliases nor tags, and one document. Every refusal is a usage error that
/// names the line.
/// </summary>
internal static class ConfigReader
{
    public const int MaxBytes = 256 * 1024;
    public const int MaxDepth = 16;

    /// <summary>What stands for standard input in the place of a file.</summary>
    private const string StandardInput = "-";

    /// <param name="path">A file, or <c>-</c> for standard input.</param>
    public static ConfigMap Read(string path, CliHost host)
    {
        var text = ReadText(path, host);
        path = path is StandardInput ? "stdin" : path;
        var node = text.AsSpan().TrimStart() is ['{' or '[', ..] ? FromJson(text, path) : YamlConfig.Parse(text, path);
        return node as ConfigMap ?? throw CommandException.Usage($"{path} is {node.Kind}, and should be a map: name: value");
    }

    private static string ReadText(string path, CliHost host)
    {
        try
        {
            using var file = path is StandardInput ? host.OpenIn() : File.OpenRead(path);
            var bytes = new byte[MaxBytes + 1];
            var length = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            if (length > MaxBytes)
            {
                throw CommandException.Usage($"{path} has more than {MaxBytes / 1024} KiB");
            }

            return new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true)
                .GetString(bytes, 0, length)
                .TrimStart('\uFEFF');
        }
        catch (DecoderFallbackException)
        {
            throw CommandException.Usage($"{path} is not UTF-8 text");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CommandException.Usage(FileWords.Of(e, path));
        }
    }

    private static ConfigNode FromJson(string text, string path)
    {
        try
        {
            using var document = JsonDocument.Parse(
                text, new JsonDocumentOptions { MaxDepth = MaxDepth, AllowDuplicateProperties = false });
            return Convert(document.RootElement, path);
        }
        catch (JsonException e)
        {
            throw CommandException.Usage($"{path} {JsonWords.Of(e, text)}");
        }
    }

    private static ConfigNode Convert(JsonElement value, string where) => value.ValueKind switch
    {
        JsonValueKind.Object => new ConfigMap(where, value.EnumerateObject().ToDictionary(m => m.Name, m => Convert(m.Value, where))),
        JsonValueKind.Array => new ConfigList(where, [.. value.EnumerateArray().Select(item => Convert(item, where))]),
        JsonValueKind.Null => new ConfigScalar(where, null),
        JsonValueKind.String => new ConfigScalar(where, value.GetString()),
        _ => new ConfigScalar(where, value.GetRawText()),
    };
}
