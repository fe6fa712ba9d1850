using System.Globalization;
using SessionMesh.Client;

namespace SessionMesh.Cli.Run;

/// <summary>When the process is started again after it ended by itself.</summary>
internal enum RestartMode
{
    No,

    /// <summary>A code other than 0, or a signal.</summary>
    OnFailure,

    /// <summary>Any.</summary>
    Always,
}

/// <summary><c>--restart</c>.</summary>
/// <param name="Most">How many restarts in all; null for no limit.</param>
internal sealed record RestartPolicy(RestartMode Mode, int? Most = null)
{
    public static RestartPolicy None { get; } = new(RestartMode.No);

    /// <summary><c>no</c>, <c>on-failure[:N]</c> or <c>always[:N]</c> with N of at least 1; null for anything else.</summary>
    public static RestartPolicy? Parse(string text)
    {
        var colon = text.IndexOf(':');
        RestartMode? mode = (colon < 0 ? text : text[..colon]).ToLowerInvariant() switch
        {
            "no" when colon < 0 => RestartMode.No,
            "on-failure" => RestartMode.OnFailure,
            "always" => RestartMode.Always,
            _ => null,
        };
        if (mode is not { } known)
        {
            return null;
        }

        if (colon < 0)
        {
            return new RestartPolicy(known);
        }

        return int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var most) && most > 0
            ? new RestartPolicy(known, most)
            : null;
    }
}

/// <summary>Counts the restarts of one <c>run</c> and says how long to wait before each. Not thread-safe.</summary>
/// <param name="first">The first wait; it doubles from there to 60 s, or stays where it is if it is longer.</param>
internal sealed class Restarts(RestartPolicy policy, TimeSpan first, RunLog log)
{
    /// <summary>A life of this length went well: the next wait is the first one again.</summary>
    public static readonly TimeSpan WellAfter = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan s_longest = TimeSpan.FromSeconds(60);

    private readonly Backoff _backoff = new(first > s_longest ? first : s_longest, first);
    private int _made;

    /// <summary>How long to wait before the next life; null when there is none.</summary>
    public TimeSpan? After(LifeEnd end)
    {
        if (end.IsWished || policy.Mode == RestartMode.No || (policy.Mode == RestartMode.OnFailure && end.Exit.Code == 0))
        {
            return null;
        }

        if (_made >= policy.Most)
        {
            log.Warn($"ended with {end.Exit}; all {policy.Most} restarts are used up");
            return null;
        }

        _made++;
        if (end.Lived >= WellAfter)
        {
            _backoff.Reset();
        }

        var wait = _backoff.Next();
        log.Warn(
            $"ended with {end.Exit} after {end.Lived.TotalSeconds:0.#} s; restart "
            + $"{_made}{(policy.Most is { } most ? $" of {most}" : "")} in {wait.TotalSeconds:0.#} s");
        return wait;
    }
}
