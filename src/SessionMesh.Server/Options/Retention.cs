using System.Globalization;

namespace SessionMesh.Server.Options;

/// <summary>How long is kept what is over. Null keeps it for ever.</summary>
public sealed record Retention
{
    /// <summary>Shortest time: whoever reconnects after a restart must find the log still there.</summary>
    private static readonly TimeSpan s_least = TimeSpan.FromHours(1);

    private static readonly TimeSpan s_default = TimeSpan.FromDays(30);

    /// <summary>Entries of the log, from when they were written. 30 days by default.</summary>
    public TimeSpan? Log { get; init; } = s_default;

    /// <summary>Directives, from when they were over. 30 days by default.</summary>
    public TimeSpan? Directives { get; init; } = s_default;

    /// <summary>Keys, from when they were over. 30 days by default.</summary>
    public TimeSpan? Keys { get; init; } = s_default;

    /// <summary>Plain sessions, from when they expired or ended. 30 days by default.</summary>
    public TimeSpan? Sessions { get; init; } = s_default;

    /// <summary>Agents, from when they were dead or lost: then they are forgotten. 30 days by default.</summary>
    public TimeSpan? Agents { get; init; } = s_default;

    /// <exception cref="StartupException">A value is no time, or too short a one.</exception>
    internal static Retention From(Settings settings) => new()
    {
        Log = Read(settings, "retain-log"),
        Directives = Read(settings, "retain-directives"),
        Keys = Read(settings, "retain-keys"),
        Sessions = Read(settings, "retain-sessions"),
        Agents = Read(settings, "retain-agents"),
    };

    private static TimeSpan? Read(Settings settings, string name) => settings[name] switch
    {
        null => s_default,
        "none" => null,
        var text when TryParse(text, out var time) && time >= s_least => time,
        var text => throw new StartupException($"{settings.SourceOf(name)} takes a time of at least an hour, such as 30d or 12h, or none to keep everything, not '{text}'."),
    };

    /// <summary>Days or hours: <c>30d</c>, <c>12h</c>.</summary>
    private static bool TryParse(string text, out TimeSpan time)
    {
        time = default;
        if (text is not [.., 'd' or 'h'] || !int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number > 1_000_000)
        {
            return false;
        }

        time = text[^1] == 'd' ? TimeSpan.FromDays(number) : TimeSpan.FromHours(number);
        return true;
    }
}
