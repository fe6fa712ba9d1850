using System.Collections.Frozen;
using System.Globalization;
using Microsoft.AspNetCore.Http.Extensions;
using Microsoft.AspNetCore.Http.Features;
using SessionMesh.Core.Keys;
using SessionMesh.Server.Auth;
using SessionMesh.Server.Http;

namespace SessionMesh.Server.Mcp.Calls;

/// <summary>
/// Calls endpoints of the API from within a request, with that request's key: the same scope checks, limits, audit and answers as over
/// HTTP. The key is authenticated and counted once, with the outer request. Thread-safe once it has learned the routes.
/// </summary>
internal sealed class ApiCalls
{
    private FrozenDictionary<string, RouteEndpoint> _operations = FrozenDictionary<string, RouteEndpoint>.Empty;
    private RequestDelegate _pipeline = _ => throw new InvalidOperationException("the routes are not known yet");

    /// <summary>Tells it the routes, once all are mapped.</summary>
    /// <param name="pipeline">What a request passes on the way to its endpoint, beginning with <see cref="KeyAuthentication"/>.</param>
    public void Learn(IEnumerable<EndpointDataSource> routes, RequestDelegate pipeline)
    {
        _operations = routes.SelectMany(source => source.Endpoints).OfType<RouteEndpoint>()
            .Where(route => route.Metadata.GetMetadata<IEndpointNameMetadata>() is not null)
            .ToFrozenDictionary(route => route.Metadata.GetMetadata<IEndpointNameMetadata>()!.EndpointName, StringComparer.Ordinal);
        _pipeline = pipeline;
    }

    /// <summary>Whether a key has a scope that opens the operation. Which agents it reaches is the endpoint's to say.</summary>
    public bool IsOpen(string operation, Key key) =>
        Array.Exists(_operations[operation].Metadata.GetRequiredMetadata<RequiredScope>().AnyOf, key.Has);

    /// <summary>Starts a call. It becomes a feature of the outer request, which must finish it.</summary>
    public OpenCall Start(HttpContext outer, ApiCall call)
    {
        var endpoint = _operations[call.Operation];
        HttpContext? inner = null;
        var body = new AnswerBody(() => inner!.Response.ContentLength);
        inner = CreateRequest(outer, endpoint, call, body);
        var open = new OpenCall(inner, body, RunAsync(inner));
        outer.Features.Set(open);
        return open;
    }

    private async Task RunAsync(HttpContext inner)
    {
        await Task.Yield(); // a call that is answered at once must not run before its caller waits
        await _pipeline(inner);
    }

    private static DefaultHttpContext CreateRequest(HttpContext outer, RouteEndpoint endpoint, ApiCall call, AnswerBody body)
    {
        var query = new QueryBuilder(call.Query).ToQueryString().Value;
        var path = PathOf(endpoint, call.Path);
        var features = new FeatureCollection();
        features.Set<IHttpRequestFeature>(new HttpRequestFeature
        {
            Method = endpoint.Metadata.GetRequiredMetadata<HttpMethodMetadata>().HttpMethods[0],
            Scheme = outer.Request.Scheme,
            Protocol = outer.Request.Protocol,
            Path = path,
            QueryString = query ?? "",
            RawTarget = path + query,
            Headers = call.Headers,
            Body = new MemoryStream(call.Body, writable: false),
        });
        features.Set<IHttpResponseFeature>(new HttpResponseFeature());
        features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(body));

        // Of the connection: where the call comes from, its id in the log, and its end.
        features.Set(outer.Features.Get<IHttpConnectionFeature>());
        features.Set(outer.Features.Get<IHttpRequestIdentifierFeature>());
        features.Set(outer.Features.Get<IHttpRequestLifetimeFeature>());
        features.Set(outer.GetKey());
        var inner = new DefaultHttpContext(features) { RequestServices = outer.RequestServices };
        inner.Request.RouteValues = call.Path;
        inner.SetEndpoint(endpoint);
        return inner;
    }

    private static string PathOf(RouteEndpoint endpoint, RouteValueDictionary values) => string.Concat(
        endpoint.RoutePattern.PathSegments.SelectMany(segment => segment.Parts).Select(part => "/" + part switch
        {
            Microsoft.AspNetCore.Routing.Patterns.RoutePatternLiteralPart literal => literal.Content,
            Microsoft.AspNetCore.Routing.Patterns.RoutePatternParameterPart parameter =>
                Convert.ToString(values[parameter.Name], CultureInfo.InvariantCulture),
            _ => "",
        }));
}
