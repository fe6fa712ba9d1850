using System.CommandLine;
using System.Globalization;

namespace SessionMesh.Server.Options;

/// <summary>How long what is over is kept. Null keeps it for ever.</summary>
public sealed record Retention
{
    /// <summary>A reader that reconnects after a restart must still find the log there.</summary>
    private static readonly TimeSpan s_least = TimeSpan.FromHours(1);

    private static readonly TimeSpan s_default = TimeSpan.FromDays(30);

    /// <summary>Entries of the log, from when they were written. 30 days by default.</summary>
    public TimeSpan? Log { get; init; } = s_default;

    /// <summary>Directives, from when they ended. 30 days by default.</summary>
    public TimeSpan? Directives { get; init; } = s_default;

    /// <summary>Keys, from when they ended. 30 days by default.</summary>
    public TimeSpan? Keys { get; init; } = s_default;

    /// <summary>Plain sessions, from when they expired or ended. 30 days by default.</summary>
    public TimeSpan? Sessions { get; init; } = s_default;

    /// <summary>Agents, from when they died or were lost; then they are forgotten. 30 days by default.</summary>
    public TimeSpan? Agents { get; init; } = s_default;

    /// <exception cref="StartupException">A value is not a time, or too short.</exception>
    internal static Retention From(Settings settings) => new()
    {
        Log = Read(settings, OptionTable.RetainLog),
        Directives = Read(settings, OptionTable.RetainDirectives),
        Keys = Read(settings, OptionTable.RetainKeys),
        Sessions = Read(settings, OptionTable.RetainSessions),
        Agents = Read(settings, OptionTable.RetainAgents),
    };

    private static TimeSpan? Read(Settings settings, Option option) => settings[option] switch
    {
        null => s_default,
        "none" => null,
        var text when TryParse(text, out var time) && time >= s_least => time,
        var text => throw new StartupException($"{settings.SourceOf(option)} takes a time of at least an hour, such as 30d or 12h, "
            + $"or none to keep everything, not '{text}'."),
    };

    /// <summary>Days or hours: <c>30d</c>, <c>12h</c>.</summary>
    private static bool TryParse(string text, out TimeSpan time)
    {
        time = default;
        if (text is not [.., 'd' or 'h']
            || !int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            || number > 1_000_000)
        {
            return false;
        }

        time = text[^1] == 'd' ? TimeSpan.FromDays(number) : TimeSpan.FromHours(number);
        return true;
    }
}
