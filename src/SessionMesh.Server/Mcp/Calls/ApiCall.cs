namespace SessionMesh.Server.Mcp.Calls;

/// <summary>A call of the API that stands for a tool call.</summary>
internal sealed class ApiCall
{
    /// <summary>The name of its operation, as in the OpenAPI document.</summary>
    public required string Operation { get; init; }

    /// <summary>The parameters of its path.</summary>
    public RouteValueDictionary Path { get; } = [];

    /// <summary>The parameters of its query, in their order; the same one several times where it is repeated.</summary>
    public List<KeyValuePair<string, string>> Query { get; } = [];

    public HeaderDictionary Headers { get; } = [];

    /// <summary>JSON; empty for a call without a body.</summary>
    public byte[] Body { get; set; } = [];
}

/// <summary>What the API answered.</summary>
/// <param name="Json">The whole body: what was asked for, or a problem document.</param>
internal readonly record struct ApiAnswer(int Status, ReadOnlyMemory<byte> Json)
{
    public bool IsProblem => Status >= StatusCodes.Status400BadRequest;
}
