using System.Net.Sockets;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using SessionMesh.Server.Streams;

namespace SessionMesh.Server.Sandbox;

/// <summary>Stands where the body of an answer goes out, and lets through what its fault leaves of it. Not thread-safe.</summary>
public abstract class AnswerStream(HttpContext http) : Stream
{
    private readonly Stream _real = http.Features.GetRequiredFeature<IHttpResponseBodyFeature>().Stream;

    public override bool CanRead => false;
    public override bool CanSeek => false;
    public override bool CanWrite => true;
    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    protected HttpContext Http => http;

    protected bool IsStream => http.Response.ContentType?.StartsWith(Sse.ContentType, StringComparison.Ordinal) == true;

    /// <summary>The handler is done.</summary>
    public virtual Task EndAsync() => Task.CompletedTask;

    public abstract override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default);

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <summary>Sends; completes when the socket has it, since nothing is buffered in a sandbox.</summary>
    protected async ValueTask SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellation)
    {
        await _real.WriteAsync(bytes, cancellation);
        await _real.FlushAsync(cancellation);
    }
}

/// <summary>An answer that nobody gets. A stream is cut as soon as it begins: what it would send is never over.</summary>
public sealed class LostAnswerStream(HttpContext http) : AnswerStream(http)
{
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (IsStream)
        {
            Http.Abort();
        }

        return ValueTask.CompletedTask;
    }
}

/// <summary>An answer whose first half comes, under a length that says it is all. Of a stream, it is the data of the first event.</summary>
public sealed class BrokenAnswerStream(HttpContext http) : AnswerStream(http)
{
    private static readonly byte[] s_instead = "{\""u8.ToArray();

    private readonly EventFrames _frames = new();
    private long _left = -1;
    private bool _broken;

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (IsStream)
        {
            foreach (var frame in _frames.Take(buffer.Span))
            {
                var isFirst = !_broken && EventFrames.IsEvent(frame);
                _broken |= isFirst;
                await SendAsync(isFirst ? EventFrames.Break(frame) : frame, cancellationToken);
            }

            return;
        }

        if (_left < 0 && !buffer.IsEmpty)
        {
            // What has no length yet is a long answer in parts: half of its first part is all that comes.
            _left = (Http.Response.ContentLength ?? buffer.Length) / 2;
            Http.Response.ContentLength = Http.Response.ContentLength is null ? null : _left;
        }

        var part = buffer[..(int)Math.Min(Math.Max(_left, 0), buffer.Length)];
        if (!part.IsEmpty)
        {
            _left -= part.Length;
            await SendAsync(part, cancellationToken);
        }
    }

    /// <summary>What is empty cannot be halved.</summary>
    public override async Task EndAsync()
    {
        var response = Http.Response;
        if (!response.HasStarted && response.StatusCode is not (StatusCodes.Status204NoContent or StatusCodes.Status304NotModified))
        {
            response.ContentLength = s_instead.Length;
            await SendAsync(s_instead, CancellationToken.None);
        }
    }
}

/// <summary>
/// A stream that is cut after some events, as a proxy cuts it: what was sent arrives, and then the connection ends before the body does.
/// </summary>
public sealed class DroppedStream(HttpContext http, int after) : AnswerStream(http)
{
    /// <summary>How long a reader may take to notice before the connection is reset, which would throw away what it has not read.</summary>
    private static readonly TimeSpan s_slowest = TimeSpan.FromSeconds(5);

    private readonly EventFrames _frames = new();
    private int _sent;
    private bool _cut;

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (!IsStream)
        {
            await SendAsync(buffer, cancellationToken); // a refusal
            return;
        }

        foreach (var frame in _cut ? [] : _frames.Take(buffer.Span))
        {
            await SendAsync(frame, cancellationToken);
            _sent += EventFrames.IsEvent(frame) ? 1 : 0;
            if (_sent == after)
            {
                _cut = true;
                await CutAsync();
                return;
            }
        }
    }

    private async Task CutAsync()
    {
        try
        {
            Http.Features.Get<IConnectionSocketFeature>()?.Socket.Shutdown(SocketShutdown.Send);
            await Task.Delay(s_slowest, TimeProvider.System, Http.RequestAborted);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // The reader has gone.
        }

        Http.Abort();
    }
}
