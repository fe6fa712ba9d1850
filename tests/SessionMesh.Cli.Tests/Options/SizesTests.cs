using SessionMesh.Cli.Options;

namespace SessionMesh.Cli.Tests.Options;

public sealed class SizesTests
{
    [Theory]
    [InlineData("65536", 65_536)]
    [InlineData("10MB", 10_000_000)]
    [InlineData("64KiB", 65_536)]
    [InlineData("64k", 65_536)]
    [InlineData("1g", 1L << 30)]
    [InlineData("3b", 3)]
    public void TryParse_WhatPeopleType_IsRead(string text, long bytes)
    {
        Assert.True(Sizes.TryParse(text, out var read));
        Assert.Equal(bytes, read);
    }

    [Theory]
    [InlineData("")]
    [InlineData("MB")]
    [InlineData("-1")]
    [InlineData("1.5MB")]
    [InlineData("10 MB")]
    [InlineData("10XB")]
    [InlineData("99999999999")]
    public void TryParse_AnythingElse_IsNot(string text) => Assert.False(Sizes.TryParse(text, out _));
}
