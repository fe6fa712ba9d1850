using SessionMesh.EndToEnd.Tests.Support;

namespace SessionMesh.EndToEnd.Tests.Contract;

/// <summary>What the shells make of the completion scripts: bash and fish as they are, zsh with its own functions played.</summary>
public sealed class ShellCompletionTests(Mesh mesh) : IClassFixture<Mesh>
{
    [Theory]
    [InlineData("session-mesh kil", 1, "kill")]
    [InlineData("session-mesh list --filter al", 3, "alive all")]
    [InlineData("session-mesh list --filter = al", 4, "alive all")] // as bash cuts --filter=al
    [InlineData("session-mesh list --context shell : on", 5, "one")] // shell:one
    [InlineData("session-mesh session import x", 3, "")]
    [InlineData("session-mesh run -- session-mes", 3, "session-mesh")]
    public async Task Bash_Completes(string words, int at, string expected)
    {
        await mesh.BashAsync("session-mesh context add shell:one --url http://127.0.0.1:1");
        var line = words.Replace(" = ", "=", StringComparison.Ordinal).Replace(" : ", ":", StringComparison.Ordinal);

        var ran = await mesh.DoneAsync($$"""
            eval "$(session-mesh completion bash)"
            compopt() { :; }
            COMP_WORDS=({{words}}) COMP_CWORD={{at}} COMP_LINE='{{line}}'; COMP_POINT=${#COMP_LINE}
            _session_mesh
            printf '%s\n' "${COMPREPLY[@]}" | sort -u | grep . || :
            """);

        Assert.Equal(expected, string.Join(' ', ran.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries)));
        Assert.Equal("", ran.Error);
    }

    [Theory]
    [InlineData("session-mesh kil", "kill")]
    [InlineData("session-mesh list --fields agent_id,statu", "agent_id,status")]
    public async Task Fish_Completes(string line, string expected)
    {
        var ran = await mesh.DoneAsync($"fish --no-config -c 'session-mesh completion fish | source; complete -C \"{line}\"'");

        Assert.Equal(expected + "\n", ran.Out);
    }

    [Theory]
    [InlineData("session-mesh kil", "compadd -a whole: kill")]
    [InlineData("session-mesh keys create --scope mes", "compadd -a whole: mesh:read")]
    [InlineData("session-mesh session import x", "_files")]
    [InlineData("session-mesh run -- gi", "_normal: gi at 1")]
    public async Task Zsh_Completes(string line, string expected)
    {
        var ran = await mesh.DoneAsync($$"""
            zsh -f -c '
                compdef() { : }
                compadd() { [[ -z ${whole[1]} || $* != "-a whole" ]] || print "compadd $*: $whole" }
                _files() { print _files }
                _normal() { print "_normal: $words at $CURRENT" }
                source <(session-mesh completion zsh)
                words=({{line}}) CURRENT=${#words} PREFIX=${words[-1]}
                _session_mesh'
            """);

        Assert.Equal(expected + "\n", ran.Out);
    }
}
