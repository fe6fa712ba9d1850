namespace SessionMesh.Cli.Output;

/// <summary>Takes the secret part out of anything that looks like a key of the mesh, wherever it was typed by mistake.</summary>
internal static class Secrets
{
    private static readonly string[] s_prefixes = ["smk_", "smr_"];

    /// <summary><c>smk_ID_SECRET_SUM</c> becomes <c>smk_ID_…</c>; a form without an id becomes <c>smk_…</c>.</summary>
    public static string Redact(string text)
    {
        foreach (var prefix in s_prefixes)
        {
            var start = text.IndexOf(prefix, StringComparison.Ordinal);
            while (start >= 0)
            {
                var end = start + prefix.Length;
                while (end < text.Length && (char.IsAsciiLetterOrDigit(text[end]) || text[end] == '_'))
                {
                    end++;
                }

                var idEnd = text.IndexOf('_', start + prefix.Length, end - start - prefix.Length);
                var keep = idEnd > 0 && idEnd - start - prefix.Length <= 16 ? idEnd + 1 : start + prefix.Length;
                text = string.Concat(text.AsSpan(0, keep), "…", text.AsSpan(end));
                start = text.IndexOf(prefix, keep, StringComparison.Ordinal);
            }
        }

        return text;
    }
}
