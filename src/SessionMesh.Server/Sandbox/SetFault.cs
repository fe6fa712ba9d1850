using SessionMesh.Contracts.Sandbox;

namespace SessionMesh.Server.Sandbox;

/// <summary>What a fault does to a request, after its delay.</summary>
public enum FaultEffect
{
    /// <summary>Nothing more: the request is handled.</summary>
    None,

    /// <summary>Another answer in the place of the handler's. Nothing is done.</summary>
    Status,

    /// <summary>The connection is cut before anything is done.</summary>
    CutBefore,

    /// <summary>The connection is cut when it is done: the answer is lost.</summary>
    CutAfter,

    /// <summary>The connection of a stream is cut after some events.</summary>
    Drop,

    /// <summary>The body of the answer breaks off.</summary>
    Malform,
}

/// <summary>
/// A fault, and how often it has struck. Its random numbers begin at its seed, and it draws one for each request that comes to it: the same
/// seed and the same requests are struck in the same places. Not thread-safe.
/// </summary>
public sealed class SetFault(FaultRequest request, FaultTarget target, int number, int seed)
{
    private readonly Random _random = new(seed);
    private readonly double _probability = request.Probability ?? 1;
    private long _seen;
    private long _struck;

    public string Id { get; } = $"f-{number}";

    public FaultEffect Effect { get; } = request switch
    {
        { Status: not null } => FaultEffect.Status,
        { Cut: FaultCut.Before } => FaultEffect.CutBefore,
        { Cut: FaultCut.After } => FaultEffect.CutAfter,
        { DropAfter: not null } => FaultEffect.Drop,
        { Malformed: true } => FaultEffect.Malform,
        _ => FaultEffect.None,
    };

    /// <summary>How long the request waits before.</summary>
    public TimeSpan Delay { get; } = TimeSpan.FromSeconds(request.Delay ?? 0);

    /// <summary>For <see cref="FaultEffect.Status"/>.</summary>
    public int Status => request.Status!.Value;

    /// <summary>For <see cref="FaultEffect.Drop"/>.</summary>
    public int DropAfter => request.DropAfter!.Value;

    /// <summary>Whether it is for requests of that kind, and not spent.</summary>
    public bool Meets(string method, string? template, bool streams) =>
        _struck < (request.Count ?? long.MaxValue)
        && (Effect != FaultEffect.Drop || streams)
        && target.Includes(method, template);

    /// <summary>Whether it strikes a request that it meets.</summary>
    public bool Strikes()
    {
        _seen++;
        if (_probability < 1 && _random.NextDouble() >= _probability)
        {
            return false;
        }

        _struck++;
        return true;
    }

    public Fault Describe() => new()
    {
        FaultId = Id,
        Endpoint = target.Name,
        Status = request.Status,
        Delay = request.Delay,
        Cut = request.Cut,
        DropAfter = request.DropAfter,
        Malformed = request.Malformed == true ? true : null,
        Count = request.Count,
        Probability = _probability,
        Seed = seed,
        Seen = _seen,
        Struck = _struck,
    };
}
