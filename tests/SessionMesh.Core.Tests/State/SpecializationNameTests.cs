using SessionMesh.Core.State;

namespace SessionMesh.Core.Tests.State;

public sealed class SpecializationNameTests
{
    [Theory]
    [InlineData("ocr", "ocr")]
    [InlineData("  OCR ", "ocr")]
    [InlineData("Image-Processing / OCR", "image-processing/ocr")]
    [InlineData("//image//ocr/", "image/ocr")]
    [InlineData("image/ /ocr", "image/ocr")]
    [InlineData("c#", "c#")]
    [InlineData("E\u0301cole", "\u00e9cole")] // composed, then in lower case
    [InlineData("\u1100\u1161", "\uac00")] // Hangul is composed by rule
    [InlineData("\u212bngstr\u00f6m", "\u00e5ngstr\u00f6m")] // the sign of the unit is the letter
    [InlineData("ÜNÏ", "ünï")]
    [InlineData("/", "")]
    [InlineData(" / / ", "")]
    [InlineData("a\ud83d", "a\ud83d")] // half a pair stays as it is
    public void Normalize_GivesTheForm(string name, string form) => Assert.Equal(form, SpecializationName.Normalize(name));

    [Fact]
    public void Normalize_IsDoneOnce_AndLeavesNoEmptyPart()
    {
        var given = Environment.GetEnvironmentVariable("SESSION_MESH_SEED");
        var seed = given is null ? Random.Shared.Next() : int.Parse(given, System.Globalization.CultureInfo.InvariantCulture);
        var random = new Random(seed);
        const string Letters = "aZ09-_. //\t\u0301\u00c9\u1100\u1161\u11a8éßİıΣς\u212b\U0001F600";
        for (var i = 0; i < 20_000; i++)
        {
            var name = string.Concat(Enumerable.Range(0, random.Next(12)).Select(_ => Letters[random.Next(Letters.Length)]));
            var form = SpecializationName.Normalize(name);
            Assert.True(SpecializationName.Normalize(form) == form, $"seed {seed}: '{name}' → '{form}'");
            Assert.All(
                form.Length == 0 ? [] : form.Split('/'),
                part => Assert.True(part.Length > 0 && part.Trim() == part, $"seed {seed}: '{name}' → '{form}'"));
        }
    }

    [Fact]
    public void Above_NamesEachStep_AndBelowIsByWholeParts()
    {
        Assert.Equal(["a", "a/b"], SpecializationName.Above("a/b/c"));
        Assert.Empty(SpecializationName.Above("a"));
        Assert.True(SpecializationName.IsAtOrBelow("a/b", "a"));
        Assert.True(SpecializationName.IsAtOrBelow("a", "a"));
        Assert.False(SpecializationName.IsAtOrBelow("ab", "a"));
        Assert.False(SpecializationName.IsAtOrBelow("a", "a/b"));
    }
}
