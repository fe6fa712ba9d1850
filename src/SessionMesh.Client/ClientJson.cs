using System.Text.Json;
using System.Text.Json.Serialization;
using SessionMesh.Contracts;

namespace SessionMesh.Client;

/// <summary>
/// The wire context as a client uses it: members that are null are not sent, and an answer may nest deeper than a request
/// may (a directive's data comes back inside a list). No reflection. Thread-safe.
/// </summary>
public static class ClientJson
{
    public static MeshJson Context { get; } = new(new JsonSerializerOptions(MeshJson.Default.Options)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        MaxDepth = 64,
    });
}
