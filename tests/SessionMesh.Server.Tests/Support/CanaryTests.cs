using Microsoft.Extensions.Logging;

namespace SessionMesh.Server.Tests.Support;

/// <summary>The canary sings.</summary>
public sealed class CanaryTests
{
    [Fact]
    public async Task Canary_SecretInAnAnswerALogOrAFile_IsFound()
    {
        await using var mesh = await MeshHost.StartAsync();
        var token = await mesh.MintAsync("{}");
        Assert.Equal(2, mesh.Canary.Count);
        var canary = new Canary();
        canary.Issued(token);
        var secret = token.Split('_')[2];
        Assert.ThrowsAny<Exception>(() => canary.Look(new Reply(400, $"no {secret}", [], new Dictionary<string, string>())));
        Assert.ThrowsAny<Exception>(() => new Canary().Look(new Reply(200, token, [], new Dictionary<string, string>())));
        using var log = new LogCapture();
        log.CreateLogger("x").Log(LogLevel.Warning, 0, token, null, (text, _) => text);
        Assert.ThrowsAny<Exception>(() => canary.Look(log.Lines, mesh.Directory));
        var directory = Directory.CreateTempSubdirectory("mesh-canary-").FullName;
        await File.WriteAllTextAsync(Path.Combine(directory, "mesh.db"), "x" + secret);
        Assert.ThrowsAny<Exception>(() => canary.Look([], directory));
        Directory.Delete(directory, recursive: true);
    }
}
