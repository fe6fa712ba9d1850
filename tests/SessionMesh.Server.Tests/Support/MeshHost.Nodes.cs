using Microsoft.Extensions.Logging;
using SessionMesh.Server.Store;

namespace SessionMesh.Server.Tests.Support;

/// <summary>Several nodes on one database, in one process. They run on the clock of the machine, as nodes on several machines do.</summary>
internal sealed partial class MeshHost
{
    private bool _isOnMachineTime;

    /// <summary>The database is another's, who gives it back.</summary>
    private bool _isBeside;

    /// <summary>Starts the first node of a mesh.</summary>
    /// <param name="postgres">Where it is; null for the one that tests share.</param>
    public static async Task<MeshHost> StartNodeAsync(
        string node, PostgresServer? postgres = null, LogLevel logLevel = LogLevel.Warning, params string[] options)
    {
        var host = new MeshHost(NewDirectory(), logLevel, null, ["--node-id", node, .. options])
        {
            _postgres = postgres ?? await PostgresServer.SharedAsync(),
            _isOnMachineTime = true,
        };
        await host.BootAsync();
        return host;
    }

    /// <summary>Starts another node on the same mesh. End it before this one.</summary>
    public async Task<MeshHost> StartBesideAsync(string node, params string[] options)
    {
        var host = new MeshHost(
            NewDirectory(), _logLevel, null,
            ["--node-id", node, "--root-key-file", Service<DataDirectory>().RootKeyFile, .. options])
        {
            _postgres = _postgres,
            _database = _database,
            _isOnMachineTime = true,
            _isBeside = true,
        };
        await host.BootAsync();
        return host;
    }

    /// <summary>Starts a server on a mesh that is there.</summary>
    /// <param name="database">Its owner gives it back.</param>
    public static async Task<MeshHost> StartOnAsync(PostgresDatabase database, string rootKey)
    {
        var host = new MeshHost(NewDirectory(), LogLevel.Warning, null, [])
        {
            _postgres = database.Server,
            _database = database,
            _isBeside = true,
        };
        host.Canary.Issued(rootKey);
        await host.BootAsync();
        host.RootKey = rootKey;
        return host;
    }

    /// <summary>Starts nodes at the same time on a database without a schema.</summary>
    public static async Task<Mesh> StartRacingAsync(params string[] nodes)
    {
        var server = await PostgresServer.SharedAsync();
        var database = await server.CreateDatabaseAsync();
        var hosts = nodes.Select(node => new MeshHost(NewDirectory(), LogLevel.Warning, null, ["--node-id", node])
        {
            _postgres = server,
            _database = database,
            _isOnMachineTime = true,
            _isBeside = true,
        }).ToList();
        await Task.WhenAll(hosts.Select(host => Task.Run(host.BootAsync)));
        return new Mesh(hosts, database);
    }

    /// <summary>Nodes, and the database that goes with them.</summary>
    internal sealed class Mesh(IReadOnlyList<MeshHost> nodes, PostgresDatabase database) : IAsyncDisposable
    {
        public IReadOnlyList<MeshHost> Nodes => nodes;

        /// <summary>A node; with the root key, whichever has it.</summary>
        public MeshHost this[int index]
        {
            get
            {
                nodes[index].RootKey = nodes.First(node => node.RootKey.Length > 0).RootKey;
                return nodes[index];
            }
        }

        public async ValueTask DisposeAsync()
        {
            foreach (var node in nodes)
            {
                await node.DisposeAsync();
            }

            await database.DisposeAsync();
        }
    }
}
