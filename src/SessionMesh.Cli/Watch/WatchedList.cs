using System.Text.Json;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Output;
using SessionMesh.Client.Streams;

namespace SessionMesh.Cli.Watch;

/// <summary>A list that is watched.</summary>
/// <param name="readAsync">Every row as it is now, in the order to show them.</param>
internal sealed class WatchedList(
    CommandContext context, View view, EventQuery events, Func<CancellationToken, Task<IReadOnlyList<JsonElement>>> readAsync) : IWatched
{
    public EventQuery Events => events;

    public View View => view;

    public IReadOnlyList<string> Restless { get; init; } = [];

    public Task<IReadOnlyList<JsonElement>> ReadAsync(CancellationToken cancellation) => readAsync(cancellation);

    public IEnumerable<string> Draw(IReadOnlyList<JsonElement> rows, int? width) => context.Output.TableLines(rows, view, width);
}
