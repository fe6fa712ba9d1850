using SessionMesh.Contracts;
using SessionMesh.Contracts.Admin;
using SessionMesh.Server.Http;
using SessionMesh.Server.Options;
using SessionMesh.Server.Store;

namespace SessionMesh.Server.Admin;

/// <summary><c>POST /admin/compact</c> runs a pass to its end, <c>GET</c> returns the progress.</summary>
public sealed class CompactEndpoints(AdminCalls calls, Compactor compactor, MeshStore store, ServerOptions options)
{
    public async Task Run(HttpContext http)
    {
        if (await calls.CheckAsync(http) && await calls.NoteAsync(http, "compact"))
        {
            await calls.AnswerAsync(http, async () => await WriteAsync(http, await compactor.RunAsync()));
        }
    }

    public async Task Get(HttpContext http)
    {
        if (await calls.CheckAsync(http))
        {
            await calls.AnswerAsync(http, () => WriteAsync(http, compactor.State));
        }
    }

    private async Task WriteAsync(HttpContext http, CompactionState? state)
    {
        var size = store.Size();
        var removed = state?.Removed ?? default;
        await Answers.WriteAsync(http, new CompactionReport
        {
            Running = state is { EndedAt: 0 },
            StartedAt = Time(state?.StartedAt),
            EndedAt = Time(state?.EndedAt),
            Failed = state is { Failed: true },
            Removed = new RemovedRows
            {
                Changes = removed.Changes,
                Directives = removed.Directives,
                Keys = removed.Keys,
                Agents = state?.Forgotten ?? 0,
            },
            OldestRevision = store.OldestRevision,
            Bytes = size.Bytes,
            FreeBytes = size.FreeBytes,
            Retention = new RetentionTimes
            {
                Log = Seconds(options.Retention.Log),
                Directives = Seconds(options.Retention.Directives),
                Keys = Seconds(options.Retention.Keys),
                Sessions = Seconds(options.Retention.Sessions),
                Agents = Seconds(options.Retention.Agents),
            },
        }, MeshJson.Default.CompactionReport);
    }

    private static DateTimeOffset? Time(long? wall) => wall is null or 0 ? null : DateTimeOffset.FromUnixTimeMilliseconds(wall.Value);

    private static long? Seconds(TimeSpan? time) => time is { } kept ? (long)kept.TotalSeconds : null;
}
