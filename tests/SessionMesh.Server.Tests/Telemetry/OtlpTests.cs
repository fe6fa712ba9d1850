using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;
using SessionMesh.Server.Auth;
using SessionMesh.Server.Hosting;
using SessionMesh.Server.Http;
using SessionMesh.Server.Telemetry;
using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.Telemetry;

/// <summary>What goes to a collector, and that nothing goes anywhere unless an endpoint says where.</summary>
public sealed class OtlpTests
{
    private const string TraceId = "0af7651916cd43dd8448eb211c80319c";
    private const string Caller = "b7ad6b7169203331";

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task MetricsTracesAndLogs_GoToTheEndpoint(bool grpc)
    {
        await using var collector = await OtlpReceiver.StartAsync(grpc);
        await using var mesh = await StartAsync(collector, grpc ? null : "http/protobuf");
        await mesh.RegisterAsync("odd-agent");
        await SteerAsync(mesh);
        Assert.Equal(500, (await mesh.GetAsync("~/fails", "")).Status);
        Flush(mesh);

        var metric = collector.Of("metrics").SelectMany(m => m.All(1, 2, 2)).Select(m => m.Text(1)).ToHashSet();
        Assert.Superset(new HashSet<string> { "session_mesh.agents", "session_mesh.heartbeats", "session_mesh.directives" }, metric);
        Assert.All(metric, name => Assert.StartsWith("session_mesh.", name, StringComparison.Ordinal));
        var said = collector.Of("logs").SelectMany(l => l.All(1, 2, 2, 5)).Select(body => body.Text(1));
        Assert.Contains(said, text => text.Contains("unhandled exception", StringComparison.Ordinal));
        var resource = collector.Of("traces")[0].All(1, 1).First().Attributes(1);
        Assert.Equal(("mesh-of-tests", "0.1.0"), (resource["service.name"], resource["service.version"]));
        Assert.All(collector.Headers, header => Assert.Equal("t1", header));
    }

    [Fact]
    public async Task Span_OfARequest_IsBelowItsCallers_AndIsNamedByTheRouteAndNotByThePath()
    {
        await using var collector = await OtlpReceiver.StartAsync();
        await using var mesh = await StartAsync(collector, "http/protobuf");
        await mesh.RegisterAsync("odd-agent");
        await SteerAsync(mesh);
        await mesh.GetAsync("agents/odd-agent?fields=odd");
        Flush(mesh);
        var spans = Spans(collector);
        var request = spans.Single(s => s.Hex(1) == TraceId && s.Hex(4) == Caller);
        Assert.Equal("POST /api/session-mesh/steer", request.Text(5));
        var attributes = request.Attributes(9);
        Assert.Equal(("POST", "/api/session-mesh/steer"), (attributes["http.request.method"], attributes["http.route"]));
        Assert.Equal("200", attributes["http.response.status_code"]);
        Assert.Contains(spans, s => s.Text(5) == "GET /api/session-mesh/agents/{id}");
        var command = spans.Single(s => s.Text(5) == "command steer_agent" && s.Hex(1) == TraceId); // others' servers run beside this one
        Assert.Equal((TraceId, request.Hex(2), "committed"), (command.Hex(1), command.Hex(4), command.Attributes(9)["outcome"]));
        var link = Assert.Single(command.All(13));
        var batch = spans.Single(s => s.Hex(1) == link.Hex(1) && s.Hex(2) == link.Hex(2));
        Assert.Equal(("batch", "", "1"), (batch.Text(5), batch.Hex(4), batch.Attributes(9)["commands"]));
        Assert.NotEqual(TraceId, batch.Hex(1));
        Assert.All(collector.Bytes, bytes => Assert.DoesNotContain("odd", Encoding.UTF8.GetString(bytes), StringComparison.Ordinal));
    }

    [Fact]
    public async Task SecretsInRequestsThatFail_AreInNothingThatIsSent()
    {
        await using var collector = await OtlpReceiver.StartAsync();
        await using var mesh = await StartAsync(collector, "http/protobuf");
        var token = await mesh.MintAsync("""{"session_key":"k"}""");
        await mesh.GetAsync("alive?key=" + token);
        await mesh.SendRawAsync(
            $"GET /api/session-mesh/agents/{token} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            + $"Authorization: Bearer {token}\r\nConnection: close\r\n\r\n");
        await mesh.GetAsync("~/fails?key=" + token, token);
        await mesh.GetAsync("~/" + token, "");
        Flush(mesh);
        Assert.NotEmpty(collector.Of("traces"));
        Assert.NotEmpty(collector.Of("logs"));
        mesh.Canary.Look(collector.Bytes.Select(Encoding.UTF8.GetString), mesh.Directory);
        Assert.All(collector.Bytes, bytes => Assert.DoesNotContain(token[4..16], Encoding.UTF8.GetString(bytes), StringComparison.Ordinal));
    }

    [Fact]
    public async Task WithoutAnEndpoint_NothingIsTracedOrSent_WhateverElseIsSet()
    {
        await using var mesh = await MeshHost.StartAsync(
            builder => builder.Configuration["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] = "http://127.0.0.1:1");
        Assert.Throws<InvalidOperationException>(() => mesh.Service<TracerProvider>());
        var configuration = new ConfigurationManager();
        Otlp.Read(configuration, name => name == Otlp.Endpoint ? null : "set");
        Assert.Empty(configuration.AsEnumerable());
        Otlp.Read(configuration, _ => "set");
        Assert.Equal(Otlp.Variables.Order(), configuration.AsEnumerable().Select(pair => pair.Key).Order());
    }

    /// <summary>A server that was started with these variables, and with a route that fails.</summary>
    private static Task<MeshHost> StartAsync(OtlpReceiver collector, string? protocol) => MeshHost.StartAsync(
        builder => Otlp.Read(builder.Configuration, name => name switch
        {
            Otlp.Endpoint => collector.Url,
            "OTEL_EXPORTER_OTLP_PROTOCOL" => protocol,
            "OTEL_EXPORTER_OTLP_HEADERS" => "x-tenant=t1",
            "OTEL_SERVICE_NAME" => "mesh-of-tests",
            _ => null,
        }),
        map: app => app.MapGet("/fails", Fail).WithMetadata(Anonymous.Instance));

    private static Task Fail(Microsoft.AspNetCore.Http.HttpContext http) => throw new InvalidOperationException("on purpose");

    private static async Task SteerAsync(MeshHost mesh)
    {
        using var steer = mesh.Request(HttpMethod.Post, "steer");
        steer.Headers.Add("traceparent", $"00-{TraceId}-{Caller}-01");
        steer.Content = new StringContent("""{"agent_id":"odd-agent","direction":"odd-direction"}""");
        Assert.Equal(200, (await mesh.SendAsync(steer)).Status);
    }

    private static void Flush(MeshHost mesh)
    {
        Assert.True(mesh.Service<TracerProvider>().ForceFlush());
        mesh.Service<MeterProvider>().ForceFlush(); // never true: the reader behind /metrics has nothing to push
        Assert.True(mesh.Service<LoggerProvider>().ForceFlush());
    }

    private static List<Proto> Spans(OtlpReceiver collector) => [.. collector.Of("traces").SelectMany(t => t.All(1, 2, 2))];
}
