using System.Text.RegularExpressions;
using Xunit.Abstractions;

namespace SessionMesh.Contracts.Tests;

/// <summary>The rule of ids, against the words in which it is given.</summary>
public sealed partial class MeshIdTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData("a")]
    [InlineData("0")]
    [InlineData("Z9")]
    [InlineData("a.b_c:d-e")]
    [InlineData("1e3")]
    public void Id_InTheRule_IsTaken(string id) => Assert.True(MeshId.IsValid(id));

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("-a")]
    [InlineData(".a")]
    [InlineData("_a")]
    [InlineData(":a")]
    [InlineData("a b")]
    [InlineData("a/b")]
    [InlineData("a\0")]
    [InlineData("a\n")]
    [InlineData("a\u007f")]
    [InlineData("é")]
    [InlineData("aé")]
    [InlineData("a٣")]
    [InlineData("Ａ")]
    [InlineData("a%41")]
    [InlineData("a;b")]
    [InlineData("a'b")]
    [InlineData("a$b")]
    public void Id_OutsideTheRule_IsRefused(string id) => Assert.False(MeshId.IsValid(id));

    [Fact]
    public void Id_Has1To128Characters()
    {
        Assert.True(MeshId.IsValid(new string('a', MeshId.MaxLength)));
        Assert.False(MeshId.IsValid(new string('a', MeshId.MaxLength + 1)));
        Assert.Equal(128, MeshId.MaxLength);
        Assert.Contains("1 to 128", MeshId.Rule, StringComparison.Ordinal);
    }

    [Fact]
    public void Id_Random_IsValidExactlyWhenThePatternSaysSo_AndThenNeedsNoEscapingAnywhere()
    {
        var seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        for (var i = 0; i < 50_000; i++)
        {
            var id = Next(random);
            var valid = MeshId.IsValid(id);
            Assert.True(valid == Pattern().IsMatch(id), $"seed {seed}: '{id}'");
            if (valid)
            {
                Assert.True(
                    id == Uri.EscapeDataString(id).Replace("%3A", ":", StringComparison.Ordinal)
                        && $"\"{id}\"" == System.Text.Json.JsonSerializer.Serialize(id),
                    $"seed {seed}: '{id}' needs escaping");
            }
        }
    }

    /// <summary>Mostly of the allowed characters, so that many are valid; sometimes with one that is not.</summary>
    private static string Next(Random random)
    {
        const string Allowed = "ABCXYZabcxyz0189._:-";
        var text = new char[random.Next(8) == 0 ? random.Next(125, 132) : random.Next(12)];
        for (var i = 0; i < text.Length; i++)
        {
            text[i] = random.Next(text.Length * 3) == 0 ? (char)random.Next(0xd800) : Allowed[random.Next(Allowed.Length)];
        }

        return new string(text);
    }

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9._:-]{0,127}\z", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Pattern();
}
