using System.Diagnostics.CodeAnalysis;

namespace SessionMesh.Server.Store;

/// <summary>
/// Equal strings as one, for as long as a load takes: a fleet has few clusters, users and owners, and a million rows name them.
/// </summary>
internal sealed class SharedStrings
{
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);

    [return: NotNullIfNotNull(nameof(text))]
    public string? Of(string? text)
    {
        if (text is null || _known.TryGetValue(text, out var known) is false)
        {
            known = text;
            if (text is not null)
            {
                _known.Add(text);
            }
        }

        return known;
    }
}
