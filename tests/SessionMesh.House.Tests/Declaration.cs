using System.Text.RegularExpressions;

namespace SessionMesh.House.Tests;

/// <summary>Finds declarations of types: not nested ones, which are at home in their type alone.</summary>
internal static partial class Declaration
{
    /// <summary>The name of the type that a line declares; null where it declares none.</summary>
    public static string? Of(string line) => Line().Match(line) is { Success: true } match ? match.Groups["name"].Value : null;

    [GeneratedRegex(
        "^(?:public |internal )(?:static |sealed |abstract |readonly |partial |ref |unsafe )*"
        + @"(?:class|struct|record struct|record|enum|interface) (?<name>\w+)",
        RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Line();
}
