using SessionMesh.Cli.Commands;
using SessionMesh.Client;
using SessionMesh.Client.Streams;
using SessionMesh.Contracts.Events;

namespace SessionMesh.Cli.Events;

/// <summary>
/// Does something and follows the log until it is settled or the time is up. The stream stands before anything is done, so that
/// no entry is missed, and a caller who may not read the log learns it before anything is done.
/// </summary>
internal static class LogFollower
{
    private const int FirstConnectAttempts = 3;

    /// <param name="actAsync">What to do once the stream stands.</param>
    /// <param name="bound">From the moment it is done.</param>
    public static async Task FollowAsync(
        CommandContext context, Func<Task<IFollowed>> actAsync, TimeSpan bound, CancellationToken cancellation)
    {
        using var reading = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var gap = new Gap();
        var stream = gap.Open(context);
        var entries = stream.ReadAsync(reading.Token).GetAsyncEnumerator(reading.Token);
        var next = entries.MoveNextAsync().AsTask();
        var acted = false;
        try
        {
            await Task.WhenAny(gap.Connected, next);
            if (!gap.Connected.IsCompleted && !await next)
            {
                throw StreamEnds.ToException(stream.End, context);
            }

            var followed = await actAsync();
            acted = true;
            var began = context.Host.Time.GetTimestamp();
            using var progress = context.ShowProgress(
                () => $"{followed.Progress}, {context.Host.Time.GetElapsedTime(began).TotalSeconds:0} of {bound.TotalSeconds:0} s");
            while (!followed.IsSettled && bound - context.Host.Time.GetElapsedTime(began) is var left && left > TimeSpan.Zero)
            {
                var missed = gap.Missed;
                if (!await EndsWithinAsync(Task.WhenAny(next, missed), left))
                {
                    break;
                }

                if (missed.IsCompleted)
                {
                    gap.Close();
                    await followed.LookAsync(context.Client, cancellation);
                }

                if (!next.IsCompleted)
                {
                    continue;
                }

                if (!await next)
                {
                    throw StreamEnds.ToException(stream.End, context);
                }

                followed.Take(entries.Current);
                next = entries.MoveNextAsync().AsTask();
            }
        }
        catch (OperationCanceledException) when (acted)
        {
            context.Note("it was sent; only the wait for its outcome was interrupted");
            throw;
        }
        finally
        {
            await reading.CancelAsync();
            await ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await entries.DisposeAsync();
        }

        async Task<bool> EndsWithinAsync(Task task, TimeSpan time)
        {
            try
            {
                await task.WaitAsync(time, context.Host.Time, cancellation);
                return true;
            }
            catch (TimeoutException)
            {
                return false;
            }
        }
    }

    /// <summary>
    /// Knows when entries may have been missed: the server said so, or a stream came back that had no place to resume at.
    /// </summary>
    private sealed class Gap
    {
        private readonly TaskCompletionSource _connected = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private TaskCompletionSource _missed = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Connected => _connected.Task;

        public Task Missed => Volatile.Read(ref _missed).Task;

        public void Close() => Volatile.Write(ref _missed, new(TaskCreationOptions.RunContinuationsAsynchronously));

        public EventStream Open(CommandContext context)
        {
            EventStream? stream = null;
            stream = new EventStream(context.Client, new MeshStreamOptions
            {
                FirstConnectAttempts = FirstConnectAttempts,
                Connected = () =>
                {
                    if (!_connected.TrySetResult() && stream!.LastRevision is null)
                    {
                        Miss();
                    }
                },
            })
            {
                Resynced = _ => Miss(),
            };
            return stream;
        }

        private void Miss() => Volatile.Read(ref _missed).TrySetResult();
    }
}

/// <summary>Something that the log decides step by step: directives on their way, agents that are to end.</summary>
internal interface IFollowed
{
    /// <summary>True when no further entry can change anything.</summary>
    bool IsSettled { get; }

    /// <summary>The current state for the progress line. Called from another thread.</summary>
    string Progress { get; }

    void Take(MeshEvent entry);

    /// <summary>Looks at the current state of all that is not settled: entries of the log may have been missed.</summary>
    Task LookAsync(MeshClient client, CancellationToken cancellation);
}
