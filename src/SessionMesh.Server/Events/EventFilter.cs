using System.Globalization;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Events;
using SessionMesh.Server.Http;

namespace SessionMesh.Server.Events;

/// <summary>Which events are wanted: those of one of the kinds, about one of the subjects; all where none is named.</summary>
internal sealed class EventFilter
{
    public const string Kind = "kind";
    public const string Subject = "subject";

    private readonly string[] _kinds;
    private readonly HashSet<string> _subjects;

    private EventFilter(string[] kinds, string[] subjects) =>
        (_kinds, _subjects) = (kinds, subjects.ToHashSet(StringComparer.Ordinal));

    /// <summary>Everything about one subject.</summary>
    public static EventFilter About(string subject) => new([], [subject]);

    public static EventFilter Bind(Query query, ref Check check)
    {
        var kinds = Words(query, Kind, ref check);
        var subjects = Words(query, Subject, ref check);
        foreach (var unknown in kinds.Where(kind => !EventKinds.IsKnown(kind)))
        {
            check.Fail("?" + Kind, $"'{unknown}' is no kind of event, nor what one begins with, such as agent.*", EventKinds.All);
        }

        foreach (var subject in subjects)
        {
            check.Id("?" + Subject, subject);
        }

        return new EventFilter(kinds, subjects);
    }

    public bool Matches(string kind, string subject) =>
        (_subjects.Count == 0 || _subjects.Contains(subject))
        && (_kinds.Length == 0 || Array.Exists(_kinds, word => EventKinds.Matches(word, kind)));

    private static string[] Words(Query query, string name, ref Check check)
    {
        var words = query[name]?.Split(',') ?? [];
        if (words.Length > Limits.EventWords)
        {
            check.Fail("?" + name, string.Create(CultureInfo.InvariantCulture, $"names at most {Limits.EventWords}"));
        }

        return words;
    }
}
