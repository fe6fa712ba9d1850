using System.Text.Json;

namespace SessionMesh.Cli.Events;

/// <summary>What <c>events --exec</c> runs for an event.</summary>
internal interface IEventProgram
{
    /// <summary>Runs it to its end, and returns what went wrong; null for nothing.</summary>
    /// <param name="cancellation">Kill it, with all that it started.</param>
    Task<string?> RunAsync(JsonElement entry, CancellationToken cancellation);
}
