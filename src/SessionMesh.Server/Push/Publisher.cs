using SessionMesh.Core.State;
using SessionMesh.Core.Steering;
using SessionMesh.Server.Telemetry;

namespace SessionMesh.Server.Push;

/// <summary>Signals subscribers what a batch changed. The engine calls it after the batch is applied; it never blocks.</summary>
public sealed class Publisher(Subscriptions subscriptions, ChangeFeed feed, MeshMetrics metrics, LastHour hour)
{
    public void Publish(MeshDraft draft)
    {
        if (draft.Changes.Count == 0)
        {
            return;
        }

        metrics.Applied(draft);
        hour.Applied(draft);
        feed.Append(draft.Changes);
        foreach (var number in draft.ChangedInboxes)
        {
            subscriptions.SignalState(number);
        }

        var first = draft.Changes[0].Revision;
        foreach (var directive in draft.ChangedDirectives)
        {
            // A stream need not hear that an older directive was delivered: usually the stream itself marked it.
            if (directive.State != DeliveryState.Delivered || directive.Revision >= first)
            {
                subscriptions.SignalInbox(directive.Agent);
            }
        }

        foreach (var agent in draft.ChangedAgents)
        {
            subscriptions.Signal(agent.Number);
        }

        foreach (var agent in draft.ForgottenAgents)
        {
            subscriptions.Signal(agent.Number);
        }

        foreach (var key in draft.ChangedKeys)
        {
            if (key.EndedAt != 0 || key.ExpiresAt != 0)
            {
                subscriptions.SignalKey(key.Id);
                feed.SignalKey(key.Id);
            }
        }
    }
}
