using SessionMesh.Cli.Output;
using SessionMesh.Cli.Run;
using SessionMesh.Client;
using SessionMesh.Contracts.Errors;
using SessionMesh.Contracts.Registry;

namespace SessionMesh.Cli.Claims;

/// <summary>
/// Holds a claim while a process runs: renews it at a third of its lease, and gives it back. What goes wrong is said once; it ends
/// nothing.
/// </summary>
internal sealed class ClaimKeeper(MeshClient client, ClaimRow claim, RunLog log, TimeProvider time)
{
    private bool _isLost;

    /// <summary>Renews until it is over, or the claim is lost.</summary>
    public async Task KeepAsync(CancellationToken over)
    {
        var (usual, backoff, isBehind) = (Third(claim.Ttl), new Backoff(Third(claim.Ttl)), false);
        var wait = usual;
        while (!over.IsCancellationRequested)
        {
            try
            {
                await Task.Delay(wait, time, over);
                await client.RenewClaimAsync(claim.ClaimId, cancellation: over);
                (wait, isBehind) = (usual, false);
                backoff.Reset();
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (MeshException e) when (e.Code == ErrorCodes.ClaimNotFound)
            {
                Lose();
                return;
            }
            catch (MeshException e) when (Claiming.IsForNow(e))
            {
                if (!isBehind)
                {
                    log.Warn($"claim {claim.ClaimId} is not renewed yet: {ProblemText.Of(e)}");
                }

                (wait, isBehind) = (backoff.Next(), true);
            }
            catch (MeshException e)
            {
                log.Warn(
                    $"claim {claim.ClaimId} cannot be renewed: {ProblemText.Of(e)}; it lapses in {claim.Ttl} s at most, and the command "
                    + "goes on");
                return;
            }
        }
    }

    /// <summary>Gives the slot back, if it is still held.</summary>
    /// <param name="hurry">Do not wait for the server any longer.</param>
    public async Task ReleaseAsync(CancellationToken hurry)
    {
        if (_isLost)
        {
            return;
        }

        try
        {
            await client.ReleaseClaimAsync(claim.ClaimId, hurry);
        }
        catch (MeshException e) when (e.Code == ErrorCodes.ClaimNotFound)
        {
            Lose();
        }
        catch (Exception e) when (e is MeshException or OperationCanceledException)
        {
            var why = e is MeshException refusal ? ProblemText.Of(refusal) : "interrupted";
            log.Warn($"claim {claim.ClaimId} is not released: {why}; it lapses in {claim.Ttl} s at most");
        }
    }

    private static TimeSpan Third(int seconds) => TimeSpan.FromSeconds(seconds) / 3;

    private void Lose()
    {
        _isLost = true;
        log.Warn(
            $"claim {claim.ClaimId} is lost: it lapsed, agent {claim.AgentId} ended, or somebody released it; "
            + "another may have the slot by now");
    }
}
