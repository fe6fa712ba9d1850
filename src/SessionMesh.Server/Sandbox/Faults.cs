using System.Globalization;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Errors;
using SessionMesh.Contracts.Sandbox;
using SessionMesh.Core;
using SessionMesh.Server.Http;
using SessionMesh.Server.Streams;

namespace SessionMesh.Server.Sandbox;

/// <summary>The faults that are set, in that order. Thread-safe.</summary>
public sealed class Faults(FaultTargets targets)
{
    private static readonly string[] s_effects = ["status", "delay", "cut", "drop_after", "malformed"];

    private readonly Lock _gate = new();
    private readonly List<SetFault> _set = [];
    private volatile bool _any;
    private int _last;

    public IReadOnlyList<Fault> List()
    {
        lock (_gate)
        {
            return _set.ConvertAll(fault => fault.Describe());
        }
    }

    /// <summary>Returns how many there were.</summary>
    public int Clear()
    {
        lock (_gate)
        {
            var count = _set.Count;
            _set.Clear();
            _any = false;
            return count;
        }
    }

    /// <summary>Sets a fault that has been bound.</summary>
    public Outcome<Fault> Set(FaultRequest request, FaultTarget target)
    {
        lock (_gate)
        {
            if (_set.Count >= Limits.Faults)
            {
                return new MeshError(ErrorKind.Conflict, ErrorCodes.TooManyFaults,
                    $"There are {Limits.Faults} faults, and a sandbox has no more. Clear them with DELETE {Routes.SandboxFaults}.");
            }

            var fault = new SetFault(request, target, ++_last, request.Seed ?? Random.Shared.Next());
            _set.Add(fault);
            _any = true;
            return fault.Describe();
        }
    }

    /// <summary>The fault that strikes the request: the first set of those that meet it and strike. Null for none.</summary>
    public SetFault? Strike(HttpContext http)
    {
        if (!_any || http.GetEndpoint() is not RouteEndpoint route || !FaultTargets.CanFail(route))
        {
            return null;
        }

        var streams = FaultTargets.Streams(route) && (AlwaysStreams(route) || Sse.IsAskedFor(http));
        lock (_gate)
        {
            return _set.Find(fault => fault.Meets(http.Request.Method, route.RoutePattern.RawText, streams) && fault.Strikes());
        }
    }

    /// <summary>Checks a request for a fault; null if there is an error, which the check has.</summary>
    /// <param name="at">Pointer of the request in its document.</param>
    internal FaultTarget? Bind(FaultRequest request, ref Check check, string at = "")
    {
        var errors = check.Count;
        var target = BindTarget(request.Endpoint, ref check, at);
        check.Range($"{at}/status", request.Status, 400, 599);
        Above(request.Delay, Limits.FaultDelay, $"{at}/delay", ref check);
        check.OneOf($"{at}/cut", request.Cut, FaultCut.All);
        check.Range($"{at}/drop_after", request.DropAfter, 0, Limits.FaultCount);
        check.Range($"{at}/count", request.Count, 1, Limits.FaultCount);
        Above(request.Probability, 1, $"{at}/probability", ref check);
        check.Range($"{at}/seed", request.Seed, 0, int.MaxValue);
        BindEffect(request, target, ref check, at);
        return check.Count == errors ? target : null;
    }

    /// <summary>A number above 0.</summary>
    internal static void Above(double? value, int most, string pointer, ref Check check)
    {
        if (value is { } given && !(given > 0 && given <= most))
        {
            check.Fail(pointer, string.Create(CultureInfo.InvariantCulture, $"is a number above 0 and up to {most}"));
        }
    }

    /// <summary>Those of A2A do, too: what holds its answers there has no other form.</summary>
    private static bool AlwaysStreams(RouteEndpoint route) =>
        route.RoutePattern.RawText == Routes.Events || route.Metadata.GetMetadata<AnswerForm>() is not null;

    private FaultTarget? BindTarget(string? endpoint, ref Check check, string at)
    {
        if (endpoint is null)
        {
            check.Fail($"{at}/endpoint", "is missing; say a method and a path, such as POST /steer, or * for all");
            return null;
        }

        // What is long is not looked up: the nearest of it takes time.
        var target = endpoint.Length <= Limits.NameLength ? targets.Find(endpoint) : null;
        if (target is null)
        {
            var nearest = endpoint.Length <= Limits.NameLength ? $"; the nearest is {targets.Nearest(endpoint)}" : "";
            check.Fail($"{at}/endpoint", $"names nothing that can fail{nearest}. Say a method and a path of the API, or * for all");
        }

        return target;
    }

    private void BindEffect(FaultRequest request, FaultTarget? target, ref Check check, string at)
    {
        string[] effects =
        [
            .. request.Status is null ? [] : (string[])["status"],
            .. request.Cut is null ? [] : (string[])["cut"],
            .. request.DropAfter is null ? [] : (string[])["drop_after"],
            .. request.Malformed == true ? (string[])["malformed"] : [],
        ];
        if (effects.Length > 1)
        {
            check.Fail($"{at}/{effects[1]}", $"cannot be combined with {effects[0]}; set two faults");
        }
        else if (effects.Length == 0 && request.Delay is null)
        {
            check.Fail($"{at}/status", "is missing, and so is every other effect: say one of them", s_effects);
        }

        if (request.DropAfter is not null && target is not null && !targets.HasStream(target))
        {
            check.Fail($"{at}/drop_after", $"is for streams, and {target.Name} has none; those that do: "
                + string.Join(", ", targets.Streaming.Distinct()));
        }
    }
}
