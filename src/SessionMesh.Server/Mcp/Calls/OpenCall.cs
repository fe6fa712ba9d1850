namespace SessionMesh.Server.Mcp.Calls;

/// <summary>
/// A call of the API within a request, from its start until its endpoint has returned. One belongs to a request at most; it is a feature of
/// that request.
/// </summary>
internal sealed class OpenCall(HttpContext inner, AnswerBody body, Task running)
{
    /// <summary>The answer, as soon as it is whole. The endpoint may still wait for <see cref="FinishAsync"/>.</summary>
    /// <exception cref="OperationCanceledException">The caller has gone away, or the connection was cut.</exception>
    public async Task<ApiAnswer> AnswerAsync()
    {
        if (await Task.WhenAny(running, body.Whole) == running && !body.Whole.IsCompleted)
        {
            await running;
            if (body.Written.IsEmpty)
            {
                throw new OperationCanceledException("the call ended without an answer");
            }
        }

        return new ApiAnswer(inner.Response.StatusCode, body.Written);
    }

    /// <summary>Lets the endpoint finish, and waits for it.</summary>
    /// <param name="isSent">Whether the caller's answer is on the connection.</param>
    /// <exception cref="OperationCanceledException">The endpoint gave up because it is not.</exception>
    public Task FinishAsync(bool isSent)
    {
        body.Release(isSent);
        return running;
    }
}
