using ADRaffy.ENSNormalize;

namespace SessionMesh.Core.State;

/// <summary>
/// The form of a specialization's name: composed (NFC), in lower case, its parts trimmed and none of them empty. Two names that differ in
/// nothing else are the same. The parts are a path: <c>image-processing/ocr</c> is below <c>image-processing</c>. Thread-safe.
/// </summary>
public static class SpecializationName
{
    public const char Separator = '/';

    /// <summary>The name in its form; empty where nothing is left of it. A name in its form stays as it is.</summary>
    public static string Normalize(string name)
    {
        if (IsPlain(name))
        {
            return name;
        }

        var parts = Compose(name).ToLowerInvariant()
            .Split(Separator, StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return Compose(string.Join(Separator, parts));
    }

    /// <summary>How many parts a name in its form has.</summary>
    public static int Parts(string name) => name.AsSpan().Count(Separator) + 1;

    /// <summary>The names above a name in its form, the topmost first.</summary>
    public static IEnumerable<string> Above(string name)
    {
        for (var at = name.IndexOf(Separator); at >= 0; at = name.IndexOf(Separator, at + 1))
        {
            yield return name[..at];
        }
    }

    /// <summary>Whether a name in its form is <paramref name="path"/>, or is below it.</summary>
    public static bool IsAtOrBelow(string name, string path) =>
        name.StartsWith(path, StringComparison.Ordinal) && (name.Length == path.Length || name[path.Length] == Separator);

    /// <summary>
    /// Composes with a library: the runtime composes nothing where it is built without ICU, as the server is. A text with half a surrogate
    /// pair has no composed form and stays as it is.
    /// </summary>
    private static string Compose(string text) => IsWhole(text) ? ENSNormalize.NF.NFC(text) : text;

    /// <summary>Whether it consists of lower-case ASCII that needs no second look, as nearly all names do.</summary>
    private static bool IsPlain(string name)
    {
        var before = Separator;
        foreach (var c in name)
        {
            if (c is not ((>= 'a' and <= 'z') or (>= '0' and <= '9') or '-' or '_' or '.' or ':' or Separator)
                || (c == Separator && before == Separator))
            {
                return false;
            }

            before = c;
        }

        return before != Separator;
    }

    private static bool IsWhole(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (char.IsSurrogate(text[i]) && (i + 1 == text.Length || !char.IsSurrogatePair(text[i], text[++i])))
            {
                return false;
            }
        }

        return true;
    }
}
