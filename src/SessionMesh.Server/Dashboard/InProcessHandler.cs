using System.IO.Pipelines;
using System.Net;
using Microsoft.AspNetCore.Http.Features;

namespace SessionMesh.Server.Dashboard;

/// <summary>
/// Sends requests through the server's own pipeline as if they had come over the network: the same authentication, scopes, limits and
/// audit, without a socket between. Answers are streamed: one begins when its headers are there. Thread-safe.
/// </summary>
/// <param name="remote">The address of whoever is behind the requests, for the audit and the limits; null if it is not known.</param>
internal sealed class InProcessHandler(OwnPipeline pipeline, IPAddress? remote) : HttpMessageHandler
{
    /// <summary>A name that the host guard knows, with any port.</summary>
    private const string Host = "localhost";

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var exchange = new Exchange(request, remote);
        var body = request.Content is null ? Stream.Null : await request.Content.ReadAsStreamAsync(cancellationToken);
        _ = exchange.RunAsync(pipeline, body);
        using var cut = cancellationToken.UnsafeRegister(static state => ((Exchange)state!).Abort(), exchange);
        return await exchange.Answer.WaitAsync(cancellationToken);
    }

    /// <summary>One request and its answer.</summary>
#pragma warning disable CA1001 // a source without a timer holds nothing, and whoever reads the answer may hang up at any time
    private sealed class Exchange : IHttpResponseFeature, IHttpResponseBodyFeature, IHttpRequestLifetimeFeature
#pragma warning restore CA1001
    {
        private readonly HttpRequestMessage _request;
        private readonly FeatureCollection _features = new();
        private readonly Pipe _pipe = new();
        private readonly TaskCompletionSource<HttpResponseMessage> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly CancellationTokenSource _aborted = new();
        private readonly Stack<(Func<object, Task> Callback, object State)> _onStarting = [];
        private readonly Stack<(Func<object, Task> Callback, object State)> _onCompleted = [];
        private Stream? _stream;

        public Exchange(HttpRequestMessage request, IPAddress? remote)
        {
            _request = request;
            Writer = new StartingWriter(this, _pipe.Writer);
            var headers = new HeaderDictionary { ["Host"] = Host };
            foreach (var header in request.Headers.NonValidated)
            {
                headers[header.Key] = header.Value.ToArray();
            }

            foreach (var header in request.Content?.Headers.NonValidated ?? default)
            {
                headers[header.Key] = header.Value.ToArray();
            }

            _features.Set<IHttpRequestFeature>(new HttpRequestFeature
            {
                Method = request.Method.Method,
                Scheme = Uri.UriSchemeHttp,
                Protocol = HttpProtocol.Http11,
                Path = Uri.UnescapeDataString(request.RequestUri!.AbsolutePath),
                QueryString = request.RequestUri.Query,
                RawTarget = request.RequestUri.PathAndQuery,
                Headers = headers,
            });
            _features.Set<IHttpResponseFeature>(this);
            _features.Set<IHttpResponseBodyFeature>(this);
            _features.Set<IHttpRequestLifetimeFeature>(this);
            _features.Set<IHttpConnectionFeature>(new HttpConnectionFeature { RemoteIpAddress = remote });
        }

        public Task<HttpResponseMessage> Answer => _answer.Task;

        public int StatusCode { get; set; } = StatusCodes.Status200OK;

        public string? ReasonPhrase { get; set; }

        public IHeaderDictionary Headers { get; set; } = new HeaderDictionary();

        public bool HasStarted { get; private set; }

        public PipeWriter Writer { get; }

        public Stream Stream => _stream ??= Writer.AsStream(leaveOpen: true);

        [Obsolete("The body is written through IHttpResponseBodyFeature.")]
        public Stream Body
        {
            get => Stream;
            set => throw new NotSupportedException();
        }

        public CancellationToken RequestAborted
        {
            get => _aborted.Token;
            set => throw new NotSupportedException();
        }

        public async Task RunAsync(OwnPipeline pipeline, Stream body)
        {
            _features.GetRequiredFeature<IHttpRequestFeature>().Body = body;
            var http = pipeline.Contexts.Create(_features);
            Exception? failure = null;
            try
            {
                await pipeline.RunAsync(http);
                await StartAsync(CancellationToken.None);
            }
#pragma warning disable CA1031 // whatever it is, it is the answer's end, as a connection that is cut would be
            catch (Exception e)
#pragma warning restore CA1031
            {
                failure = new IOException("the answer was cut", e);
                _answer.TrySetException(new HttpRequestException("the answer was cut", e));
            }

            await _pipe.Writer.CompleteAsync(failure);
            while (_onCompleted.TryPop(out var next))
            {
                await next.Callback(next.State);
            }

            pipeline.Contexts.Dispose(http);
        }

        public void OnStarting(Func<object, Task> callback, object state) => _onStarting.Push((callback, state));

        public void OnCompleted(Func<object, Task> callback, object state) => _onCompleted.Push((callback, state));

        public void DisableBuffering()
        {
        }

        public async Task StartAsync(CancellationToken cancellationToken = default)
        {
            if (HasStarted)
            {
                return;
            }

            while (_onStarting.TryPop(out var next))
            {
                await next.Callback(next.State);
            }

            HasStarted = true;
            var answer = new HttpResponseMessage((HttpStatusCode)StatusCode)
            {
                RequestMessage = _request,
                Content = new StreamContent(new ReadEnd(_pipe.Reader.AsStream(), Abort)),
            };
            foreach (var header in Headers)
            {
                if (!answer.Headers.TryAddWithoutValidation(header.Key, (IEnumerable<string?>)header.Value))
                {
                    answer.Content.Headers.TryAddWithoutValidation(header.Key, (IEnumerable<string?>)header.Value);
                }
            }

            _answer.TrySetResult(answer);
        }

        public Task SendFileAsync(string path, long offset, long? count, CancellationToken cancellationToken = default) =>
            SendFileFallback.SendFileAsync(Stream, path, offset, count, cancellationToken);

        public Task CompleteAsync() => StartAsync(CancellationToken.None);

        /// <summary>Whoever asked has gone: what serves the request hears of it.</summary>
        public void Abort() => _aborted.Cancel();
    }

    /// <summary>Sends the headers before the first byte of the body.</summary>
    private sealed class StartingWriter(Exchange exchange, PipeWriter inner) : PipeWriter
    {
        public override bool CanGetUnflushedBytes => inner.CanGetUnflushedBytes;

        public override long UnflushedBytes => inner.UnflushedBytes;

        public override void Advance(int bytes) => inner.Advance(bytes);

        public override Memory<byte> GetMemory(int sizeHint = 0) => inner.GetMemory(sizeHint);

        public override Span<byte> GetSpan(int sizeHint = 0) => inner.GetSpan(sizeHint);

        public override void CancelPendingFlush() => inner.CancelPendingFlush();

        /// <summary>The exchange ends the pipe, when whoever serves the request has come back.</summary>
        public override void Complete(Exception? exception = null)
        {
        }

        public override async ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
        {
            await exchange.StartAsync(cancellationToken);
            return await inner.FlushAsync(cancellationToken);
        }
    }

    /// <summary>The body as its reader sees it: to close it early is to hang up.</summary>
    private sealed class ReadEnd(Stream inner, Action hangUp) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count) => inner.Read(buffer, offset, count);

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            inner.ReadAsync(buffer, cancellationToken);

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            inner.ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                hangUp();
                inner.Dispose();
            }

            base.Dispose(disposing);
        }
    }
}
