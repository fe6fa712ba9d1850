using System.Text.Json;
using System.Text.Json.Serialization;
using SessionMesh.Contracts.Admin;
using SessionMesh.Contracts.Agents;
using SessionMesh.Contracts.Audit;
using SessionMesh.Contracts.Errors;
using SessionMesh.Contracts.Events;
using SessionMesh.Contracts.Json;
using SessionMesh.Contracts.Keys;
using SessionMesh.Contracts.Nodes;
using SessionMesh.Contracts.Registry;
using SessionMesh.Contracts.Sandbox;
using SessionMesh.Contracts.Sessions;
using SessionMesh.Contracts.Steering;

namespace SessionMesh.Contracts;

/// <summary>
/// The one JSON context: snake_case, no reflection. Requests refuse unknown members (their types say so); answers are
/// read leniently, since the API grows by addition. Thread-safe.
/// </summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    MaxDepth = Limits.JsonDepth,
    AllowDuplicateProperties = false,
    Converters = [typeof(UtcTimeConverter)])]
[JsonSerializable(typeof(AgentPage))]
[JsonSerializable(typeof(AgentDetail))]
[JsonSerializable(typeof(AgentRegistration))]
[JsonSerializable(typeof(RegisterAgentRequest))]
[JsonSerializable(typeof(RegisterSpecializationRequest))]
[JsonSerializable(typeof(RegistryAnswer))]
[JsonSerializable(typeof(ClaimRequest))]
[JsonSerializable(typeof(RenewClaimRequest))]
[JsonSerializable(typeof(ClaimRow))]
[JsonSerializable(typeof(ReleasedClaim))]
[JsonSerializable(typeof(ClaimPage))]
[JsonSerializable(typeof(MatchAnswer))]
[JsonSerializable(typeof(LinkRequest))]
[JsonSerializable(typeof(LinkRow))]
[JsonSerializable(typeof(LinkPage))]
[JsonSerializable(typeof(HeartbeatRequest))]
[JsonSerializable(typeof(HeartbeatAnswer))]
[JsonSerializable(typeof(HeartbeatsRequest))]
[JsonSerializable(typeof(HeartbeatsAnswer))]
[JsonSerializable(typeof(List<RefusedAck>))]
[JsonSerializable(typeof(List<HeartbeatAck>))]
[JsonSerializable(typeof(List<string>))]
[JsonSerializable(typeof(ExitRequest))]
[JsonSerializable(typeof(MoveAgentRequest))]
[JsonSerializable(typeof(Topology))]
[JsonSerializable(typeof(KillReport))]
[JsonSerializable(typeof(SteerRequest))]
[JsonSerializable(typeof(AckRequest))]
[JsonSerializable(typeof(Directive))]
[JsonSerializable(typeof(DirectiveList))]
[JsonSerializable(typeof(DirectiveHistory))]
[JsonSerializable(typeof(SteerManyAnswer))]
[JsonSerializable(typeof(SteersRequest))]
[JsonSerializable(typeof(SteersAnswer))]
[JsonSerializable(typeof(KillManyAnswer))]
[JsonSerializable(typeof(ForgottenAgent))]
[JsonSerializable(typeof(CreateKeyRequest))]
[JsonSerializable(typeof(RefreshKeyRequest))]
[JsonSerializable(typeof(CreatedKey))]
[JsonSerializable(typeof(SignInCode))]
[JsonSerializable(typeof(TradeCodeRequest))]
[JsonSerializable(typeof(NewRootRequest))]
[JsonSerializable(typeof(NewRootKey))]
[JsonSerializable(typeof(KeyRow))]
[JsonSerializable(typeof(KeyList))]
[JsonSerializable(typeof(RevokedKey))]
[JsonSerializable(typeof(CreateSessionRequest))]
[JsonSerializable(typeof(UpdateSessionRequest))]
[JsonSerializable(typeof(RefreshSessionRequest))]
[JsonSerializable(typeof(CleanupRequest))]
[JsonSerializable(typeof(SessionRow))]
[JsonSerializable(typeof(SessionPage))]
[JsonSerializable(typeof(DeletedSession))]
[JsonSerializable(typeof(SessionStats))]
[JsonSerializable(typeof(CleanupAnswer))]
[JsonSerializable(typeof(ImportAnswer))]
[JsonSerializable(typeof(AuditPage))]
[JsonSerializable(typeof(AuditEntry))]
[JsonSerializable(typeof(CompactionReport))]
[JsonSerializable(typeof(CheckReport))]
[JsonSerializable(typeof(RestoreReport))]
[JsonSerializable(typeof(ServerStatus))]
[JsonSerializable(typeof(NodeList))]
[JsonSerializable(typeof(MeshDigest))]
[JsonSerializable(typeof(FaultRequest))]
[JsonSerializable(typeof(FaultFile))]
[JsonSerializable(typeof(Fault))]
[JsonSerializable(typeof(FaultList))]
[JsonSerializable(typeof(ClearedFaults))]
[JsonSerializable(typeof(AdvanceRequest))]
[JsonSerializable(typeof(Advanced))]
[JsonSerializable(typeof(MeshEvent))]
[JsonSerializable(typeof(StreamNotice))]
[JsonSerializable(typeof(Problem))]
[JsonSerializable(typeof(JsonElement))]
public sealed partial class MeshJson : JsonSerializerContext;
