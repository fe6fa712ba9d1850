using System.Text.Json.Serialization;

namespace SessionMesh.Contracts.Sandbox;

/// <summary>Body of <c>POST /sandbox/faults</c>: one effect, or a delay alone; a delay may come before any effect.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record FaultRequest
{
    /// <summary>
    /// A method and a path of the API, such as `POST /steer` or `GET /agents/{id}`; a path alone for any method; `*` for all.
    /// </summary>
    public string? Endpoint { get; init; }

    /// <summary>Answers with this status, 400 to 599; nothing is done.</summary>
    public int? Status { get; init; }

    /// <summary>Seconds to wait before the request is handled, 300 at most, on the sandbox's clock.</summary>
    public double? Delay { get; init; }

    /// <summary>Cuts the connection: <c>before</c> anything is done, or <c>after</c>, when only the answer is lost.</summary>
    public string? Cut { get; init; }

    /// <summary>Cuts a stream after this many events.</summary>
    public int? DropAfter { get; init; }

    /// <summary>Breaks off the body of the answer, under its usual status and content type.</summary>
    public bool? Malformed { get; init; }

    /// <summary>How often it strikes; without end by default.</summary>
    public int? Count { get; init; }

    /// <summary>How likely it strikes, above 0 and up to 1, the default.</summary>
    public double? Probability { get; init; }

    /// <summary>Where its random numbers begin; drawn by default, and reported.</summary>
    public int? Seed { get; init; }
}

/// <summary>The file of <c>--sandbox-faults</c>.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record FaultFile
{
    public IReadOnlyList<FaultRequest?>? Faults { get; init; }
}

/// <summary>Words of <c>cut</c>.</summary>
public static class FaultCut
{
    public const string Before = "before";
    public const string After = "after";

    public static IReadOnlyList<string> All { get; } = [Before, After];
}
