using System.Text.Json;
using SessionMesh.Cli.Output;
using SessionMesh.Client.Streams;

namespace SessionMesh.Cli.Watch;

/// <summary>What is watched: rows that are read anew when the log says that they may have changed.</summary>
internal interface IWatched
{
    /// <summary>The events after which to look again.</summary>
    EventQuery Events { get; }

    View View { get; }

    /// <summary>Members that change all the time and say nothing new: a row that differs in these alone has not changed.</summary>
    IReadOnlyList<string> Restless { get; }

    /// <summary>Every row as it is now, in the order to show them.</summary>
    Task<IReadOnlyList<JsonElement>> ReadAsync(CancellationToken cancellation);

    /// <summary>The lines of a screen.</summary>
    IEnumerable<string> Draw(IReadOnlyList<JsonElement> rows, int? width);
}
