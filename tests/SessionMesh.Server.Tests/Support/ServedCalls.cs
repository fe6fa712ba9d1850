using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;

namespace SessionMesh.Server.Tests.Support;

/// <summary>
/// Tells when the server is done with a call. The client has the answer before that: what the server does once an answer is written, such
/// as to mark a directive as delivered, may still be ahead.
/// </summary>
internal sealed class ServedCalls : IStartupFilter
{
    private const string Header = "X-Test-Call";

    private readonly ConcurrentDictionary<string, TaskCompletionSource> _calls = [];
    private long _last;

    /// <summary>Names the call. Ask for <see cref="EndAsync"/> once its answer is here.</summary>
    public string Begin(HttpRequestMessage request)
    {
        var call = Interlocked.Increment(ref _last).ToString(System.Globalization.CultureInfo.InvariantCulture);
        request.Headers.TryAddWithoutValidation(Header, call);
        return call;
    }

    /// <summary>Returns when the server is done with it, or has never begun.</summary>
    public async Task EndAsync(string call)
    {
        if (_calls.TryRemove(call, out var ended))
        {
            await ended.Task.WaitAsync(Eventually.Bound);
        }
    }

    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        app.Use((http, rest) =>
        {
            if (http.Request.Headers.Remove(Header, out var call))
            {
                var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                _calls[call.ToString()] = ended;
                http.Response.OnCompleted(() => // the last of them to be called, being the first that is named
                {
                    ended.SetResult();
                    return Task.CompletedTask;
                });
            }

            return rest(http);
        });
        next(app);
    };
}
