using SessionMesh.Cli.Output;

namespace SessionMesh.Cli.Tests.Output;

public sealed class TerminalTextTests
{
    [Theory]
    [InlineData("plain é 日本 😀", "plain é 日本 😀")]
    [InlineData("\u001b[31mred", "\\u001b[31mred")]
    [InlineData("a\nb\tc\r", "a\\u000ab\\u0009c\\u000d")]
    [InlineData("user\u202etxt.exe", "user\\u202etxt.exe")]
    [InlineData("\u200bzero\ufeff", "\\u200bzero\\ufeff")]
    [InlineData("\u009bC1", "\\u009bC1")]
    [InlineData("line\u2028sep", "line\\u2028sep")]
    [InlineData("\U000E0041tag", "\\udb40\\udc41tag")]
    public void Escape_ShowsWhatWouldBeObeyed(string text, string shown) => Assert.Equal(shown, TerminalText.Escape(text));

    [Fact]
    public void Escape_ShowsALoneSurrogate() => Assert.Equal("a\\ud83db", TerminalText.Escape("a" + (char)0xD83D + "b"));

    [Fact]
    public void EscapeJson_KeepsTheValue() =>
        Assert.Equal("{\n  \"a\": \"x\\u202ey\"\n}", TerminalText.EscapeJson("{\n  \"a\": \"x\u202ey\"\n}"));

    [Theory]
    [InlineData("abc", 3)]
    [InlineData("日本", 4)]
    [InlineData("e\u0301", 1)]
    [InlineData("😀", 2)]
    [InlineData("🚀", 2)]
    [InlineData("✅", 2)]
    [InlineData("⚡", 2)]
    [InlineData("→", 1)]
    [InlineData("ｱ", 1)]
    [InlineData("한", 2)]
    public void Width_CountsColumns(string text, int width) => Assert.Equal(width, TerminalText.Width(text));

    [Theory]
    [InlineData("abcdef", 6, "abcdef")]
    [InlineData("abcdefg", 6, "abcde…")]
    [InlineData("日本語日本", 6, "日本…")]
    public void Fit_CutsByColumns(string text, int columns, string fitted) => Assert.Equal(fitted, TerminalText.Fit(text, columns));

    [Theory]
    [InlineData(0, "0s ago")]
    [InlineData(59, "59s ago")]
    [InlineData(90, "1m30s ago")]
    [InlineData(120, "2m ago")]
    [InlineData(2700, "45m ago")]
    [InlineData(7500, "2h5m ago")]
    [InlineData(3569, "59m ago")]
    [InlineData(3599, "1h ago")]
    [InlineData(35_999, "10h ago")]
    [InlineData(50_000, "14h ago")]
    [InlineData(86_399, "1d ago")]
    [InlineData(90_000, "1d1h ago")]
    [InlineData(900_000, "10d ago")]
    [InlineData(-57, "in 57s")]
    public void RelativeTime_IsWhatAPersonWouldSay(int secondsAgo, string text)
    {
        var now = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

        Assert.Equal(text, RelativeTime.Of(now.AddSeconds(-secondsAgo), now));
    }
}
