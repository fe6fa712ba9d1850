using System.Globalization;

namespace SessionMesh.Dashboard.Controls;

/// <summary>A number with its noun.</summary>
public static class Plural
{
    /// <param name="noun">In the singular; its plural ends with s.</param>
    public static string Of(int count, string noun) =>
        string.Create(CultureInfo.InvariantCulture, $"{count:N0} {noun}{(count == 1 ? "" : "s")}");
}
