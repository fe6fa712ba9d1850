using System.Text.Json;
using System.Text.Json.Serialization;

namespace SessionMesh.Core.Agents;

/// <summary>The small parts of an agent that its table holds as JSON.</summary>
public static partial class AgentJson
{
    public static string? Write(StopRequest? stop) => stop is null ? null : JsonSerializer.Serialize(stop, Shapes.Default.StopRequest);
    public static string? Write(Exit? exit) => exit is null ? null : JsonSerializer.Serialize(exit, Shapes.Default.Exit);
    public static string? Write(Stall? stall) => stall is null ? null : JsonSerializer.Serialize(stall, Shapes.Default.Stall);
    public static StopRequest? ReadStop(string? json) => json is null ? null : JsonSerializer.Deserialize(json, Shapes.Default.StopRequest);
    public static Exit? ReadExit(string? json) => json is null ? null : JsonSerializer.Deserialize(json, Shapes.Default.Exit);
    public static Stall? ReadStall(string? json) => json is null ? null : JsonSerializer.Deserialize(json, Shapes.Default.Stall);

    [JsonSourceGenerationOptions(
        PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
    [JsonSerializable(typeof(StopRequest))]
    [JsonSerializable(typeof(Exit))]
    [JsonSerializable(typeof(Stall))]
    private sealed partial class Shapes : JsonSerializerContext;
}
