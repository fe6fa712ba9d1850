using SessionMesh.Dashboard.Controls;
using SessionMesh.Dashboard.Live;

namespace SessionMesh.Dashboard.Tests.Controls;

public sealed class TextTests
{
    [Theory]
    [InlineData("plain Text äöü 漢字 🙂", "plain Text äöü 漢字 🙂")]
    [InlineData(null, "")]
    [InlineData("a\nb", "a⏎b")]
    [InlineData("a\u202Egpj.exe", "a⟨U+202E⟩gpj.exe")]
    [InlineData("\u0000\u001b[31m", "⟨U+0000⟩⟨U+001B⟩[31m")]
    [InlineData("zero\u200Bwidth\uFEFF", "zero⟨U+200B⟩width⟨U+FEFF⟩")]
    [InlineData("\uE000", "⟨U+E000⟩")]
    public void Text_ShowsWhatCannotBeSeen(string? text, string shown) => Assert.Equal(shown, InertText.Of(text));

    [Theory]
    [InlineData(0.4, "now")]
    [InlineData(1, "1 s ago")]
    [InlineData(59.9, "59 s ago")]
    [InlineData(60, "1 min ago")]
    [InlineData(7200, "2 h ago")]
    [InlineData(86_400 * 3, "3 d ago")]
    [InlineData(-120, "in 2 min")]
    public void Time_IsInOneUnit(double seconds, string text) => Assert.Equal(text, TimeAgo.Of(TimeSpan.FromSeconds(seconds)));

    /// <summary>Nobody needs to see colours: no two marks have the same shape.</summary>
    [Fact]
    public void Marks_HaveAShapeEach() =>
        Assert.Equal(Marks.All.Count, Marks.All.Select(MarkShape.PathOf).Distinct(StringComparer.Ordinal).Count());
}
