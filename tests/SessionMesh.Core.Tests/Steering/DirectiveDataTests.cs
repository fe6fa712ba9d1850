using System.Buffers;
using System.Text;
using System.Text.Json;
using SessionMesh.Core.Audit;
using SessionMesh.Core.Steering;

namespace SessionMesh.Core.Tests.Steering;

public sealed class DirectiveDataTests
{
    [Theory]
    [InlineData("""{"a":[1,2.50,"x\u2028"],"b":null}""")]
    [InlineData("7")]
    [InlineData("\"text\"")]
    public void Data_StandsInTheLogAsJson_AndReadsBackAsItWas(string data)
    {
        var output = new ArrayBufferWriter<byte>();
        using var writer = new Utf8JsonWriter(output);
        var issued = new DirectiveIssued { Subject = "a", Seq = 1, Verb = Verb.Steer, Data = data, ExpiresAt = 1_000 };

        ChangeCodec.WritePayload(output, writer, issued);

        var payload = Encoding.UTF8.GetString(output.WrittenSpan);
        Assert.Contains($"\"data\":{data}", payload, StringComparison.Ordinal);
        Assert.Equal(data, ((DirectiveIssued)ChangeCodec.Read(1, 0, "k", Origin.Mesh, issued.Kind, "a", payload)).Data);
    }
}
