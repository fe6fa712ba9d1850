using SessionMesh.Cli.Sessions;

namespace SessionMesh.Cli.Tests.Sessions;

public sealed class IsoTimeTests
{
    [Theory]
    [InlineData("2026-01-31", "2026-01-31T00:00:00.0000000")]
    [InlineData("20260131", "2026-01-31T00:00:00.0000000")]
    [InlineData("2026-W05-6", "2026-01-31T00:00:00.0000000")]
    [InlineData("2026W056", "2026-01-31T00:00:00.0000000")]
    [InlineData("2026-W05", "2026-01-26T00:00:00.0000000")]
    [InlineData("2026-01-31T08", "2026-01-31T08:00:00.0000000")]
    [InlineData("2026-01-31t08:15z", "2026-01-31T08:15:00.0000000")]
    [InlineData("2026-01-31 08:15:30,5", "2026-01-31T08:15:30.5000000")]
    [InlineData("20260131T081530.1234567Z", "2026-01-31T08:15:30.1234560")]
    [InlineData("2026-01-31T08:15:30+01:30", "2026-01-31T06:45:30.0000000")]
    [InlineData("2026-01-31T08-0130", "2026-01-31T09:30:00.0000000")]
    public void Forms_OfIso8601_ToTheMicrosecond(string text, string utc)
    {
        Assert.True(IsoTime.TryParse(text, out var time));
        Assert.Equal(utc, time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("tomorrow")]
    [InlineData("2026-02-30")]
    [InlineData("2026-W54")]
    [InlineData("2026-W05-0")]
    [InlineData("2026-01-31T24")]
    [InlineData("2026-01-31T08:60")]
    [InlineData("2026-0131")]
    [InlineData("0000-01-01")]
    [InlineData("0001-01-01T00+01")]
    [InlineData("2026-01-31\n")]
    [InlineData("\u0662026-01-31")]
    public void WhatIsNone_IsRefused(string text) => Assert.False(IsoTime.TryParse(text, out _));
}
