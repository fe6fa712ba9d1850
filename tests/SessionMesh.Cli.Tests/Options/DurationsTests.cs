using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Options;

namespace SessionMesh.Cli.Tests.Options;

public sealed class DurationsTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("90", 90)]
    [InlineData("90s", 90)]
    [InlineData("1h30m", 5400)]
    [InlineData("2d", 172_800)]
    [InlineData("1d1h1m1s", 90_061)]
    [InlineData("2147483647", int.MaxValue)]
    public void TryParse_WhatPeopleType(string text, int seconds)
    {
        Assert.True(Durations.TryParse(text, out var parsed));
        Assert.Equal(seconds, parsed);
    }

    [Theory]
    [InlineData("")]
    [InlineData(" 90")]
    [InlineData("-1")]
    [InlineData("+1")]
    [InlineData("1.5h")]
    [InlineData("h")]
    [InlineData("30m1h")]
    [InlineData("1h1h")]
    [InlineData("1H")]
    [InlineData("90x")]
    [InlineData("1h30")]
    [InlineData("2147483648")]
    [InlineData("99999999999999999999")]
    [InlineData("999999999d")]
    [InlineData("٣")]
    public void TryParse_RefusesWhatIsNoTime(string text) => Assert.False(Durations.TryParse(text, out _));
}
