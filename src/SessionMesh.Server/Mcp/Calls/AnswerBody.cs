namespace SessionMesh.Server.Mcp.Calls;

/// <summary>
/// The body of an answer that goes out inside another. A write that completes it does not return before the outer answer is on the
/// connection: what an endpoint does after its write, such as to mark directives as delivered, is then as true as for a call over HTTP.
/// </summary>
/// <param name="length">What the endpoint says of the length of its answer; null for nothing.</param>
internal sealed class AnswerBody(Func<long?> length) : Stream
{
    private readonly MemoryStream _bytes = new();
    private readonly TaskCompletionSource _whole = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _sent = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when the answer is whole.</summary>
    public Task Whole => _whole.Task;

    /// <summary>What was written so far.</summary>
    public ReadOnlyMemory<byte> Written => _bytes.GetBuffer().AsMemory(0, (int)_bytes.Length);

    public override bool CanRead => false;
    public override bool CanSeek => false;
    public override bool CanWrite => true;
    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Lets the writer go on.</summary>
    /// <param name="isSent">Whether the outer answer is on the connection; otherwise the write fails as cancelled.</param>
    public void Release(bool isSent)
    {
        if (isSent)
        {
            _sent.TrySetResult();
        }
        else
        {
            _sent.TrySetCanceled();
        }
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        _bytes.Write(buffer.Span);
        if (length() is { } all && _bytes.Length >= all)
        {
            _whole.TrySetResult();
            await _sent.Task;
        }
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override void Flush()
    {
        // Nothing is held back but the return of a write.
    }

    public override void Write(byte[] buffer, int offset, int count) =>
        throw new NotSupportedException("answers are written asynchronously");

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
