using SessionMesh.Server.Store.Postgres;

namespace SessionMesh.Server.Tests.Store.Postgres;

public sealed class PostgresTextTests
{
    [Fact]
    public void Text_ComesBack_AndHoldsNoNul()
    {
        var random = new Random(20261128);
        for (var i = 0; i < 10_000; i++)
        {
            var text = string.Concat(Enumerable.Range(0, random.Next(12)).Select(_ => "\0\u001a01a"[random.Next(5)]));
            var stored = PostgresText.Escape(text);
            Assert.DoesNotContain('\0', stored);
            Assert.Equal(text, PostgresText.Unescape(stored));
        }

        Assert.Null(PostgresText.Escape(null));
        Assert.Null(PostgresText.Unescape(null));
        Assert.Equal("a\u001a0b\u001a1c", PostgresText.Escape("a\0b\u001ac"));
    }
}
