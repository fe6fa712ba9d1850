using SessionMesh.Cli.Output;

namespace SessionMesh.Cli.Tests.Output;

public sealed class SecretsTests
{
    [Theory]
    [InlineData("no key here", "no key here")]
    [InlineData("smk_abcdefghijkl_SECRET_check1", "smk_abcdefghijkl_…")]
    [InlineData("'smk_abcdefghijkl_SECRET_check1' and smr_mnopqrstuvwx_OTHER_check2.", "'smk_abcdefghijkl_…' and smr_mnopqrstuvwx_….")]
    [InlineData("smk_SECRETWITHOUTANID", "smk_…")]
    [InlineData("smk_SECRETTHATISLONGERTHANANID_x", "smk_…")]
    [InlineData("smk_", "smk_…")]
    public void Redact_KeepsTheIdAndNoMore(string text, string redacted) => Assert.Equal(redacted, Secrets.Redact(text));
}
