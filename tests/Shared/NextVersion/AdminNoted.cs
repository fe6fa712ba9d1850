using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using SessionMesh.Core.State;

namespace SessionMesh.Core.Audit;

/// <summary>
/// A kind of change that this version does not know. It is compiled into the core with <c>-p:NextLogLevel=true</c> alone, which makes it
/// that of a later version.
/// </summary>
public sealed record AdminNoted : Change
{
    public const string Name = "admin.noted";

    internal static readonly ChangeKind OfNextLevel = ChangeKind.Of(Name, NextVersionJson.Default.AdminNoted) with { Level = 2 };

    [JsonIgnore]
    public override string Kind => Name;

    internal override JsonTypeInfo PayloadType => NextVersionJson.Default.AdminNoted;

    internal override void Apply(MeshDraft draft)
    {
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(AdminNoted))]
internal sealed partial class NextVersionJson : JsonSerializerContext;
