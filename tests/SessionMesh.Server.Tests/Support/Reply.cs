using System.Net;
using System.Text;
using System.Text.Json.Nodes;

namespace SessionMesh.Server.Tests.Support;

/// <summary>An answer, read to its end.</summary>
internal sealed record Reply(int Status, string Text, byte[] Bytes, IReadOnlyDictionary<string, string> Headers)
{
    public JsonNode Json => JsonNode.Parse(Text)!;

    public static async Task<Reply> ReadAsync(HttpResponseMessage response)
    {
        var bytes = await response.Content.ReadAsByteArrayAsync();
        var headers = response.Headers.Concat(response.Content.Headers)
            .ToDictionary(h => h.Key, h => string.Join(", ", h.Value), StringComparer.OrdinalIgnoreCase);
        return new Reply((int)response.StatusCode, Encoding.UTF8.GetString(bytes), bytes, headers);
    }

    /// <summary>The whole answer: status and every member, see <see cref="JsonAssert"/>.</summary>
    public Reply ShouldBe(int status, string json)
    {
        Assert.True(status == Status, $"expected {status}, got {Status}: {Text}");
        Assert.Equal(status < 400 ? "application/json" : "application/problem+json", Headers["Content-Type"]);
        JsonAssert.Same(json, Text);
        return this;
    }

    /// <summary>A 2xx, whatever it says.</summary>
    public Reply ShouldBeOk()
    {
        Assert.True(Status is >= 200 and < 300, $"{Status}: {Text}");
        return this;
    }

    /// <summary>The whole problem document, except what <paramref name="more"/> members it has beside the common ones.</summary>
    public Reply ShouldBeProblem(int status, string code, string more = "")
    {
        ShouldBe(status, $$"""
            {"type":"urn:session-mesh:error:{{code}}","title":"{{Title(status)}}","status":{{status}},"detail":"*",
             "code":"{{code}}"{{(status is 401 or 404 ? "" : ",\"request_id\":\"*\"")}}{{more}}}
            """);
        if (status is 401 or 404)
        {
            Assert.NotEmpty(Headers["X-Request-Id"]); // the bodies are the same to the byte for whom they must tell nothing
        }
        else
        {
            Assert.Equal(Json["request_id"]!.GetValue<string>(), Headers["X-Request-Id"]);
        }

        Assert.Contains("no-store", Headers["Cache-Control"], StringComparison.Ordinal);
        return this;
    }

    /// <summary>The same, for a refusal that is known only after the commit: it has no request id.</summary>
    public Reply ShouldBeProblemWithoutId(int status, string code) => ShouldBe(status, $$"""
        {"type":"urn:session-mesh:error:{{code}}","title":"{{Title(status)}}","status":{{status}},"detail":"*","code":"{{code}}"}
        """);

    /// <summary>The whole error as A2A has it, in the mesh's domain unless it is one that A2A names.</summary>
    /// <param name="details">Further details, with a comma before the first.</param>
    /// <param name="metadata">Of the first detail beside the request's id, with a comma after the last.</param>
    public Reply ShouldBeA2AError(
        int status, string word, string reason, string details = "", string metadata = "", string domain = "session-mesh")
    {
        Assert.True(status == Status, $"expected {status}, got {Status}: {Text}");
        Assert.Equal("application/a2a+json", Headers["Content-Type"]);
        var id = status is 401 or 404 ? "" : $",\"metadata\":{{{metadata}\"requestId\":\"{Headers["X-Request-Id"]}\"}}";
        JsonAssert.Same($$"""
            {"error":{"code":{{status}},"status":"{{word}}","message":"*","details":[
              {"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"{{reason}}","domain":"{{domain}}"{{id}}}{{details}}]} }
            """, Text);
        Assert.Contains("no-store", Headers["Cache-Control"], StringComparison.Ordinal);
        return this;
    }

    /// <summary>An error that A2A names.</summary>
    public Reply ShouldBeNamedByA2A(int status, string word, string reason, string metadata = "") =>
        ShouldBeA2AError(status, word, reason, metadata: metadata, domain: "a2a-protocol.org");

    /// <summary>A problem document with that status and code, whatever else it tells; for where its members are not the point.</summary>
    public Reply ShouldBeRefused(int status, string code)
    {
        Assert.True(status == Status && code == Json["code"]?.GetValue<string>(), $"expected {status} {code}, got {Status}: {Text}");
        Assert.Equal("application/problem+json", Headers["Content-Type"]);
        Assert.Equal($"urn:session-mesh:error:{code}", Json["type"]!.GetValue<string>());
        Assert.NotEmpty(Detail);
        return this;
    }

    /// <summary>A 400 that blames exactly these members, with a message each, and the values allowed where they can be listed.</summary>
    public Reply ShouldBlame(params string[] pointers)
    {
        var errors = Json["errors"]!.AsArray();
        Assert.Equal(pointers, errors.Select(e => e!["pointer"]!.GetValue<string>()));
        Assert.All(errors, e => Assert.NotEmpty(e!["message"]!.GetValue<string>()));
        return this;
    }

    public string Detail => Json["detail"]!.GetValue<string>();

    private static string Title(int status) => status switch
    {
        421 => "Misdirected Request",
        422 => "Unprocessable Entity",
        429 => "Too Many Requests",
        413 => "Payload Too Large",
        _ => string.Concat(((HttpStatusCode)status).ToString().Select((c, i) => i > 0 && char.IsUpper(c) ? " " + c : c.ToString())),
    };
}
