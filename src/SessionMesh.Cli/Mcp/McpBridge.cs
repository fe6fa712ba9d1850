using System.Buffers;
using System.Collections.Concurrent;
using System.IO.Pipelines;
using System.Text;
using System.Text.Json;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Output;

namespace SessionMesh.Cli.Mcp;

/// <summary>
/// Lines on one side, HTTP on the other. Each message of the client is sent by itself; its answer goes back when it is there, so that a
/// call that waits holds up no other. It knows no tool.
/// </summary>
internal sealed class McpBridge(CommandContext context, McpServerLink server)
{
    /// <summary>Messages under way at once; past it the client's next line is not read.</summary>
    private const int MostAtOnce = 64;

    /// <summary>Far more than the server takes: a line within it gets the server's own refusal, with its id.</summary>
    private const int LongestLine = 4 * 1024 * 1024;

    private readonly ConcurrentDictionary<string, CancellationTokenSource> _open = new(StringComparer.Ordinal);
    private readonly Lock _writing = new();

    /// <summary>Returns when the client has closed its end and every request has its answer.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        using var slots = new SemaphoreSlim(MostAtOnce, MostAtOnce);
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var running = new ConcurrentDictionary<Task, byte>();
        var failed = new TaskCompletionSource();
        await using var input = context.Host.OpenIn();
        var reader = PipeReader.Create(input, new StreamPipeReaderOptions(bufferSize: 64 * 1024));
        while (await NextLineAsync(reader, failed.Task, stopping.Token) is { } line)
        {
            if (line.IsEmpty)
            {
                continue;
            }

            await slots.WaitAsync(stopping.Token);
            var task = Task.Run(() => TakeAsync(line, stopping.Token), CancellationToken.None);
            running.TryAdd(task, 0);
            _ = task.ContinueWith(
                done =>
                {
                    slots.Release();
                    running.TryRemove(done, out _);
                    if (done.Exception is { } error)
                    {
                        failed.TrySetException(error.InnerExceptions); // our output is gone: there is nothing left to serve
                    }
                },
                CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }

        await Task.WhenAll(running.Keys);
    }

    /// <summary>The next line without its end; empty for one that is blank or was too long; null at the end of the input.</summary>
    private async Task<ReadOnlyMemory<byte>?> NextLineAsync(PipeReader reader, Task failed, CancellationToken cancellation)
    {
        var isTooLong = false;
        while (true)
        {
            // Standard input cannot be cancelled: after Ctrl+C its read is left to the end of the process.
            var reading = reader.ReadAsync(CancellationToken.None).AsTask();
            if (await Task.WhenAny(reading, failed).WaitAsync(cancellation) == failed)
            {
                await failed;
            }

            var read = await reading;
            var buffer = read.Buffer;
            if (buffer.PositionOf((byte)'\n') is { } end)
            {
                var line = isTooLong ? ReadOnlyMemory<byte>.Empty : Trim(buffer.Slice(0, end).ToArray());
                reader.AdvanceTo(buffer.GetPosition(1, end));
                return line;
            }

            if (read.IsCompleted)
            {
                var rest = isTooLong ? ReadOnlyMemory<byte>.Empty : Trim(buffer.ToArray());
                reader.AdvanceTo(buffer.End);
                return rest.IsEmpty ? default(ReadOnlyMemory<byte>?) : rest;
            }

            if (buffer.Length > LongestLine)
            {
                if (!isTooLong)
                {
                    Write(McpErrorText.TooLong.ToLine(null));
                }

                isTooLong = true;
                reader.AdvanceTo(buffer.End);
            }
            else
            {
                reader.AdvanceTo(buffer.Start, buffer.End);
            }
        }
    }

    private static ReadOnlyMemory<byte> Trim(byte[] line) => line.AsMemory()[Ascii.Trim(line)];

    private async Task TakeAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellation)
    {
        if (McpLine.Read(bytes) is not { } line)
        {
            Write(McpErrorText.NotJson.ToLine(null));
            return;
        }

        if (line.Method == McpLine.Cancelled)
        {
            // The request is one of HTTP: the server knows that it is cancelled when the connection is closed.
            if (line.CancelledId is { } cancelled && _open.TryGetValue(cancelled, out var call))
            {
                await call.CancelAsync();
            }

            return;
        }

        using var own = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var isOpen = line.RequestId is { } id && _open.TryAdd(id, own);
        try
        {
            await ForwardAsync(line, own.Token);
        }
        catch (McpLinkException e)
        {
            Fail(line, e.Text);
        }
        catch (OperationCanceledException) when (own.IsCancellationRequested)
        {
            // The client wants no answer, or we end.
        }
        finally
        {
            if (isOpen)
            {
                _open.TryRemove(line.RequestId!, out _);
            }
        }
    }

    private async Task ForwardAsync(McpLine line, CancellationToken cancellation)
    {
        var isAnswered = false;
        await foreach (var message in server.SendAsync(line, cancellation))
        {
            isAnswered |= NoteAnswer(line, message);
            Write(message);
        }

        if (!isAnswered && line.RequestId is not null)
        {
            Fail(line, McpErrorText.CutOff(server.Url));
        }
    }

    /// <summary>
    /// Whether a message of the server is the answer to this one. That to <c>initialize</c> says which revision is spoken.
    /// </summary>
    private bool NoteAnswer(McpLine line, string message)
    {
        try
        {
            using var document = JsonDocument.Parse(message);
            var json = document.RootElement;
            if (json.ValueKind != JsonValueKind.Object || json.TryGetProperty("method", out _))
            {
                return false;
            }

            if (line.Method == McpLine.Initialize && json.TryGetProperty("result", out var result)
                && Json.Text(result, "protocolVersion") is { } version)
            {
                server.Version = version;
            }

            return true;
        }
        catch (JsonException)
        {
            throw new McpLinkException(McpErrorText.CutOff(server.Url));
        }
    }

    /// <summary>Answers a request with an error; of what wants no answer, a person may see it on standard error.</summary>
    private void Fail(McpLine line, McpErrorText text)
    {
        if (line.RequestId is { } id)
        {
            Write(text.ToLine(id));
            return;
        }

        context.Note(Secrets.Redact(text.Message));
    }

    /// <summary>Writes a message through, whole and on one line: a line break in JSON is white space.</summary>
    private void Write(string message)
    {
        lock (_writing)
        {
            context.Host.Out.Write(message.ReplaceLineEndings(" ") + "\n");
            context.Host.Out.Flush();
        }
    }
}
