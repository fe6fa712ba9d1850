using System.Globalization;
using Microsoft.AspNetCore.WebUtilities;
using SessionMesh.Core;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Push;

namespace SessionMesh.Server.Http;

/// <summary>
/// A read with <c>min_revision=R</c> is answered from memory that has that revision, such as one that the answer to a write named in
/// <c>X-Mesh-Revision</c>: it waits for it up to two seconds, and is refused as <c>behind</c> then. Runs after authentication.
/// </summary>
public sealed class MinRevision(RequestDelegate next, MeshEngine engine, ChangeFeed feed, ProblemWriter problems)
{
    public const string Name = "min_revision";

    public Task InvokeAsync(HttpContext http) =>
        IsRead(http) && http.Request.QueryString.Value is { Length: > 0 } query && query.Contains(Name, StringComparison.Ordinal)
            ? ReadAsync(http, query)
            : next(http);

    /// <summary>Whether a request may name a revision.</summary>
    internal static bool IsRead(HttpContext http) => HttpMethods.IsGet(http.Request.Method) || HttpMethods.IsHead(http.Request.Method);

    private async Task ReadAsync(HttpContext http, string query)
    {
        var (wanted, error) = Parse(query);
        try
        {
            error ??= await http.ReachAsync(wanted, engine, feed);
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            return; // nobody reads the answer
        }

        await (error is null ? next(http) : problems.WriteAsync(http, error));
    }

    private static (long Wanted, MeshError? Error) Parse(string query)
    {
        long? wanted = null;
        foreach (var pair in new QueryStringEnumerable(query))
        {
            if (!pair.DecodeName().Span.SequenceEqual(Name))
            {
                continue;
            }

            if (wanted is not null)
            {
                return (0, MeshError.Invalid("?" + Name, "is given twice"));
            }

            if (!long.TryParse(pair.DecodeValue().Span, NumberStyles.None, CultureInfo.InvariantCulture, out var value))
            {
                return (0, MeshError.Invalid("?" + Name, "is a revision: a whole number, as X-Mesh-Revision has it"));
            }

            wanted = value;
        }

        return (wanted ?? 0, null);
    }
}
