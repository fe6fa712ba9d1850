using System.Text.Json.Serialization;
using SessionMesh.Core.Log;

namespace SessionMesh.Core.Steering;

/// <summary>A directive was put into an agent's inbox. Subject: the agent's id; the directive is named by the revision.</summary>
public sealed record DirectiveIssued : Change
{
    public const string Name = "directive.issued";
    public required long Seq { get; init; }
    public required Verb Verb { get; init; }
    public string? Direction { get; init; }
    public string? Message { get; init; }

    /// <summary>JSON text.</summary>
    [JsonConverter(typeof(RawJsonConverter))]
    public string? Data { get; init; }

    [JsonConverter(typeof(WallTimeConverter))]
    public required long ExpiresAt { get; init; }

    [JsonIgnore]
    public override string Kind => Name;
}

/// <summary>A pending directive moved on. Subject: the agent's id; kind: <c>directive.STATE</c>.</summary>
public sealed record DirectiveMoved : Change
{
    public required long Seq { get; init; }

    [JsonIgnore]
    public DeliveryState State { get; init; }

    public string? Note { get; init; }

    [JsonIgnore]
    public override string Kind => State.ChangeKind();
}
