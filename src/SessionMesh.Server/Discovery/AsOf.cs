using System.Globalization;
using SessionMesh.Server.Http;

namespace SessionMesh.Server.Discovery;

/// <summary>
/// The text of <c>as_of</c>: a revision, and of an answer to a call that may wait also a print of what it showed, so that the next call
/// knows whether the log has changed it.
/// </summary>
/// <param name="Print">Null for an answer to a call that did not wait.</param>
internal readonly record struct AsOf(long Revision, ulong? Print = null)
{
    public override string ToString() => Print is { } print
        ? string.Create(CultureInfo.InvariantCulture, $"{Revision}-{print:x16}")
        : Revision.ToString(CultureInfo.InvariantCulture);

    public static AsOf? Read(string? text, ref Check check)
    {
        if (text is null)
        {
            return null;
        }

        var dash = text.IndexOf('-', StringComparison.Ordinal);
        if (long.TryParse(dash < 0 ? text : text.AsSpan(0, dash), NumberStyles.None, CultureInfo.InvariantCulture, out var revision))
        {
            if (dash < 0)
            {
                return new AsOf(revision);
            }

            if (ulong.TryParse(text.AsSpan(dash + 1), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var print))
            {
                return new AsOf(revision, print);
            }
        }

        check.Fail("?after", "is the as_of of an answer; leave it out to wait for the next change");
        return null;
    }
}
