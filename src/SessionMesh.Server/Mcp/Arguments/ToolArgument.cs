using System.Text.Json.Nodes;

namespace SessionMesh.Server.Mcp.Arguments;

/// <summary>What a value has to be. The bounds of numbers and the words of a list are the API's to check.</summary>
internal enum ArgumentForm
{
    /// <summary>A string; a number is taken as its text, as in the API.</summary>
    Id,
    Text,
    Whole,
    Number,
    Flag,

    /// <summary>An array of strings.</summary>
    Texts,

    /// <summary>An object whose members are strings.</summary>
    Map,
    Object,
    Array,
}

/// <summary>Where a value goes in the call of the API.</summary>
internal enum ArgumentPlace
{
    Body,
    Path,

    /// <summary>A list or a map is one parameter, with commas.</summary>
    Query,

    /// <summary>One parameter for each item of a list.</summary>
    QueryEach,
    Header,

    /// <summary>A header whose value stands in quotes.</summary>
    QuotedHeader,

    /// <summary>The tool puts it where it belongs.</summary>
    None,
}

/// <summary>One argument of a tool: how it is described, and what it becomes. Immutable.</summary>
internal sealed record ToolArgument(string Name, ArgumentForm Form, JsonObject Schema)
{
    public ArgumentPlace Place { get; init; } = ArgumentPlace.Body;

    /// <summary>The name of the parameter or header that it becomes; in a body it keeps its own.</summary>
    public string Member { get; init; } = Name;

    public bool IsRequired { get; init; }

    /// <summary>Whether it is the agent that the key is bound to where it is left out.</summary>
    public bool IsOwnAgent { get; init; }

    /// <summary>What is sent where it is left out; null for nothing.</summary>
    public JsonNode? Default { get; init; }

    public ToolArgument Required() => this with { IsRequired = true };

    public ToolArgument OrOwn() => this with { IsOwnAgent = true };

    public ToolArgument InPath(string member) => this with { Place = ArgumentPlace.Path, Member = member };

    public ToolArgument InQuery() => this with { Place = ArgumentPlace.Query };

    public ToolArgument InQueryEach() => this with { Place = ArgumentPlace.QueryEach };

    public ToolArgument InHeader(string member) => this with { Place = ArgumentPlace.Header, Member = member };

    public ToolArgument InQuotedHeader(string member) => this with { Place = ArgumentPlace.QuotedHeader, Member = member };

    public ToolArgument ForTool() => this with { Place = ArgumentPlace.None };

    /// <param name="value">Also said in the schema.</param>
    public ToolArgument Or(JsonNode value)
    {
        var schema = Schema.DeepClone().AsObject();
        schema["default"] = value.DeepClone();
        return this with { Default = value, Schema = schema };
    }
}
