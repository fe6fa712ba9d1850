using System.Text.Json.Serialization;
using SessionMesh.Core.Agents;
using SessionMesh.Core.Audit;
using SessionMesh.Core.Idempotency;
using SessionMesh.Core.Keys;
using SessionMesh.Core.Sessions;
using SessionMesh.Core.Steering;

namespace SessionMesh.Core;

/// <summary>JSON of the log and the tables. No reflection; thread-safe.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(string[]))]
[JsonSerializable(typeof(SortedDictionary<string, string>))]
[JsonSerializable(typeof(StopRequest))]
[JsonSerializable(typeof(Exit))]
[JsonSerializable(typeof(AgentDeclared))]
[JsonSerializable(typeof(AgentRegistered))]
[JsonSerializable(typeof(AgentUpdated))]
[JsonSerializable(typeof(AgentLivenessChanged))]
[JsonSerializable(typeof(AgentStopping))]
[JsonSerializable(typeof(AgentDied))]
[JsonSerializable(typeof(AgentForgotten))]
[JsonSerializable(typeof(AgentTombstoneLifted))]
[JsonSerializable(typeof(DirectiveIssued))]
[JsonSerializable(typeof(DirectiveMoved))]
[JsonSerializable(typeof(MessageKept))]
[JsonSerializable(typeof(SessionCreated))]
[JsonSerializable(typeof(SessionImported))]
[JsonSerializable(typeof(SessionUpdated))]
[JsonSerializable(typeof(SessionRefreshed))]
[JsonSerializable(typeof(SessionExpired))]
[JsonSerializable(typeof(SessionDeleted))]
[JsonSerializable(typeof(KeyMinted))]
[JsonSerializable(typeof(KeyRefreshed))]
[JsonSerializable(typeof(KeyLimited))]
[JsonSerializable(typeof(KeyEnded))]
[JsonSerializable(typeof(ReceiptKept))]
[JsonSerializable(typeof(ReceiptsTrimmed))]
[JsonSerializable(typeof(AdminRequested))]
internal sealed partial class CoreJson : JsonSerializerContext;
