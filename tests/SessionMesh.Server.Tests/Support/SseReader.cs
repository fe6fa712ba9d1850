using System.Globalization;
using System.Text.Json.Nodes;

namespace SessionMesh.Server.Tests.Support;

/// <summary>One event; a comment has the name <c>:</c>, the end of the stream <c>(end)</c>.</summary>
internal sealed record SseEvent(long? Id, string Name, string Data)
{
    public JsonNode Json => JsonNode.Parse(Data)!;

    public override string ToString() => $"{Id} {Name} {Data}";
}

/// <summary>Reads a stream as the standard says, line by line.</summary>
internal sealed class SseReader(HttpResponseMessage response, StreamReader lines) : IAsyncDisposable
{
    public IReadOnlyDictionary<string, string> Headers { get; } =
        response.Headers.Concat(response.Content.Headers)
            .ToDictionary(h => h.Key, h => string.Join(", ", h.Value), StringComparer.OrdinalIgnoreCase);

    /// <summary>Milliseconds to wait before reconnecting, as the server said.</summary>
    public int Retry { get; private set; }

    public static async Task<SseReader> OpenAsync(HttpClient http, HttpRequestMessage request)
    {
        var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.True(response.IsSuccessStatusCode, response.IsSuccessStatusCode ? "" : await response.Content.ReadAsStringAsync());
        var reader = new SseReader(response, new StreamReader(await response.Content.ReadAsStreamAsync()));
        await reader.ReadBlockAsync(); // the head: retry alone
        Assert.InRange(reader.Retry, 1000, 2999);
        return reader;
    }

    public async Task<SseEvent> NextAsync()
    {
        while (true)
        {
            if (await ReadBlockAsync() is { } next)
            {
                return next;
            }
        }
    }

    /// <summary>The next event, which must have that name.</summary>
    public async Task<SseEvent> NextAsync(string name)
    {
        var next = await NextAsync();
        Assert.True(name == next.Name, $"expected {name}, got {next}");
        return next;
    }

    /// <summary>The stream ends, and says why.</summary>
    /// <param name="end">Its next event, where that was read already.</param>
    public async Task EndsAsync(string code, SseEvent? end = null)
    {
        end ??= await NextAsync();
        Assert.Equal("end", end.Name);
        JsonAssert.Same($$"""{"code":"{{code}}","detail":"*"}""", end.Data);
        await NextAsync("(end)");
    }

    public ValueTask DisposeAsync()
    {
        lines.Dispose();
        response.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task<SseEvent?> ReadBlockAsync()
    {
        long? id = null;
        string? name = null;
        var data = new List<string>();
        while (true)
        {
            var line = await lines.ReadLineAsync().WaitAsync(Eventually.Bound);
            switch (line)
            {
                case null: return new SseEvent(null, "(end)", "");
                case "" when name is null && data.Count == 0: return null;
                case "": return new SseEvent(id, name ?? "message", string.Join('\n', data));
                case var _ when line.StartsWith(':'): return await EndOfCommentAsync(line);
                case var _ when line.StartsWith("id: ", StringComparison.Ordinal):
                    id = long.Parse(line[4..], CultureInfo.InvariantCulture);
                    break;
                case var _ when line.StartsWith("event: ", StringComparison.Ordinal): name = line[7..]; break;
                case var _ when line.StartsWith("data: ", StringComparison.Ordinal): data.Add(line[6..]); break;
                case var _ when line.StartsWith("retry: ", StringComparison.Ordinal):
                    Retry = int.Parse(line[7..], CultureInfo.InvariantCulture);
                    break;
                default: throw new InvalidDataException($"'{line}' is no line of an event stream");
            }
        }
    }

    private async Task<SseEvent> EndOfCommentAsync(string comment)
    {
        Assert.Equal("", await lines.ReadLineAsync().WaitAsync(Eventually.Bound));
        return new SseEvent(null, ":", comment[1..].Trim());
    }
}
