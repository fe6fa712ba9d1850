using SessionMesh.EndToEnd.Tests.Support;

namespace SessionMesh.EndToEnd.Tests.Nodes;

/// <summary>
/// The agent's side of a stream that ends with its node and is resumed at another: every word comes once and in order, and is acknowledged
/// wherever.
/// </summary>
internal sealed class LoadInbox(LoadCalls calls, LoadAgent agent, Random random)
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(3);

    /// <summary>Longer than between two comments of a quiet stream, which are no events: it is opened again at another node.</summary>
    private static readonly TimeSpan s_quiet = TimeSpan.FromSeconds(5);

    private long _expected;
    private long _heard;
    private string _last = "";

    /// <summary>This much was answered as queued.</summary>
    public void Expect(long seq) => _expected = Math.Max(_expected, seq);

    public Task HeardAllAsync() => Eventually.True(
        () => Volatile.Read(ref _heard) >= _expected || !calls.Surprises.IsEmpty,
        () => $"{agent.Id} hears number {_expected}; it heard {_heard}. Last: {_last}");

    public async Task RunAsync(CancellationToken closed)
    {
        while (!closed.IsCancellationRequested)
        {
            var node = calls.Any(random);
            try
            {
                var after = Volatile.Read(ref _heard);
                var (stream, refusal) = await EventStream.TryOpenAsync(
                    node.Url, $"agents/{agent.Id}/directives?incarnation={agent.Incarnation}", calls.RootKey, after > 0 ? after : null,
                    s_patience);
                _last = $"{node.Id}: {refusal?.ToString() ?? "opened"} after {after}";
                if (stream is not null)
                {
                    using (stream)
                    {
                        await ReadAsync(stream, node, closed);
                    }
                }
                else if (refusal!.Status is not (503 or 429))
                {
                    calls.Surprise($"stream of {agent.Id} at {node.Id} after {after} -> {refusal}");
                }
            }
            catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException)
            {
                _last = $"{node.Id}: {e.Message}";
            }

            await Task.Delay(random.Next(10, 100), CancellationToken.None);
        }
    }

    private async Task ReadAsync(EventStream stream, Node node, CancellationToken closed)
    {
        while (await stream.NextAsync(s_quiet, closed) is { } next)
        {
            if (next.Kind == "goaway")
            {
                return;
            }

            if (next.Kind is "resync" or "end" || next.Id is not { } seq)
            {
                calls.Surprise($"stream of {agent.Id} at {node.Id} after {_heard} -> {next}");
                return;
            }

            if (seq != _heard + 1)
            {
                calls.Surprise($"stream of {agent.Id} at {node.Id}: {seq} follows {_heard}");
            }

            Volatile.Write(ref _heard, seq);
            await calls.WriteAsync(
                random, Write.Acknowledged(agent.Id, seq), HttpMethod.Post, $"agents/{agent.Id}/directives/{seq}/ack",
                $$"""{"state":"acknowledged","incarnation":{{agent.Incarnation}}}""");
        }
    }
}
