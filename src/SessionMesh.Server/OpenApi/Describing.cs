using SessionMesh.Contracts.Errors;
using SessionMesh.Server.Auth;
using SessionMesh.Server.Auth.Limiting;

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
    /// <summary>
    /// Names the operation and the scope it needs. Handlers are plain request delegates, which cost no binder and no scope of services:
    /// the hot ones are called a hundred thousand times a second.
    /// </summary>
    public static RouteHandlerBuilder Describe(
        this IEndpointConventionBuilder route, RequestDelegate handler, string operationId, string tag, RequiredScope scope, string summary,
        string? description = null)
    {
        var builder = new RouteHandlerBuilder([route]);
        builder.WithMetadata(scope, handler.Method).WithName(operationId).WithTags(tag).WithSummary(summary);
        if (description is not null)
        {
            builder.WithDescription(description);
        }

        return builder.Refuses(400, 401, 403, 429);
    }

    public static RouteHandlerBuilder Takes<T>(this RouteHandlerBuilder route, bool optional = false) where T : notnull =>
        route.WithMetadata(new JsonBody(typeof(T), optional));

    public static RouteHandlerBuilder WithQuery(this RouteHandlerBuilder route, string name, string description, bool required = false) =>
        route.WithMetadata(new QueryParameter(name, description, required));

    /// <summary>What it answers: 200 with the type unless another success is named, and problems for what is 400 or more.</summary>
    public static RouteHandlerBuilder Answers<T>(this RouteHandlerBuilder route, params ReadOnlySpan<int> statuses)
    {
        if (statuses.IndexOf(200) >= 0 || !statuses.ContainsAnyInRange(200, 299))
        {
            route.Produces<T>(200);
        }

        foreach (var status in statuses)
        {
            if (status is > 200 and < 300)
            {
                route.Produces<T>(status);
            }
            else if (status >= 400)
            {
                route.Refuses(status);
            }
        }

        return route;
    }

    public static RouteHandlerBuilder Refuses(this RouteHandlerBuilder route, params ReadOnlySpan<int> statuses)
    {
        foreach (var status in statuses)
        {
            route.Produces<Problem>(status, Problem.ContentType);
        }

        return route;
    }

    public static RouteHandlerBuilder Mutates(this RouteHandlerBuilder route) =>
        route.WithMetadata(TakesIdempotencyKey.Instance).Refuses(413, 422, 503, 507);

    /// <summary>Its answers may be held back or never end: each takes a place of its key's.</summary>
    public static RouteHandlerBuilder Holds(this RouteHandlerBuilder route) => route.WithMetadata(HoldsAnswers.Instance);
}
