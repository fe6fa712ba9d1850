using System.Text.Json;
using SessionMesh.EndToEnd.Tests.Support;

namespace SessionMesh.EndToEnd.Tests.Nodes;

/// <summary>How often a write has to be in the log.</summary>
internal enum WriteOutcome
{
    /// <summary>Once: it was answered as done.</summary>
    Done,

    /// <summary>Once at most: no answer came, or that the outcome is not known.</summary>
    InDoubt,

    /// <summary>Not at all: the answer said that nothing was changed.</summary>
    Refused,
}

/// <summary>A write of the load, and how it ended.</summary>
/// <param name="Mark">What the log has of it, as <see cref="Mark"/> writes it; no other write has the same.</param>
/// <param name="Revision">Of its answer; null where there was none.</param>
internal sealed record Write(string Mark, WriteOutcome Outcome, long? Revision)
{
    /// <summary>What tells a write of the load from every other, where it is in the log. Null for any other entry.</summary>
    public static string? MarkOf(JsonElement entry) => entry.Text("kind") switch
    {
        "agent.registered" => Registered(entry.Text("subject")!, entry.GetProperty("incarnation").GetInt32()),
        "agent.dead" => Dead(entry.Text("subject")!, entry.GetProperty("incarnation").GetInt32()),
        "directive.issued" => entry.Text("message") is { } message ? Steered(entry.Text("subject")!, message) : null,
        "directive.acknowledged" => Acknowledged(entry.Text("subject")!, entry.GetProperty("seq").GetInt64()),
        "session.created" => Created(entry.Text("subject")!),
        "session.updated" => Changed(entry.Text("subject")!, entry.GetProperty("meta").Text("w")),
        "key.minted" => Minted(entry.Text("key_name")!),
        "key.revoked" => Revoked(entry.Text("subject")!),
        "claim.made" => Claimed(entry.Text("subject")!, entry.GetProperty("ttl").GetInt32()),
        "claim.released" => Released(entry.Text("claim_id")!),
        _ => null,
    };

    public static string Registered(string agent, int incarnation) => $"agent {agent} {incarnation}";

    public static string Dead(string agent, int incarnation) => $"agent {agent} {incarnation} is dead";

    public static string Steered(string agent, string message) => $"steer {agent} {message}";

    public static string Acknowledged(string agent, long seq) => $"ack {agent} {seq}";

    public static string Created(string session) => $"session {session}";

    public static string Changed(string session, string? to) => $"session {session} {to}";

    public static string Minted(string name) => $"key {name}";

    public static string Revoked(string keyId) => $"key {keyId} is revoked";

    public static string Claimed(string agent, int ttl) => $"claim {agent} {ttl}";

    public static string Released(string claimId) => $"claim {claimId} is released";
}
