using System.Text.Json.Serialization;

namespace SessionMesh.Core.State;

/// <summary>JSON of specializations with what is known of them, as the store has it.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Skill[]))]
internal sealed partial class SkillJson : JsonSerializerContext;
