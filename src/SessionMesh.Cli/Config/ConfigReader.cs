using System.Text;
using SessionMesh.Cli.Hosting;
using SessionMesh.Storage;

namespace SessionMesh.Cli.Config;

/// <summary>
/// Reads a config file. What begins with <c>{</c> or <c>[</c> is JSON, everything else YAML. At most 8 MiB, 16 levels and two
/// million values, UTF-8, no member twice; in YAML neither anchors, aliases nor tags, and one document. Every refusal is a usage error that
/// names the line and the column.
/// </summary>
internal static class ConfigReader
{
    public const int MaxMegabytes = 8;
    public const int MaxBytes = MaxMegabytes * 1024 * 1024;
    public const int MaxDepth = 16;

    /// <summary>Twenty for each of the most entries that a file may have.</summary>
    public const int MaxValues = 20 * FleetConfig.MaxEntries;

    /// <summary>What stands for standard input in the place of a file.</summary>
    private const string StandardInput = "-";

    /// <param name="path">A file, or <c>-</c> for standard input.</param>
    public static ConfigMap Read(string path, CliHost host)
    {
        var text = ReadText(path, host);
        path = path is StandardInput ? "stdin" : path;
        var node = text.AsSpan().TrimStart() is ['{' or '[', ..]
            ? JsonConfig.Parse(Encoding.UTF8.GetBytes(text), path, new Count())
            : YamlConfig.Parse(text, path, new Count());
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
                throw CommandException.Usage($"{path} has more than {MaxMegabytes} MiB; split it");
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

    /// <summary>Counts the values of one file, which take more memory than their text.</summary>
    internal sealed class Count
    {
        private int _count;

        public void Add(Place at)
        {
            if (++_count > MaxValues)
            {
                throw CommandException.Usage(string.Create(
                    System.Globalization.CultureInfo.InvariantCulture, $"{at}: more than {MaxValues:N0} values; split the file"));
            }
        }
    }
}
