using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using SessionMesh.Contracts;
using SessionMesh.Server.Mcp.Arguments;

namespace SessionMesh.Server.Mcp.Tools;

internal sealed class SessionSetTool : MeshTool
{
    public override string Name => "session_set";

    public override string Title => "Write to a session";

    public override string Description =>
        "Sets entries of a session's metadata, or takes some away; what is not named stays. With if_version, only if "
        + "nobody changed the session since it was read. It makes no new session.";

    public override string Operation => "updateSession";

    public override ToolEffects Effects => new(ReadOnly: false, Destructive: true, Idempotent: true, OpenWorld: false);

    public override JsonTypeInfo Answer => MeshJson.Default.SessionRow;

    public override IReadOnlyList<ToolArgument> Arguments { get; } =
    [
        Argument.Id("session_id", "The session.").InPath("id").Required(),
        Argument.Map("meta", "Entries to set, text by name.").ForTool(),
        Argument.Texts("remove", "Names of entries to take away.").ForTool(),
        Argument.Whole("if_version", 0, long.MaxValue, "version of the session as it was read.").InQuotedHeader("If-Match"),
    ];

    public override bool HasBody => true;

    /// <summary>In the API, null takes an entry away; in a schema that every client reads, a member has one type.</summary>
    public override void WriteBody(Utf8JsonWriter json, IReadOnlyDictionary<string, JsonElement> given)
    {
        json.WriteStartObject("meta");
        if (given.TryGetValue("meta", out var meta))
        {
            foreach (var entry in meta.EnumerateObject())
            {
                json.WritePropertyName(entry.Name);
                json.WriteRawValue(entry.Value.GetRawText());
            }
        }

        if (given.TryGetValue("remove", out var remove))
        {
            foreach (var name in remove.EnumerateArray())
            {
                json.WriteNull(name.GetString()!);
            }
        }

        json.WriteEndObject();
    }
}
