using SessionMesh.Contracts.Agents;
using SessionMesh.Core.Agents;
using SessionMesh.Server.Http;

namespace SessionMesh.Server.Discovery;

/// <summary>The label selector of a query, and who matches it.</summary>
internal static class LabelTerms
{
    public static IReadOnlyList<LabelTerm> Read(string? text, ref Check check)
    {
        if (text is null)
        {
            return [];
        }

        var terms = LabelTerm.Read(text, out var fault);
        if (fault is not null)
        {
            check.Fail("?label", fault);
        }

        return terms;
    }

    public static bool Holds(this LabelTerm term, Agent agent) =>
        (agent.Labels.Labels.TryGetValue(term.Name, out var value) && value == term.Value) != term.IsNot;
}
