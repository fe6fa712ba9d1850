using System.Globalization;
using SessionMesh.EndToEnd.Tests.Support;

namespace SessionMesh.EndToEnd.Tests.Nodes;

/// <summary>One server of a <see cref="Cluster"/>: a process with an address and a data directory that stay the same.</summary>
internal sealed class Node : IDisposable
{
    /// <summary>What it was last told, and whether it is well: no load waits for it otherwise.</summary>
    private volatile bool _isUp;

    /// <param name="connection">Its connection string; its own, because a <see cref="Cable"/> may be on the way.</param>
    public Node(Scratch scratch, string id, string connection, string rootKeyFile)
    {
        Id = id;
        Server = new ServerProcess(scratch, id)
        {
            Options = ["--store", "postgres", "--node-id", id, "--root-key-file", rootKeyFile, "--rate-limit", "0"],
            RootKeyFile = rootKeyFile,
        };
        Server.Environment["SESSION_MESH_POSTGRES"] = connection;
    }

    public string Id { get; }
    public ServerProcess Server { get; }
    public string Url => Server.Url;

    /// <summary>Neither stopped nor killed nor paused.</summary>
    public bool IsUp => _isUp;

    /// <summary>With the root key. There once the node was started.</summary>
    public MeshHttp Http { get; private set; } = null!;

    /// <summary>Starts it, and returns once it is ready.</summary>
    public async Task StartAsync()
    {
        var url = Url;
        await Server.StartAsync();
        if (Http is null || Url != url)
        {
            Http = new MeshHttp(Url, Server.RootKey);
        }

        await ReadyAsync();
        _isUp = true;
    }

    public Task ReadyAsync() => Eventually.True(
        async () => !Server.Process.HasExited && await ReadyCodeAsync() == 200, () => $"{Id} is ready\n{Server.Printed}");

    public async Task<bool> IsReadyAsync() => await ReadyCodeAsync() == 200;

    public Task NotReadyAsync() => Eventually.True(async () => await ReadyCodeAsync() != 200, () => $"{Id} is not ready any more");

    public async Task KillAsync()
    {
        _isUp = false;
        await Server.KillAsync();
    }

    /// <summary>As Ctrl+C does.</summary>
    public async Task StopAsync()
    {
        _isUp = false;
        Assert.Equal(0, (await Server.StopAsync()).Code);
    }

    /// <summary>SIGSTOP: its connections stay open, and nothing answers.</summary>
    public void Pause()
    {
        _isUp = false;
        Server.Process.Send(Signal.Stop);
    }

    public void GoOn()
    {
        Server.Process.Send(Signal.Continue);
        _isUp = true;
    }

    /// <summary>What <c>GET /nodes</c> says here.</summary>
    public async Task<List<NodeView>> NodesAsync()
    {
        var answer = await Http.GetAsync("nodes");
        return !answer.IsDone ? [] :
        [
            .. answer.Json.GetProperty("nodes").EnumerateArray().Select(node => new NodeView(
                node.Text("node_id")!, node.GetProperty("judge").GetBoolean(), node.GetProperty("revision").GetInt64())),
        ];
    }

    public void Dispose()
    {
        Http?.Dispose();
        Server.Dispose();
    }

    /// <summary>0 where nothing answers.</summary>
    private async Task<int> ReadyCodeAsync()
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        try
        {
            using var answer = await http.GetAsync(new Uri(Url + "/readyz"));
            return (int)answer.StatusCode;
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            return 0;
        }
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Id} at {Url}");
}

/// <summary>A row of <c>GET /nodes</c>.</summary>
internal sealed record NodeView(string Id, bool IsJudge, long Revision);
