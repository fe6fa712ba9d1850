using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace SessionMesh.Server.Tests.Telemetry;

/// <summary>Takes OTLP as a collector does, by HTTP or by gRPC, and keeps it.</summary>
internal sealed class OtlpReceiver : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<(string Signal, byte[] Request, string? Header)> _received = new();

    private OtlpReceiver(WebApplication app) => _app = app;

    public string Url => _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();

    /// <summary>Export requests of one signal: <c>traces</c>, <c>metrics</c> or <c>logs</c>.</summary>
    public List<Proto> Of(string signal) => [.. _received.Where(r => r.Signal == signal).Select(r => new Proto(r.Request))];

    public IEnumerable<byte[]> Bytes => _received.Select(r => r.Request);

    public IEnumerable<string?> Headers => _received.Select(r => r.Header);

    public static async Task<OtlpReceiver> StartAsync(bool grpc = false)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        var protocols = grpc ? HttpProtocols.Http2 : HttpProtocols.Http1;
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
            kestrel.Listen(System.Net.IPAddress.Loopback, 0, listen => listen.Protocols = protocols));
        var app = builder.Build();
        var receiver = new OtlpReceiver(app);
        app.Run(receiver.TakeAsync);
        await app.StartAsync();
        return receiver;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    private async Task TakeAsync(HttpContext http)
    {
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body);
        var bytes = body.ToArray();
        var isGrpc = http.Request.ContentType == "application/grpc";
        var signal = http.Request.Path.Value switch
        {
            "/v1/traces" or "/opentelemetry.proto.collector.trace.v1.TraceService/Export" => "traces",
            "/v1/metrics" or "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export" => "metrics",
            "/v1/logs" or "/opentelemetry.proto.collector.logs.v1.LogsService/Export" => "logs",
            var other => throw new InvalidOperationException(other),
        };
        if (isGrpc)
        {
            Assert.Equal((0, bytes.Length - 5), (bytes[0], (int)BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(1))));
            bytes = bytes[5..];
        }

        _received.Enqueue((signal, bytes, http.Request.Headers["x-tenant"]));
        http.Response.ContentType = http.Request.ContentType;
        if (isGrpc)
        {
            http.Response.AppendTrailer("grpc-status", "0");
            await http.Response.Body.WriteAsync(new byte[5]);
        }
    }
}

/// <summary>A message of protocol buffers, as far as a test looks at one: fields by number.</summary>
internal sealed class Proto
{
    private readonly List<(int Number, ulong Value, byte[] Bytes)> _fields = [];

    public Proto(byte[] message)
    {
        var at = 0;
        while (at < message.Length)
        {
            var tag = Varint(message, ref at);
            var number = (int)(tag >> 3);
            switch (tag & 7)
            {
                case 0:
                    _fields.Add((number, Varint(message, ref at), []));
                    break;
                case 1:
                    _fields.Add((number, BinaryPrimitives.ReadUInt64LittleEndian(message.AsSpan(at)), []));
                    at += 8;
                    break;
                case 5:
                    _fields.Add((number, BinaryPrimitives.ReadUInt32LittleEndian(message.AsSpan(at)), []));
                    at += 4;
                    break;
                default:
                    var length = (int)Varint(message, ref at);
                    _fields.Add((number, 0, message[at..(at + length)]));
                    at += length;
                    break;
            }
        }
    }

    public IEnumerable<Proto> All(params int[] path) =>
        path.Length == 0 ? [this] : _fields.Where(f => f.Number == path[0]).SelectMany(f => new Proto(f.Bytes).All(path[1..]));

    public string Text(int number) => Encoding.UTF8.GetString(Bytes(number));

    public string Hex(int number) => Convert.ToHexString(Bytes(number)).ToLowerInvariant();

    /// <summary>Attributes, those with text or a number.</summary>
    public Dictionary<string, string> Attributes(int number) =>
        All(number).ToDictionary(pair => pair.Text(1), pair => pair.All(2).Single().AsValue());

    private string AsValue() =>
        _fields[0].Number == 1 ? Text(1) : _fields[0].Value.ToString(System.Globalization.CultureInfo.InvariantCulture);

    private byte[] Bytes(int number) => _fields.Find(f => f.Number == number).Bytes ?? [];

    private static ulong Varint(byte[] message, ref int at)
    {
        ulong value = 0;
        for (var shift = 0; ; shift += 7)
        {
            var part = message[at++];
            value |= (ulong)(part & 0x7f) << shift;
            if (part < 0x80)
            {
                return value;
            }
        }
    }
}
