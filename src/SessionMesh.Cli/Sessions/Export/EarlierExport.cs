using System.Text;
using System.Text.Json;
using SessionMesh.Client;

namespace SessionMesh.Cli.Sessions.Export;

/// <summary>
/// Whether a file is what an export wrote, as a whole: a later export in the same format may take its place, and that of no other file.
/// </summary>
internal static class EarlierExport
{
    private const string CsvHeader = "id,user,status,ttl,created_at,last_access,expires_at";

    /// <param name="format">One of <see cref="ExportFormat.All"/>.</param>
    public static bool Is(string file, string format)
    {
        try
        {
            using var stream = File.OpenRead(file);
            return format switch
            {
                ExportFormat.Json => IsArray(stream),
                ExportFormat.Jsonl => AreLines(stream),
                _ => IsTable(stream),
            };
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>One array of records, and nothing after it.</summary>
    private static bool IsArray(Stream stream)
    {
        var buffer = new byte[64 * 1024];
        var (state, length, isLast, record) = (new JsonReaderState(), 0, false, new RecordShape());
        while (!isLast)
        {
            if (length == buffer.Length)
            {
                Array.Resize(ref buffer, buffer.Length * 2); // one text is longer than that
            }

            var read = stream.Read(buffer, length, buffer.Length - length);
            (isLast, length) = (read == 0, length + read);
            var reader = new Utf8JsonReader(buffer.AsSpan(0, length), isLast, state);
            while (reader.Read())
            {
                if (!record.Takes(ref reader))
                {
                    return false;
                }
            }

            state = reader.CurrentState;
            buffer.AsSpan((int)reader.BytesConsumed..length).CopyTo(buffer);
            length -= (int)reader.BytesConsumed;
        }

        return true;
    }

    /// <summary>A record a line; none at all is what an export of nothing is.</summary>
    private static bool AreLines(Stream stream)
    {
        using var reader = new StreamReader(stream, Encoding.UTF8);
        while (reader.ReadLine() is { } line)
        {
            if (!IsArray(new MemoryStream(Encoding.UTF8.GetBytes($"[{line}]"))) || line.Length == 0)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The header, and as many cells in every row.</summary>
    private static bool IsTable(Stream stream)
    {
        using var reader = new StreamReader(stream, Encoding.UTF8);
        if (reader.ReadLine() != CsvHeader)
        {
            return false;
        }

        var (inText, commas) = (false, 0);
        while (reader.ReadLine() is { } line)
        {
            foreach (var letter in line)
            {
                inText ^= letter == '"';
                commas += letter == ',' && !inText ? 1 : 0;
            }

            if (!inText)
            {
                if (commas != CsvHeader.Count(letter => letter == ','))
                {
                    return false;
                }

                commas = 0;
            }
        }

        return !inText;
    }

    /// <summary>Follows an array's tokens: its items are objects that begin with <c>"type":"session","id"</c>.</summary>
    private sealed class RecordShape
    {
        private int _place;

        public bool Takes(ref Utf8JsonReader reader)
        {
            switch (reader.CurrentDepth)
            {
                case 0:
                    return reader.TokenType is JsonTokenType.StartArray or JsonTokenType.EndArray;
                case 1 when reader.TokenType == JsonTokenType.StartObject:
                    _place = 0;
                    return true;
                case 1:
                    return reader.TokenType == JsonTokenType.EndObject && _place > 2;
                default:
                    return _place++ switch
                    {
                        0 => reader.TokenType == JsonTokenType.PropertyName && reader.ValueTextEquals("type"u8),
                        1 => reader.TokenType == JsonTokenType.String && reader.ValueTextEquals("session"u8),
                        2 => reader.TokenType == JsonTokenType.PropertyName && reader.ValueTextEquals("id"u8),
                        _ => true,
                    };
            }
        }
    }
}
