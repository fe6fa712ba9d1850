using System.Buffers;
using System.Reflection;
using System.Security.Cryptography;
using System.Text.Json;
using SessionMesh.Contracts;
using SessionMesh.Core.Agents;
using SessionMesh.Core.State;

namespace SessionMesh.Server.A2A;

/// <summary>The cards: who is spoken to here, where, with what key, and what an agent is good at.</summary>
internal static class A2ACards
{
    public const string ContentType = "application/json";

    private const string KeyScheme = "key";

    /// <summary>People read cards, and look for words in them. Safe: an agent's words are never embedded in a page.</summary>
    private static readonly JsonWriterOptions s_json =
        new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly string s_version = typeof(A2ACards).Assembly
        .GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    /// <summary>Of the mesh. It names no agent, so that it can be shown to anybody.</summary>
    /// <param name="origin">Scheme and host, as the caller came to them.</param>
    public static byte[] OfMesh(string origin) => Write(json =>
    {
        Begin(
            json, "Session Mesh",
            "The control plane of a fleet of agents. It takes no messages itself: each agent that a key may read has a card of its own at "
            + $"{origin}{Routes.CardOf("{agent_id}")}, and {origin}{Routes.Agents} lists them.",
            origin + Routes.MeshA2A);
        json.WriteStartArray("skills");
        WriteSkill(json, "find-agents", "Find agents", "Lists the agents of the mesh, by specialization, label and state, over its API.",
            ["discovery", "registry"]);
        json.WriteEndArray();
        json.WriteEndObject();
    });

    public static byte[] Of(string origin, Agent agent) => Write(json =>
    {
        Begin(
            json, agent.Id,
            $"Agent {agent.Id} of cluster {agent.Cluster}, reached through Session Mesh. A message is put into its inbox, and joins the "
            + "task that its present life is; the task ends when the agent does.",
            origin + Routes.A2A(agent.Id));
        json.WriteStartArray("skills");
        foreach (var skill in agent.Skills.Skills)
        {
            WriteSkill(json, skill.Name, skill.Name, Describe(skill), skill.Name.Split(SpecializationName.Separator));
        }

        if (agent.Skills.Skills.Count == 0)
        {
            WriteSkill(json, "steer", "Steer", "Takes a direction, a message and data. The agent names no specialization.", ["steer"]);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    });

    /// <summary>A strong entity tag of a card.</summary>
    public static string ETag(byte[] card) => $"\"{Convert.ToHexStringLower(SHA256.HashData(card).AsSpan(0, 12))}\"";

    private static void Begin(Utf8JsonWriter json, string name, string description, string url)
    {
        json.WriteStartObject();
        json.WriteString("name", name);
        json.WriteString("description", description);
        json.WriteStartArray("supportedInterfaces");
        json.WriteStartObject();
        json.WriteString("url", url);
        json.WriteString("protocolBinding", "HTTP+JSON");
        json.WriteString("protocolVersion", "1.0");
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteString("version", s_version);
        json.WriteStartObject("capabilities");
        json.WriteBoolean("streaming", true);
        json.WriteBoolean("pushNotifications", false);
        json.WriteBoolean("extendedAgentCard", false);
        json.WriteEndObject();
        json.WriteStartObject("securitySchemes");
        json.WriteStartObject(KeyScheme);
        json.WriteStartObject("httpAuthSecurityScheme");
        json.WriteString("scheme", "Bearer");
        json.WriteString("bearerFormat", "smk_…");
        json.WriteString("description", $"A key of the mesh. POST {Routes.Keys} mints one; what it may do is by its scopes.");
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteStartArray("securityRequirements");
        json.WriteStartObject();
        json.WriteStartObject("schemes");
        json.WriteStartObject(KeyScheme);
        json.WriteStartArray("list");
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndArray();
        WriteStrings(json, "defaultInputModes", ["text/plain", "application/json"]);
        WriteStrings(json, "defaultOutputModes", ["text/plain"]);
    }

    private static void WriteSkill(Utf8JsonWriter json, string id, string name, string description, IEnumerable<string> tags)
    {
        json.WriteStartObject();
        json.WriteString("id", id);
        json.WriteString("name", name);
        json.WriteString("description", description);
        WriteStrings(json, "tags", tags);
        json.WriteEndObject();
    }

    private static void WriteStrings(Utf8JsonWriter json, string name, IEnumerable<string> values)
    {
        json.WriteStartArray(name);
        foreach (var value in values)
        {
            json.WriteStringValue(value);
        }

        json.WriteEndArray();
    }

    private static string Describe(Skill skill)
    {
        var version = skill.Version is { } given ? $", version {given}" : "";
        return string.Create(
            System.Globalization.CultureInfo.InvariantCulture,
            $"Level {skill.Level} of {Limits.MaxSkillLevel}, capacity {skill.Capacity}{version}.");
    }

    private static byte[] Write(Action<Utf8JsonWriter> write)
    {
        var bytes = new ArrayBufferWriter<byte>(2048);
        using (var json = new Utf8JsonWriter(bytes, s_json))
        {
            write(json);
        }

        return bytes.WrittenSpan.ToArray();
    }
}
