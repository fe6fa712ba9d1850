namespace SessionMesh.Client.Http;

/// <summary>
/// The token in use, and its renewal once it is refused. Calls that are refused together share one renewal: the first
/// begins it and the others wait for it, each for as long as its own caller does. Thread-safe.
/// </summary>
internal sealed class Credentials(MeshClientOptions options) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _closing = new();
    private string? _token = options.Token;
    private Task<string?>? _renewal;

    /// <summary>Null sends none.</summary>
    public string? Token
    {
        get
        {
            lock (_gate)
            {
                return _token;
            }
        }
    }

    /// <summary>Another token than the one that was refused, or null when there is none to be had.</summary>
    public async Task<string?> RenewAsync(string? refused, CancellationToken cancellation)
    {
        if (options.Reauthenticate is not { } source)
        {
            return null;
        }

        Task<string?> renewal;
        lock (_gate)
        {
            // Refused with an earlier token: another call has renewed it meanwhile.
            if (_token != refused)
            {
                return _token;
            }

            renewal = _renewal ??= Task.Run(() => AskAsync(source, refused));
        }

        return await renewal.WaitAsync(cancellation);
    }

    public void Dispose()
    {
        _closing.Cancel();
        _closing.Dispose();
    }

    private async Task<string?> AskAsync(Func<string?, CancellationToken, ValueTask<string?>> source, string? refused)
    {
        string? token = null;
        try
        {
            token = await source(refused, _closing.Token);
            return token == refused ? null : token;
        }
        finally
        {
            lock (_gate)
            {
                _renewal = null;
                if (token is not null)
                {
                    _token = token;
                }
            }
        }
    }
}
