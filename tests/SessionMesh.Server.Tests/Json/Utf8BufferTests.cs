using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Agents;
using SessionMesh.Contracts.Json;
using SessionMesh.Contracts.Steering;
using SessionMesh.Server.Agents;
using SessionMesh.Server.Http;
using SessionMesh.Server.Json;
using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.Json;

/// <summary>What is written by hand is what the serializer would write.</summary>
public sealed class Utf8BufferTests
{
    [Fact]
    public void Utf8Buffer_WritesStringsAsTheSerializerDoes()
    {
        var random = new Random(4711);
        for (var i = 0; i < 2000; i++)
        {
            var letters = Enumerable.Range(0, random.Next(40))
                .Select(_ => (char)(random.Next(4) == 0 ? random.Next(0xd800) : random.Next(128)));
            var text = new string([.. letters]);
            using var buffer = new Utf8Buffer(1);
            buffer.String(text);
            Assert.Equal(JsonSerializer.Serialize(text), System.Text.Encoding.UTF8.GetString(buffer.Written.Span));
        }
    }

    [Theory]
    [InlineData("1970-01-01T00:00:00.001Z")]
    [InlineData("2024-02-29T23:59:59.999Z")]
    [InlineData("2026-01-31T08:15:30.000Z")]
    [InlineData("9999-12-31T23:59:59.999Z")]
    public void Utf8Buffer_WritesTimesAsTheContractDoes(string text)
    {
        var time = DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);
        using var buffer = new Utf8Buffer(1);
        buffer.Time(time.ToUnixTimeMilliseconds());
        Assert.Equal($"\"{text}\"", System.Text.Encoding.UTF8.GetString(buffer.Written.Span));
    }
}
