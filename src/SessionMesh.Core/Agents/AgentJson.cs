using System.Text.Json;

namespace SessionMesh.Core.Agents;

/// <summary>The small parts of an agent that its table holds as JSON.</summary>
public static class AgentJson
{
    public static string? Write(StopRequest? stop) => stop is null ? null : JsonSerializer.Serialize(stop, CoreJson.Default.StopRequest);
    public static string? Write(Exit? exit) => exit is null ? null : JsonSerializer.Serialize(exit, CoreJson.Default.Exit);
    public static StopRequest? ReadStop(string? json) => json is null ? null : JsonSerializer.Deserialize(json, CoreJson.Default.StopRequest);
    public static Exit? ReadExit(string? json) => json is null ? null : JsonSerializer.Deserialize(json, CoreJson.Default.Exit);
}
