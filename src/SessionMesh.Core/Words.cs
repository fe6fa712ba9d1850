namespace SessionMesh.Core;

/// <summary>Looks enums up by the words that stand for them. Each enum keeps its own words, in the order of its values.</summary>
internal static class Words
{
    /// <summary>False, with the default value, for a word that is not among them.</summary>
    public static bool TryFind<T>(string?[] words, string? word, out T value) where T : struct, Enum
    {
        var at = word is null ? -1 : Array.IndexOf(words, word);
        value = at < 0 ? default : (T)Enum.ToObject(typeof(T), (byte)at);
        return at >= 0;
    }
}
