using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using ModelContextProtocol.Protocol;
using SessionMesh.Server.Mcp.Arguments;

namespace SessionMesh.Server.Mcp.Tools;

/// <summary>
/// A tool: one operation of the API, as a model sees it. It has no rights and no rules of its own; a call of it is a call of that
/// operation.
/// </summary>
internal abstract class MeshTool
{
    public abstract string Name { get; }

    /// <summary>For people.</summary>
    public abstract string Title { get; }

    /// <summary>For the model: what it does, when to use it, and what the answer means.</summary>
    public abstract string Description { get; }

    /// <summary>The operation, as the OpenAPI document names it.</summary>
    public abstract string Operation { get; }

    /// <summary>The annotations. A client may ask its user by them; the server decides nothing by them.</summary>
    public abstract ToolEffects Effects { get; }

    public abstract IReadOnlyList<ToolArgument> Arguments { get; }

    /// <summary>The type of the answer in the API.</summary>
    public abstract JsonTypeInfo Answer { get; }

    /// <summary>Whether the operation takes a body.</summary>
    public virtual bool HasBody => Arguments.Any(argument => argument.Place == ArgumentPlace.Body);

    /// <summary>Writes the members of the body.</summary>
    public virtual void WriteBody(Utf8JsonWriter json, IReadOnlyDictionary<string, JsonElement> given)
    {
        foreach (var argument in Arguments.Where(argument => argument.Place == ArgumentPlace.Body && given.ContainsKey(argument.Name)))
        {
            json.WritePropertyName(argument.Name);
            json.WriteRawValue(given[argument.Name].GetRawText()); // as it was sent: escaping could make it longer than a body may be
        }
    }

    public Tool Describe() => new()
    {
        Name = Name,
        Title = Title,
        Description = Description,
        InputSchema = JsonSerializer.SerializeToElement(ToolSchema.OfArguments(Arguments)),
        OutputSchema = ToolSchema.OfAnswer(Answer),
        Annotations = new ToolAnnotations
        {
            Title = Title,
            ReadOnlyHint = Effects.ReadOnly,
            DestructiveHint = Effects.Destructive,
            IdempotentHint = Effects.Idempotent,
            OpenWorldHint = Effects.OpenWorld,
        },
    };
}

/// <summary>What a call changes.</summary>
/// <param name="ReadOnly">Nothing.</param>
/// <param name="Destructive">Something is ended or overwritten that the caller cannot bring back.</param>
/// <param name="Idempotent">The same call again changes nothing more.</param>
/// <param name="OpenWorld">It reaches what is outside of this mesh.</param>
internal readonly record struct ToolEffects(bool ReadOnly, bool Destructive, bool Idempotent, bool OpenWorld);
