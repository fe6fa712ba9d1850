using SessionMesh.Core.Steering;

namespace SessionMesh.Core.Tests.Steering;

public sealed class DirectiveIdTests
{
    [Fact]
    public void Format_ReadsBack()
    {
        Assert.True(DirectiveId.TryParse(DirectiveId.Format(42), out var revision));
        Assert.Equal(42, revision);
    }

    [Theory]
    [InlineData("")]
    [InlineData("d-")]
    [InlineData("d-0")]
    [InlineData("d--1")]
    [InlineData("d-1x")]
    [InlineData("D-1")]
    [InlineData("d-99999999999999999999")]
    public void TryParse_WhatIsNoId_IsRefused(string text) => Assert.False(DirectiveId.TryParse(text, out _));
}
