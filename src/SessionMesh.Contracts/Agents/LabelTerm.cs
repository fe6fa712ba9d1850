using System.Globalization;

namespace SessionMesh.Contracts.Agents;

/// <summary>
/// One term of a label selector: <c>env=prod</c>, or <c>tier!=free</c>, which an agent without that label matches, too, as in Kubernetes.
/// </summary>
public readonly record struct LabelTerm(string Name, string Value, bool IsNot)
{
    /// <summary>Reads <c>env=prod,tier!=free</c>: terms with commas between them, all of which must hold.</summary>
    /// <param name="fault">What is wrong with the text; null where nothing is. Then there are no terms.</param>
    public static IReadOnlyList<LabelTerm> Read(string text, out string? fault)
    {
        var terms = new List<LabelTerm>();
        var at = 0;
        foreach (var part in text.Split(','))
        {
            var equals = part.IndexOf('=', StringComparison.Ordinal);
            var isNot = equals > 0 && part[equals - 1] == '!';
            var name = equals < 0 ? part : part[..(equals - (isNot ? 1 : 0))];
            if (equals < 0 || !MeshId.IsValid(name))
            {
                fault = string.Create(
                    CultureInfo.InvariantCulture,
                    $"takes name=value or name!=value, several with commas, not '{part}' at character {at + 1}");
                return [];
            }

            terms.Add(new LabelTerm(name, part[(equals + 1)..], isNot));
            at += part.Length + 1;
        }

        fault = terms.Count > Limits.Labels ? $"has at most {Limits.Labels} terms" : null;
        return fault is null ? terms : [];
    }
}
