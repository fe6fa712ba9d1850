using Npgsql;
using SessionMesh.EndToEnd.Tests.Support;

namespace SessionMesh.EndToEnd.Tests.Nodes;

/// <summary>Three real servers on one database of a real PostgreSQL, without a balancer: a test says which node it means.</summary>
internal sealed class Cluster : IAsyncDisposable
{
    private readonly Scratch _scratch = new();
    private readonly PostgresDatabase _database;
    private readonly bool _ownsServer;

    private Cluster(PostgresDatabase database, bool ownsServer, int nodes, Func<int, string>? connection)
    {
        (_database, _ownsServer) = (database, ownsServer);
        var rootKeyFile = _scratch.File("root.key");
        Nodes = [.. Enumerable.Range(1, nodes).Select(n => new Node(_scratch, $"n{n}", Connection(n, connection), rootKeyFile))];
    }

    public IReadOnlyList<Node> Nodes { get; }

    public Node this[int index] => Nodes[index];

    public IReadOnlyList<Node> Up => [.. Nodes.Where(node => node.IsUp)];

    public PostgresServer Postgres => _database.Server;

    public PostgresDatabase Database => _database;

    public string RootKey => Nodes[0].Server.RootKey;

    public Scratch Scratch => _scratch;

    /// <summary>On the PostgreSQL that the tests share, which nobody stops.</summary>
    /// <param name="prepare">Called before the nodes start.</param>
    public static async Task<Cluster> StartAsync(int nodes = 3, Action<Cluster>? prepare = null) => await StartedAsync(
        await (await PostgresServer.SharedAsync()).CreateDatabaseAsync(), ownsServer: false, nodes, prepare: prepare);

    /// <summary>On a PostgreSQL of its own, which ends with it.</summary>
    /// <param name="connection">The connection string of the node of that number, where it is not the plain one.</param>
    /// <param name="prepare">Called before the nodes start.</param>
    public static async Task<Cluster> StartAsync(
        PostgresServer server, int nodes = 3, Func<int, string>? connection = null, Action<Cluster>? prepare = null) =>
        await StartedAsync(await server.CreateDatabaseAsync(), ownsServer: true, nodes, connection, prepare);

    /// <summary>The node that decides what time brings about, once those that are up agree on one of them.</summary>
    public async Task<Node> JudgeAsync()
    {
        Node? judge = null;
        var said = "";
        await Eventually.True(
            async () =>
            {
                var views = await Task.WhenAll(Up.Select(node => node.NodesAsync()));
                said = string.Join(" | ", views.Select(view => string.Join(", ", view)));
                var judges = views.Select(view => view.Where(node => node.IsJudge).Select(node => node.Id).ToList()).ToList();
                judge = judges.TrueForAll(ids => ids.Count == 1) && judges.Select(ids => ids[0]).Distinct().ToList() is [var one]
                    ? Up.SingleOrDefault(node => node.Id == one) : null;
                return judge is not null;
            },
            () => $"the nodes agree on a judge: {said}");
        return judge!;
    }

    /// <summary>A node that is up and is none of these.</summary>
    public Node Other(params Node[] than) => Up.First(node => !than.Contains(node));

    /// <summary>Each node's hash of its state is the same, at one revision.</summary>
    public async Task DigestsAreEqualAsync()
    {
        List<(string Node, long Revision, string Digest)> last = [];
        await Eventually.True(
            async () =>
            {
                var answers = await Task.WhenAll(Up.Select(async node => (node.Id, await node.Http.GetAsync("admin/digest"))));
                if (answers.Any(answer => !answer.Item2.IsDone))
                {
                    Assert.DoesNotContain(answers, answer => answer.Item2.Status is not (503 or 200));
                    return false;
                }

                last = [.. answers.Select(answer => (answer.Id, answer.Item2.Number("revision"), answer.Item2.Text("digest")!))];
                return last.TrueForAll(one => one.Revision == last[0].Revision);
            },
            () => $"the nodes are level: {string.Join(", ", last)}");
        Assert.True(last.TrueForAll(one => one.Digest == last[0].Digest), $"the states differ: {string.Join(", ", last)}");
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in Nodes)
        {
            node.Dispose();
        }

        _scratch.Dispose();
        await _database.DisposeAsync();
        if (_ownsServer)
        {
            await Postgres.DisposeAsync();
        }
    }

    private static async Task<Cluster> StartedAsync(
        PostgresDatabase database, bool ownsServer, int nodes, Func<int, string>? connection = null, Action<Cluster>? prepare = null)
    {
        var cluster = new Cluster(database, ownsServer, nodes, connection);
        try
        {
            prepare?.Invoke(cluster);
            await Task.WhenAll(cluster.Nodes.Select(node => node.StartAsync()));
            return cluster;
        }
        catch (Exception e)
        {
            var printed = string.Join('\n', cluster.Nodes.Select(node => $"--- {node.Id}\n{node.Server.Printed}"));
            await cluster.DisposeAsync();
            throw new Xunit.Sdk.XunitException($"{e.Message}\n{printed}", e);
        }
    }

    private string Connection(int node, Func<int, string>? own) =>
        new NpgsqlConnectionStringBuilder(own?.Invoke(node) ?? _database.ConnectionString) { Database = _database.Name }.ConnectionString;
}
