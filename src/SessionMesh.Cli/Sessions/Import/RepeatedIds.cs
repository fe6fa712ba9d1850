using System.Text;
using System.Text.Json;

namespace SessionMesh.Cli.Sessions.Import;

/// <summary>
/// Finds what a dry run in several calls would count twice: of the calls before one the server keeps nothing, and an id that came there
/// comes as a new one again. Holds every id of the file.
/// </summary>
internal sealed class RepeatedIds
{
    private readonly HashSet<string> _before = new(StringComparer.Ordinal);

    /// <summary>The lines of a block whose ids came in blocks before it. What it has is remembered for those after it.</summary>
    /// <param name="skipped">Lines of the block, from 1 on, that were not taken.</param>
    public ReadOnlyMemory<byte> Take(LineBlock block, HashSet<int> skipped)
    {
        var (again, own) = (new List<ReadOnlyMemory<byte>>(), new List<string>());
        var number = 0;
        for (var rest = block.Bytes; !rest.IsEmpty;)
        {
            var end = rest.Span.IndexOf((byte)'\n');
            var line = end < 0 ? rest : rest[..(end + 1)];
            rest = rest[line.Length..];
            if (skipped.Contains(++number) || IdOf(line.Span) is not { } id)
            {
                continue;
            }

            if (_before.Contains(id))
            {
                again.Add(line);
            }
            else
            {
                own.Add(id);
            }
        }

        _before.UnionWith(own);
        var lines = new byte[again.Sum(line => line.Length)];
        var at = 0;
        foreach (var line in again)
        {
            line.CopyTo(lines.AsMemory(at));
            at += line.Length;
        }

        return lines;
    }

    /// <summary>Null for a line without one. A record that was taken has one, whatever else may be wrong with its text.</summary>
    private static string? IdOf(ReadOnlySpan<byte> line)
    {
        string? id = null;
        try
        {
            // Bytes that are no UTF-8 are replaced, as the server does: a reader of bytes would stop at them.
            var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(line)));
            while (reader.Read())
            {
                if (reader is { TokenType: JsonTokenType.PropertyName, CurrentDepth: 1 } && reader.ValueTextEquals("id"u8) && reader.Read()
                    && reader.TokenType == JsonTokenType.String)
                {
                    id = reader.GetString();
                }
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // What came before counts.
        }

        return id;
    }
}
