using SessionMesh.Contracts;
using SessionMesh.Core.Agents;
using SessionMesh.Server.Http;

namespace SessionMesh.Server.Discovery;

/// <summary>
/// One term of a label selector: <c>env=prod</c>, or <c>tier!=free</c>, which an agent without that label matches, too, as in Kubernetes.
/// </summary>
internal readonly record struct LabelTerm(string Name, string Value, bool IsNot)
{
    /// <summary>Reads <c>env=prod,tier!=free</c>: terms with commas between them, all of which must hold.</summary>
    public static IReadOnlyList<LabelTerm> Read(string? text, ref Check check)
    {
        if (text is null)
        {
            return [];
        }

        var terms = new List<LabelTerm>();
        var at = 0;
        foreach (var part in text.Split(','))
        {
            var equals = part.IndexOf('=', StringComparison.Ordinal);
            var isNot = equals > 0 && part[equals - 1] == '!';
            var name = equals < 0 ? part : part[..(equals - (isNot ? 1 : 0))];
            if (equals < 0 || !MeshId.IsValid(name))
            {
                check.Fail("?label", string.Create(
                    System.Globalization.CultureInfo.InvariantCulture,
                    $"takes name=value or name!=value, several with commas, not '{part}' at character {at + 1}"));
                return [];
            }

            terms.Add(new LabelTerm(name, part[(equals + 1)..], isNot));
            at += part.Length + 1;
        }

        if (terms.Count > Limits.Labels)
        {
            check.Fail("?label", $"has at most {Limits.Labels} terms");
        }

        return terms;
    }

    public bool Holds(Agent agent) => (agent.Labels.Labels.TryGetValue(Name, out var value) && value == Value) != IsNot;
}
