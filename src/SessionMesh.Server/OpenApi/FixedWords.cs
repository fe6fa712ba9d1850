using System.Text.Json.Nodes;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using SessionMesh.Contracts.Agents;
using SessionMesh.Contracts.Keys;
using SessionMesh.Contracts.Registry;
using SessionMesh.Contracts.Sandbox;
using SessionMesh.Contracts.Steering;

namespace SessionMesh.Server.OpenApi;

/// <summary>
/// What takes one of a few words has them as <c>enum</c> in the document, so that a page offers them and a generated client knows them.
/// Only of what is sent: an answer may have a new word one day, and a client that was generated before must not refuse it.
/// </summary>
internal static class FixedWords
{
    private static readonly Dictionary<(Type Body, string Member), IReadOnlyList<string>> s_members = new()
    {
        [(typeof(SteerRequest), "verb")] = DirectiveVerb.Steerable,
        [(typeof(SteerRequest), "wait")] = DirectiveState.Waits,
        [(typeof(AckRequest), "state")] = DirectiveState.Acks,
        [(typeof(HeartbeatAck), "state")] = DirectiveState.Acks,
        [(typeof(HeartbeatRequest), "activity")] = AgentActivity.All,
        [(typeof(HeartbeatRequest), "verbs")] = DirectiveVerb.All,
        [(typeof(ClaimRequest), "strategy")] = MatchStrategy.All,
        [(typeof(CreateKeyRequest), "scopes")] = Scopes.All,
        [(typeof(FaultRequest), "cut")] = FaultCut.All,
    };

    /// <summary>Of a parameter; any text where the list is empty.</summary>
    public static OpenApiSchema Schema(IReadOnlyList<string> words) =>
        new() { Type = JsonSchemaType.String, Enum = words.Count == 0 ? null : Nodes(words) };

    /// <summary>Of a member of a body: the words are its own, or those of its items.</summary>
    public static Task Describe(OpenApiSchema schema, OpenApiSchemaTransformerContext context, CancellationToken cancellation)
    {
        if (context.JsonPropertyInfo is not { } member || !s_members.TryGetValue((member.DeclaringType, member.Name), out var words))
        {
            return Task.CompletedTask;
        }

        if (schema.Items is OpenApiSchema items)
        {
            items.Enum = Nodes(words);
        }
        else
        {
            // A member that may be null says so in its list too.
            schema.Enum = [.. Nodes(words), JsonNullSentinel.JsonNull];
        }

        return Task.CompletedTask;
    }

    private static List<JsonNode> Nodes(IReadOnlyList<string> words) => [.. words.Select(word => JsonValue.Create(word))];
}
