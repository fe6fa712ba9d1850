using System.Text.Json;
using static SessionMesh.Client.Tests.ScriptedServer;

namespace SessionMesh.Client.Tests.Http;

/// <summary>JSON that spells half of a pair is no reason to lose the answer it stands in.</summary>
public sealed class LoneSurrogateTests
{
    [Theory]
    [InlineData("""\ud800""", "\ufffd")]
    [InlineData("""\uDC00x""", "\ufffdx")]
    [InlineData("""\ud83d\ude00""", "😀")]
    [InlineData("""\ud83d\ud83d\ude00""", "\ufffd😀")]
    [InlineData("""\ud83d\n\ude00""", "\ufffd\n\ufffd")]
    [InlineData("""\\ud800""", "\\ud800")]
    [InlineData("""\\\ud800\\""", "\\\ufffd\\")]
    [InlineData("plain", "plain")]
    public async Task Half_IsReplaced_AndNothingElse(string spelled, string text)
    {
        using var mesh = new Mesh(
            Json(200, $$"""{"a":"{{spelled}}"}"""),
            Json(409, $$"""{"type":"t","title":"t","status":409,"detail":"{{spelled}}","code":"superseded"}"""));

        Assert.Equal(text, (await mesh.Client.SendAsync(MeshCall.Agent("a1"))).GetProperty("a").GetString());
        var error = await Assert.ThrowsAsync<MeshException>(() => mesh.Client.AgentAsync("a1"));
        Assert.Equal((text, "superseded"), (error.Problem!.Detail, error.Code));
    }

    [Theory]
    [InlineData("""{"a":"\""")]
    [InlineData("""{"a":"\u""")]
    [InlineData("""{"a":"\ud8""")]
    [InlineData("""{"a":"\ud800""")]
    public async Task CutOff_IsStillNoJson(string body)
    {
        using var mesh = new Mesh(Json(200, body));

        var error = await Assert.ThrowsAsync<MeshException>(() => mesh.Client.SendAsync(MeshCall.Agent("a1")));

        Assert.Equal(MeshFailure.NotAMesh, error.Failure);
        Assert.IsAssignableFrom<JsonException>(error.InnerException);
    }
}
