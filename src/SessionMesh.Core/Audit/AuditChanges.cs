using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using SessionMesh.Core.State;

namespace SessionMesh.Core.Audit;

/// <summary>
/// Somebody asked for an operation on the store as a whole. Subject: <c>backup</c>, <c>restore</c>, <c>compact</c> or <c>check</c>. It
/// changes no record and is in the log for the audit only. It is written before the work begins, so it says what was asked and not how it
/// ended.
/// </summary>
public sealed record AdminRequested : Change
{
    public const string Name = "admin.requested";

    [JsonIgnore]
    public override string Kind => Name;

    internal override JsonTypeInfo PayloadType => AuditChangesJson.Default.AdminRequested;

    internal override void Apply(MeshDraft draft)
    {
    }
}

/// <summary>The kinds of change that are in the log for the audit only.</summary>
internal static class AuditChanges
{
    public static IReadOnlyList<ChangeKind> Kinds { get; } =
    [
        ChangeKind.Of(AdminRequested.Name, AuditChangesJson.Default.AdminRequested),
#if NEXT_LOG_LEVEL
        AdminNoted.OfNextLevel,
#endif
    ];
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(AdminRequested))]
internal sealed partial class AuditChangesJson : JsonSerializerContext;
