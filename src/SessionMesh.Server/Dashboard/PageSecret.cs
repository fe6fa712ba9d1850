using System.Security.Cryptography;
using System.Text;
using SessionMesh.Dashboard;
using SessionMesh.Server.Engine;

namespace SessionMesh.Server.Dashboard;

/// <summary>
/// Gives the page the secret that all nodes of a mesh have in common: it is derived from the hash of the root key, which each of them has
/// and nobody is shown, so that none need be stored. A node that is started after the root key was replaced has another one than those
/// before: start them anew, too. Runs after the root key was minted.
/// </summary>
internal sealed class PageSecret(MeshEngine engine, PageNodes nodes) : IHostedService
{
    private static readonly byte[] s_purpose = "session-mesh page"u8.ToArray();

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var root = await engine.ReadAsync(state => state.Keys.OldestRoot());
        nodes.Secret = root is null
            ? RandomNumberGenerator.GetBytes(PageNodes.SecretLength)
            : HKDF.DeriveKey(HashAlgorithmName.SHA256, Encoding.ASCII.GetBytes(root.Hash), PageNodes.SecretLength, info: s_purpose);
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
