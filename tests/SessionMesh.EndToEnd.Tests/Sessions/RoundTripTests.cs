using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using SessionMesh.EndToEnd.Tests.Support;

namespace SessionMesh.EndToEnd.Tests.Sessions;

/// <summary>What is exported and imported elsewhere is exported there as it was, byte for byte.</summary>
public sealed class RoundTripTests
{
    private const int Records = 1500;
    private const string Letters =
        "aZ09 _-=,;:'\"\\/{}[]<>&%$\t\n\r\u0001\u007f\u00e9\u00df\u0416\u4e2d\u3042\u0627\u202e\u200d\ufeff\u2028";
    private static readonly string[] s_pairs = ["\U0001F600", "\U0001F469\u200D\U0001F680", "\U00020000"];

    [Theory]
    [InlineData(1)]
    [InlineData(20260131)]
    public async Task ImportExportImportExport_IsTheSameBytes(int seed)
    {
        await using var first = await Mesh.StartAsync();
        await using var second = await Mesh.StartAsync();
        var random = new Random(seed);
        var records = Enumerable.Range(0, Records).Select(i => RecordOf(random, i)).ToList();
        first.Scratch.Write("in.jsonl", string.Join('\n', records));

        var ran = await first.DoneAsync("session-mesh session import in.jsonl");
        Assert.Equal((Records.ToString(), "0"), (ran.Json.Text("imported"), ran.Json.Text("skipped_count")));
        await first.DoneAsync("session-mesh session export --format jsonl --output out.jsonl");
        var exported = await File.ReadAllBytesAsync(first.Scratch.File("out.jsonl"));
        var lines = Encoding.UTF8.GetString(exported).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(Records, lines.Length);
        foreach (var (record, line) in records.Zip(lines))
        {
            AssertSame(record, line);
        }

        File.Copy(first.Scratch.File("out.jsonl"), second.Scratch.File("in.jsonl"));
        await second.DoneAsync("session-mesh session import in.jsonl");
        await second.DoneAsync("session-mesh session export --format jsonl > out.jsonl");
        Assert.Equal(exported, await File.ReadAllBytesAsync(second.Scratch.File("out.jsonl")));
        var array = await second.DoneAsync("session-mesh session export --format json --output out.json");
        Assert.Equal(Records.ToString(), array.Json.Text("exported"));
        AssertSame($"[{string.Join(',', records)}]", await File.ReadAllTextAsync(second.Scratch.File("out.json")));
    }

    /// <summary>Member by member; in what way a letter is escaped is no difference.</summary>
    private static void AssertSame(string expected, string actual) =>
        Assert.True(JsonElement.DeepEquals(Members.Parse(expected), Members.Parse(actual)), $"expected {expected}\nwas      {actual}");

    /// <summary>A record that is consistent in itself, and whose state time does not change while the test runs.</summary>
    private static string RecordOf(Random random, int i)
    {
        var isOver = random.Next(2) == 0;
        var ttl = random.Next(8) == 0 && !isOver ? (int?)null : random.Next(1, 365 * 86_400);
        var created = new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc)
            .AddSeconds(random.Next(5 * 365 * 86_400))
            .AddMicroseconds(Fraction(random));
        var accessed = created.AddSeconds(random.Next(86_400)).AddMicroseconds(Fraction(random));
        var expires = isOver
            ? accessed.AddSeconds(ttl!.Value % 86_400)
            : new DateTime(9000, 1, 1, 0, 0, 0, DateTimeKind.Utc).AddMicroseconds(Fraction(random));
        using var buffer = new MemoryStream();
        var encoder = random.Next(2) == 0 ? JavaScriptEncoder.UnsafeRelaxedJsonEscaping : JavaScriptEncoder.Default;
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = encoder }))
        {
            json.WriteStartObject();
            json.WriteString("type", "session");
            json.WriteString("id", $"{random.Next():x}-{i}");
            var user = Word(random, 20).ReplaceLineEndings("").Replace('\t', ' ');
            user = user.Replace("\u0001", "", StringComparison.Ordinal).Replace("\u007f", "", StringComparison.Ordinal);
            json.WriteString("user", "u" + user);
            json.WriteString("status", isOver ? "expired" : "active");
            if (ttl is { } seconds)
            {
                json.WriteNumber("ttl", seconds);
            }
            else
            {
                json.WriteNull("ttl");
            }

            json.WriteStartObject("meta");
            for (var entry = random.Next(5); entry > 0; entry--)
            {
                json.WriteString($"{Word(random, 10)}{entry}", Word(random, 60));
            }

            json.WriteEndObject();
            json.WriteString("created_at", Text(created));
            json.WriteString("last_access", Text(accessed));
            json.WriteString("expires_at", ttl is null ? null : Text(expires));
            if (isOver && random.Next(2) == 0)
            {
                json.WriteString("expired_at", Text(accessed.AddMicroseconds(random.Next(1_000_000))));
            }

            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.ToArray());
    }

    private static int Fraction(Random random) => random.Next(3) == 0 ? 0 : random.Next(1_000_000);

    /// <summary>As the script writes it: microseconds left out where they are zero, and six digits otherwise.</summary>
    private static string Text(DateTime time) =>
        time.ToString(time.Ticks % TimeSpan.TicksPerSecond == 0 ? "yyyy-MM-dd'T'HH:mm:ss'Z'" : "yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'");

    private static string Word(Random random, int most)
    {
        var word = new StringBuilder();
        for (var i = random.Next(most); i > 0; i--)
        {
            if (random.Next(10) == 0)
            {
                word.Append(s_pairs[random.Next(s_pairs.Length)]);
            }
            else
            {
                word.Append(Letters[random.Next(Letters.Length)]);
            }
        }

        return word.ToString();
    }
}
