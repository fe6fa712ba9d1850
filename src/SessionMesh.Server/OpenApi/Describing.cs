using SessionMesh.Contracts.Errors;
using SessionMesh.Server.Auth;
using SessionMesh.Server.Auth.Limiting;

namespace SessionMesh.Server.OpenApi;

/// <summary>A query parameter, for the OpenAPI document: a plain request delegate has no signature to read it from.</summary>
public sealed record QueryParameter(string Name, string Description, bool Required)
{
    /// <summary>The only values that it takes; empty where there is no such list.</summary>
    public IReadOnlyList<string> Words { get; init; } = [];

    /// <summary>Whether it is <c>true</c> or <c>false</c>.</summary>
    public bool IsFlag { get; init; }
}

/// <summary>
/// The JSON body of a route, for the OpenAPI document. ASP.NET's own metadata would make routing refuse every other content type, but here
/// a body is JSON whatever its declared type.
/// </summary>
public sealed record JsonBody(Type Type, bool Optional);

/// <summary>A route that takes or returns a file; for the OpenAPI document.</summary>
public sealed record FileBody(string ContentType, bool IsAnswer)
{
    /// <summary>Whether a person can type it.</summary>
    public bool IsText { get; init; }
}

/// <summary>Marks an operation that takes an <c>Idempotency-Key</c>.</summary>
public sealed record TakesIdempotencyKey
{
    public static readonly TakesIdempotencyKey Instance = new();
}

/// <summary>Describes a route for the OpenAPI document, next to the route itself.</summary>
internal static class Describing
{
    /// <summary>
    /// Names the operation and its scope. Handlers are plain request delegates because they need no binder and no service scope: the hot
    /// ones are called a hundred thousand times a second.
    /// </summary>
    public static RouteHandlerBuilder Describe(
        this IEndpointConventionBuilder route, RequestDelegate handler, string operationId, string tag, RequiredScope? scope,
        string summary, string? description = null)
    {
        var builder = new RouteHandlerBuilder([route]);
        builder.WithMetadata(scope ?? (object)Anonymous.Instance, handler.Method).WithName(operationId).WithTags(tag).WithSummary(summary);
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

    /// <summary>A parameter that takes one of these words and no other.</summary>
    public static RouteHandlerBuilder WithWord(
        this RouteHandlerBuilder route, string name, IReadOnlyList<string> words, string description) =>
        route.WithMetadata(new QueryParameter(name, description, Required: false) { Words = words });

    /// <summary>A parameter that is <c>true</c> or <c>false</c>.</summary>
    public static RouteHandlerBuilder WithFlag(this RouteHandlerBuilder route, string name, string description) =>
        route.WithMetadata(new QueryParameter(name, description, Required: false) { IsFlag = true });

    /// <summary>
    /// Declares the answers: 200 with the type unless another success is given, and a problem for each status from 400 on.
    /// </summary>
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

    /// <summary>Marks a route whose answers may be held back or never end: each open answer counts against its key's limit.</summary>
    public static RouteHandlerBuilder Holds(this RouteHandlerBuilder route) => route.WithMetadata(HoldsAnswers.Instance);
}
