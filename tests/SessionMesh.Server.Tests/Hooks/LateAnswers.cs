using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace SessionMesh.Server.Tests.Hooks;

/// <summary>
/// A client has the whole answer before the server hears that it was written. A busy machine does so at times; this does it when it is
/// asked.
/// </summary>
internal sealed class LateAnswers : IStartupFilter
{
    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _isNext;

    /// <summary>The write of the answer to the next request ends no sooner than <see cref="Release"/>.</summary>
    public void HoldNext() => Volatile.Write(ref _isNext, 1);

    public void Release() => _released.SetResult();

    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        app.Use((http, rest) =>
        {
            if (Interlocked.Exchange(ref _isNext, 0) == 1)
            {
                // Else the client sends its next request where it is read after this one.
                http.Response.Headers.Connection = "close";
                var body = http.Features.GetRequiredFeature<IHttpResponseBodyFeature>();
                var late = new LateStream(body.Stream, _released.Task);
                http.Features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(late, body));
            }

            return rest(http);
        });
        next(app);
    };

    private sealed class LateStream(Stream client, Task released) : Stream
    {
        public override bool CanRead => false;
        public override bool CanSeek => false;
        public override bool CanWrite => true;
        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await client.WriteAsync(buffer, cancellationToken);
            await client.FlushAsync(cancellationToken);
            await released;
        }

        public override Task FlushAsync(CancellationToken cancellationToken) => client.FlushAsync(cancellationToken);
        public override void Flush() => throw new NotSupportedException();
        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
