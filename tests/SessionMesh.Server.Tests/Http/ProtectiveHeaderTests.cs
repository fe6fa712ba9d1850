using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using SessionMesh.Contracts;
using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.Http;

public sealed class ProtectiveHeaderTests
{
    [Theory]
    [InlineData("GET", "alive", 200)]
    [InlineData("GET", "nothing", 404)]
    [InlineData("PUT", "alive", 405)]
    [InlineData("POST", "steer", 400)]
    [InlineData("GET", "~/", 200)]
    [InlineData("GET", "~/livez", 200)]
    [InlineData("GET", "~/openapi/v1.json", 200)]
    [InlineData("GET", "~/swagger/index.html", 200)]
    [InlineData("GET", "~/swagger/index.js", 200)]
    [InlineData("GET", "~/swagger/swagger-ui.css", 200)]
    [InlineData("GET", "~/swagger/nothing", 404)]
    public async Task Answer_WhateverItIs_ForbidsWhatABrowserNeedNotDo(string method, string path, int status)
    {
        await using var mesh = await MeshHost.StartAsync();
        var reply = await mesh.SendAsync(new HttpMethod(method), path);
        Assert.Equal(status, reply.Status);
        ShouldForbid(reply);
        var isPage = path.StartsWith("~/swagger", StringComparison.Ordinal);
        Assert.Equal(isPage, reply.Headers.ContainsKey("Content-Security-Policy"));
        Assert.Equal(isPage ? "same-origin" : null, reply.Headers.GetValueOrDefault("Cross-Origin-Opener-Policy"));
        Assert.DoesNotContain("Server", reply.Headers.Keys);
    }

    [Fact]
    public async Task Refusal_ByHostOrByOrigin_AndAFault_ForbidTheSame()
    {
        await using var mesh = await MeshHost.StartAsync(
            map: app =>
                app.MapGet(Routes.Keys + "/fault", _ => throw new InvalidOperationException("on purpose"))
                    .WithMetadata(Server.Auth.Anonymous.Instance));
        using var host = mesh.Request(HttpMethod.Get, "alive");
        host.Headers.Host = "evil.example";
        ShouldForbid((await mesh.SendAsync(host)).ShouldBeProblem(421, "host_not_allowed"));
        using var origin = mesh.Request(HttpMethod.Get, "alive");
        origin.Headers.TryAddWithoutValidation("Origin", "null");
        ShouldForbid((await mesh.SendAsync(origin)).ShouldBeProblem(403, "origin_not_allowed"));
        ShouldForbid((await mesh.GetAsync("keys/fault")).ShouldBeProblem(500, "internal"));
    }

    [Fact]
    public async Task Page_LoadsItsOwnFilesAndNothingElse()
    {
        await using var mesh = await MeshHost.StartAsync();
        var policy = (await mesh.GetAsync("~/swagger/index.html", key: "")).Headers["Content-Security-Policy"].Split("; ")
            .ToDictionary(d => d.Split(' ')[0], d => d.Split(' ')[1..]);
        Assert.Equal(["'none'"], policy["default-src"]);
        Assert.Equal(["'self'"], policy["script-src"]);
        Assert.Equal(["'none'"], policy["frame-ancestors"]);
        Assert.DoesNotContain(
            policy,
            d => d.Value.Any(v => v.StartsWith("'unsafe-", StringComparison.Ordinal)
                || v.Contains('*', StringComparison.Ordinal)
                || v.StartsWith("http", StringComparison.Ordinal)));

        // And so it can be shown: no script is inside it, and each that it names is there.
        var page = (await mesh.GetAsync("~/swagger/index.html", key: "")).Text;
        var scripts = Regex.Matches(
            page,
            "<script(?<source>[^>]*)>(?<inside>.*?)</script>",
            RegexOptions.Singleline | RegexOptions.ExplicitCapture,
            TimeSpan.FromSeconds(5));
        Assert.NotEmpty(scripts);
        foreach (Match script in scripts)
        {
            Assert.Equal("", script.Groups["inside"].Value);
            Assert.Equal(
                200, (await mesh.GetAsync("~/swagger/" + script.Groups["source"].Value.Split('"')[1].TrimStart('.', '/'), key: "")).Status);
        }

        Assert.DoesNotContain("<style", page, StringComparison.Ordinal);
        Assert.DoesNotContain(
            " on",
            Regex.Replace(page, "<!--.*?-->", "", RegexOptions.Singleline, TimeSpan.FromSeconds(5)),
            StringComparison.OrdinalIgnoreCase);
        // No key stays behind in a browser.
        Assert.Contains(
            "\"persistAuthorization\":false", (await mesh.GetAsync("~/swagger/index.js", key: "")).Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("POST", "keys", "{}", 201)]
    [InlineData("POST", "keys", "{", 400)]
    [InlineData("POST", "keys/refresh", "{", 401)]
    [InlineData("POST", "KEYS", "{}", 201)]
    [InlineData("POST", "%6beys", "{}", 201)]
    [InlineData("DELETE", "keys/aaaaaaaaaaaa", null, 404)]
    [InlineData("PUT", "keys", null, 405)]
    public async Task Answer_WhereSecretsPass_IsKeptNowhere(string method, string path, string? body, int status)
    {
        await using var mesh = await MeshHost.StartAsync();
        var reply = await mesh.SendAsync(new HttpMethod(method), path, body);
        Assert.Equal(status, reply.Status);
        Assert.Contains("no-store", reply.Headers["Cache-Control"], StringComparison.Ordinal);
    }

    private static void ShouldForbid(Reply reply)
    {
        Assert.Equal("nosniff", reply.Headers["X-Content-Type-Options"]);
        Assert.Equal("no-referrer", reply.Headers["Referrer-Policy"]);
        Assert.Equal("DENY", reply.Headers["X-Frame-Options"]);
        Assert.Equal("same-origin", reply.Headers["Cross-Origin-Resource-Policy"]);
    }
}
