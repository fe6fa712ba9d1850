using SessionMesh.EndToEnd.Tests.Support;

namespace SessionMesh.EndToEnd.Tests.Contract;

/// <summary>
/// The Python of the first seed, its text as it stands there; a line break stands where the page's rendering had joined two lines, or
/// inside a call that is long.
/// </summary>
public sealed class PythonContractTests(Mesh mesh) : IClassFixture<Mesh>
{
    private const string Snippet = """
        import requests; import os
        response = requests.get('https://api.example.com/api/session-mesh/alive',
            headers={'Authorization': f'Bearer {os.environ.get("SESSION_API_KEY")}'})
        print(response.json())
        """;

    private const string ErrorSnippet = """
        import requests; import os
        url = 'https://api.example.com/api/session-mesh/steer'
        headers = {'Authorization': f'Bearer {os.environ.get("SESSION_API_KEY")}'}
        try:
            response = requests.post(url, headers=headers)
            response.raise_for_status()
        except requests.exceptions.HTTPError as e: print(f"Error: {e.response.status_code} - {e.response.text}")
        """;

    [Fact]
    public async Task Snippet_PrintsTheSessions()
    {
        var ran = await Python(Snippet);
        Assert.Matches(@"^\{'sessions': \[\], 'count': 0, 'next_cursor': None, 'as_of': '\d+'\}\n$", ran.Out);
        Assert.Equal("", ran.Error);
    }

    [Fact]
    public async Task SnippetOfErrors_PrintsTheProblem()
    {
        var ran = await Python(ErrorSnippet);
        Assert.StartsWith("Error: 400 - {", ran.Out, StringComparison.Ordinal);
        Assert.Contains("\"code\":", ran.Out, StringComparison.Ordinal);
        Assert.Equal("", ran.Error);
    }

    [Fact]
    public async Task KillOfAnInvalidId_StatusCodeIs404()
    {
        var ran = await Python("""
            import requests; import os
            response = requests.delete('https://api.example.com/api/session-mesh/agents/789',
                headers={'Authorization': f'Bearer {os.environ.get("SESSION_API_KEY")}'})
            print(response.status_code == 404)
            """);
        Assert.Equal("True\n", ran.Out);
    }

    [Fact]
    public async Task InvalidKey_RegenerateWithTheKeysCallAndRetry_Works()
    {
        var ran = await Python("""
            import requests; import os
            base = 'https://api.example.com/api/session-mesh'
            def alive(key): return requests.get(base + '/alive', headers={'Authorization': f'Bearer {key}'})
            key = 'expired'
            if alive(key).status_code == 401:
                key = requests.post(base + '/keys', json={"session_key": "abc123", "ttl": 3600},
                    headers={'Authorization': f'Bearer {os.environ.get("SESSION_API_KEY")}'}).json()['token']
            print(alive(key).status_code)
            """);
        Assert.Equal("200\n", ran.Out);
    }

    private Task<Ran> Python(string text)
    {
        mesh.Scratch.Write("snippet.py", text.Replace("https://api.example.com", mesh.Server.Url, StringComparison.Ordinal));
        return mesh.DoneAsync("python3 snippet.py");
    }
}
