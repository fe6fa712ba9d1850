using System.Collections.Concurrent;
using System.Text;
using System.Text.RegularExpressions;

namespace SessionMesh.Server.Tests.Support;

/// <summary>
/// Remembers every secret that a server issued in a test, and looks for them where none may be: in all other answers at once, in the logs
/// and the files of the data directory at the end. Every test that hosts a server is a test of this, too. Thread-safe.
/// </summary>
internal sealed partial class Canary
{
    private readonly ConcurrentDictionary<string, byte> _secrets = new(StringComparer.Ordinal);

    public int Count => _secrets.Count;

    /// <summary>A secret that is no key of the mesh.</summary>
    public void Given(string secret) => _secrets.TryAdd(secret, 0);

    public void Issued(string token) => _secrets.TryAdd(token.Split('_')[2], 0);

    public void Look(Reply reply)
    {
        var shown = Tokens().Matches(reply.Text).Select(match => match.Value).ToList();
        if (reply.Status == 201)
        {
            shown.ForEach(Issued);
            return;
        }

        Assert.True(shown.Count == 0, $"an answer with {reply.Status} shows a secret");
        Assert.DoesNotContain(_secrets.Keys, secret => reply.Text.Contains(secret, StringComparison.Ordinal));
    }

    /// <param name="directory">The data directory of a server that has stopped; null if it is gone.</param>
    public void Look(IEnumerable<string> logLines, string? directory)
    {
        // A scope that the host opens around each request has its path; no logger of ours prints scopes, and a key in a path is its
        // sender's.
        var places = logLines.Where(line => !line.StartsWith("Microsoft.AspNetCore.Hosting.Diagnostics scope ", StringComparison.Ordinal))
            .Select(line => ("the logs", Encoding.UTF8.GetBytes(line)))
            .Concat(
                (directory is null ? [] : Directory.GetFiles(directory))
                    .Where(f => Path.GetFileName(f) is not ("root.key" or "lock"))
                    .Select(f => (Path.GetFileName(f), File.ReadAllBytes(f))));
        foreach (var (place, bytes) in places)
        {
            foreach (var secret in _secrets.Keys)
            {
                Assert.True(bytes.AsSpan().IndexOf(Encoding.ASCII.GetBytes(secret)) < 0, $"a secret stands in {place}");
            }
        }
    }

    [GeneratedRegex("sm[kr]_[a-z0-9]{12}_[0-9A-Za-z]{43}_[0-9A-Za-z]{6}", RegexOptions.NonBacktracking)]
    private static partial Regex Tokens();
}
