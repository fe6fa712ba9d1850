using SessionMesh.Contracts;
using SessionMesh.Server.Auth;
using SessionMesh.Server.Auth.Limiting;

namespace SessionMesh.Server.Sandbox;

/// <summary>The endpoints that a fault is for.</summary>
/// <param name="Method">Null for any.</param>
/// <param name="Template">As the route has it; null for all.</param>
/// <param name="Name">How the API's documents call it.</param>
public sealed record FaultTarget(string? Method, string? Template, string Name)
{
    public bool Includes(string method, string? template) =>
        (Template is null || Template == template) && (Method is null || Method == method);
}

/// <summary>
/// The endpoints that can fail: those that need a key, without the sandbox's own. Health, the page and the documents never fail: what
/// watches the server must not take it for dead.
/// </summary>
public sealed class FaultTargets
{
    /// <summary>For every endpoint.</summary>
    private const string All = "*";

    private readonly List<(string Method, string Template, bool Streams)> _routes = [];

    /// <summary>Tells it the routes, once all are mapped.</summary>
    public void Learn(IEnumerable<EndpointDataSource> routes) => _routes.AddRange(
        from route in routes.SelectMany(source => source.Endpoints).OfType<RouteEndpoint>()
        where CanFail(route)
        from method in route.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? []
        select (method, route.RoutePattern.RawText!, Streams(route)));

    /// <summary>Those that send events.</summary>
    public IEnumerable<string> Streaming => _routes.Where(route => route.Streams).Select(NameOf);

    public static bool CanFail(RouteEndpoint route) =>
        route.Metadata.GetMetadata<Anonymous>() is null
        && route.RoutePattern.RawText?.StartsWith(Routes.Sandbox, StringComparison.Ordinal) != true;

    public static bool Streams(Endpoint route) => route.Metadata.GetMetadata<HoldsAnswers>() is not null;

    /// <summary>Whether any of those endpoints sends events.</summary>
    public bool HasStream(FaultTarget target) => _routes.Exists(route => route.Streams && target.Includes(route.Method, route.Template));

    /// <summary>
    /// Finds what somebody means by <c>METHOD /path</c>, <c>/path</c> or <c>*</c>, with or without the prefix; null for nothing.
    /// </summary>
    public FaultTarget? Find(string text)
    {
        if (text.Trim() == All)
        {
            return new(null, null, All);
        }

        var (method, path) = Split(text);
        var found = _routes.Find(route => Form(route.Template) == Form(path) && (method is null || method == route.Method));
        return found.Template is null ? null : new(method, found.Template, method is null ? Short(found.Template) : NameOf(found));
    }

    /// <summary>The endpoint whose name is most like that text.</summary>
    public string Nearest(string text)
    {
        var (method, path) = Split(text);
        var name = (method is null ? "" : method + " ") + Form(path);
        var nearest = _routes.MinBy(route => Distance(name, (method is null ? "" : route.Method + " ") + Form(route.Template)));
        return method is null ? Short(nearest.Template) : NameOf(nearest);
    }

    private static (string? Method, string Path) Split(string text) =>
        text.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) switch
        {
            [var method, var path] => (method.ToUpperInvariant(), path),
            [var path] => (null, path),
            _ => (null, text),
        };

    private static string NameOf((string Method, string Template, bool Streams) route) => $"{route.Method} {Short(route.Template)}";

    private static string Short(string template) =>
        template.StartsWith(Routes.Prefix + "/", StringComparison.OrdinalIgnoreCase) ? template[Routes.Prefix.Length..] : template;

    /// <summary>Without what may be written in several ways: the prefix, the names of parameters, a slash at the end.</summary>
    private static string Form(string path) => string.Join('/', Short(path).TrimEnd('/').ToLowerInvariant().Split('/')
        .Select(part => part.StartsWith('{') && part.EndsWith('}') ? "{}" : part));

    /// <summary>How many characters must be added, removed or exchanged to make one of the other.</summary>
    private static int Distance(string from, string to)
    {
        var row = Enumerable.Range(0, to.Length + 1).ToArray();
        for (var i = 1; i <= from.Length; i++)
        {
            var corner = row[0];
            row[0] = i;
            for (var j = 1; j <= to.Length; j++)
            {
                var above = row[j];
                row[j] = Math.Min(Math.Min(above, row[j - 1]) + 1, corner + (from[i - 1] == to[j - 1] ? 0 : 1));
                corner = above;
            }
        }

        return row[^1];
    }
}
