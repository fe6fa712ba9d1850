using SessionMesh.Contracts.Steering;
using SessionMesh.Core.Steering;
using SessionMesh.Server.Http;

namespace SessionMesh.Server.Steering;

/// <summary>
/// Which verbs a listener asks for. Two may listen to one inbox, such as an agent's hook and the watcher of its process: each is handed,
/// and marked as delivered, only what it asked for.
/// </summary>
internal static class VerbFilter
{
    /// <summary>Of <c>?verbs=</c>, words with commas; all of them if absent.</summary>
    public static VerbSet Read(in Query query, ref Check check)
    {
        if (query["verbs"] is not { } text)
        {
            return VerbSet.All;
        }

        var words = text.Split(',');
        foreach (var word in words)
        {
            var errors = check.Count;
            check.OneOf("?verbs", word, DirectiveVerb.All);
            if (check.Count > errors)
            {
                break; // one error says which words there are
            }
        }

        return Of(words);
    }

    /// <summary>Of a member of a body.</summary>
    public static void Validate(string pointer, IReadOnlyList<string>? words, ref Check check)
    {
        if (words?.Count > DirectiveVerb.All.Count)
        {
            check.Fail(pointer, $"has at most {DirectiveVerb.All.Count} entries", DirectiveVerb.All);
            return;
        }

        for (var i = 0; i < (words?.Count ?? 0); i++)
        {
            check.OneOf($"{pointer}/{i}", words![i] ?? "", DirectiveVerb.All);
        }
    }

    /// <summary>Of words that were checked before; all if null, none if empty.</summary>
    public static VerbSet Of(IReadOnlyList<string>? words) =>
        words?.Aggregate(VerbSet.None, (verbs, word) => verbs | VerbWords.Parse(word).Alone()) ?? VerbSet.All;
}
