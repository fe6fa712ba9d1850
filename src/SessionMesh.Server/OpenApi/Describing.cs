using SessionMesh.Contracts.Errors;
using SessionMesh.Server.Auth;

namespace SessionMesh.Server.OpenApi;

/// <summary>A query parameter, for the document: plain request delegates have no signature that could tell.</summary>
public sealed record QueryParameter(string Name, string Description, bool Required);

/// <summary>
/// The JSON body of a route, for the document. Not ASP.NET's own metadata: with that, routing refuses every content type but
/// the one named, and here a body is JSON whatever its declared type.
/// </summary>
public sealed record JsonBody(Type Type, bool Optional);

/// <summary>That a route takes a file as it is, or answers with one; for the document.</summary>
public sealed record FileBody(string ContentType, bool IsAnswer);

/// <summary>Marks an operation that takes an <c>Idempotency-Key</c>.</summary>
public sealed record TakesIdempotencyKey
{
    public static readonly TakesIdempotencyKey Instance = new();
}

/// <summary>What the document says of a route, said beside it.</summary>
internal static class Describing
{
    public static RouteHandlerBuilder Describe(
        this IEndpointConventionBuilder route, RequestDelegate handler, string operationId, string tag, RequiredScope scope, string summary, string? description = null)
    {
        var builder = new RouteHandlerBuilder([route]);
        builder.WithMetadata(scope, handler.Method).WithName(operationId).WithTags(tag).WithSummary(summary);
        if (description is not null)
        {
            builder.WithDescription(description);
        }

        return builder.Produces<Problem>(400, Problem.ContentType).Produces<Problem>(401, Problem.ContentType).Produces<Problem>(403, Problem.ContentType).Produces<Problem>(429, Problem.ContentType);
    }

    public static RouteHandlerBuilder Takes<T>(this RouteHandlerBuilder route, bool optional = false) where T : notnull =>
        route.WithMetadata(new JsonBody(typeof(T), optional));

    public static RouteHandlerBuilder WithQuery(this RouteHandlerBuilder route, string name, string description, bool required = false) =>
        route.WithMetadata(new QueryParameter(name, description, required));

    public static RouteHandlerBuilder Mutates(this RouteHandlerBuilder route) => route.WithMetadata(TakesIdempotencyKey.Instance)
            .Produces<Problem>(413, Problem.ContentType).Produces<Problem>(422, Problem.ContentType).Produces<Problem>(503, Problem.ContentType).Produces<Problem>(507, Problem.ContentType);
}
