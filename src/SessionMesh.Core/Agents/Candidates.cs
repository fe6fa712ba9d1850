namespace SessionMesh.Core.Agents;

/// <summary>
/// Who matched a selection at a revision, found off the writer's thread. On it only these are looked at again, and who changed since.
/// </summary>
/// <param name="Revision">The search shows no less than that.</param>
/// <param name="Numbers">Ascending; empty when they are more than any call may reach by far.</param>
/// <param name="Count">How many they are.</param>
public sealed record Candidates(long Revision, IReadOnlyList<int> Numbers, int Count)
{
    /// <summary>Past so many, what changes until the decision cannot make the call succeed.</summary>
    public const int Most = 2 * Contracts.Limits.SelectorMatches;

    /// <summary>Whether they are too many to be looked at again: the count then is that of the search.</summary>
    public bool IsTooMany => Count > Most;
}
