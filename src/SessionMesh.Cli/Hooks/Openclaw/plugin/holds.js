// Pause: tool calls wait. A model's answer under way is not held, and no tool that runs is stopped, so that a pause is acknowledged when a
// call waits, or when no run is left that could make one before it is held.

import { pausedText, stoppedText } from "./text.js";

/** OpenClaw blocks a call that waited longer than it allows, in its own words: ours end a little sooner. */
const MARGIN_MS = 10_000;

export class Holds {
  #plugin;
  #holdMs;

  constructor(plugin, limitMs) {
    this.#plugin = plugin;
    this.#holdMs = Math.max(limitMs - MARGIN_MS, limitMs / 2);
  }

  pause(session, seq, by) {
    if (seq <= session.heldSeq) {
      return;
    }

    session.heldSeq = seq;
    let release;
    const released = session.pause?.released ?? new Promise((resolve) => (release = resolve));
    session.pause = { seq, by, released, release: release ?? session.pause.release, holds: session.pause?.holds ?? 0, isAcked: false };
    this.settle(session);
  }

  resume(session, seq) {
    if (seq > session.heldSeq) {
      session.heldSeq = seq;
      this.release(session);
    }

    this.#plugin.sessions.ack(session, seq, "acknowledged");
  }

  release(session) {
    const pause = session.pause;
    session.pause = null;
    if (pause && !pause.isAcked) {
      this.#plugin.sessions.ack(session, pause.seq, "rejected", "it was over before it took effect");
    }

    pause?.release();
    this.#plugin.sessions.changed(session);
    if (session.hasWords) {
      this.#plugin.words.ring(session);
    }
  }

  /** Acknowledges a pause that has taken effect. */
  settle(session) {
    const pause = session.pause;
    if (pause && !pause.isAcked && (pause.holds > 0 || session.runs.size === 0)) {
      pause.isAcked = true;
      this.#plugin.sessions.ack(
        session, pause.seq, "acknowledged", pause.holds > 0 ? "a tool call waits" : "idle: its next tool call will wait");
      this.#plugin.sessions.changed(session);
    }
  }

  /** Before each tool call: nothing where it may run. */
  async before(seen, toolName, aborted) {
    const session = this.#plugin.sessions.seen(seen);
    if (!session) {
      return undefined;
    }

    this.#plugin.sessions.toolBegan(session, toolName);
    const until = Date.now() + this.#holdMs;
    while (session.pause && !session.stop && !aborted?.aborted) {
      const { pause } = session;
      pause.holds++;
      this.settle(session);
      const wasReleased = await waitFor(pause.released, until - Date.now(), aborted);
      pause.holds--;
      if (!wasReleased && !aborted?.aborted) {
        return { block: true, blockReason: pausedText(pause.by) };
      }
    }

    return this.#plugin.sessions.isStopped(session) ? { block: true, blockReason: stoppedText() } : undefined;
  }
}

/** True if the promise came, false when the time was over or the call was aborted. */
function waitFor(promise, ms, signal) {
  return new Promise((resolve) => {
    const end = (came) => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", gone);
      resolve(came);
    };
    const gone = () => end(false);
    const timer = setTimeout(gone, Math.max(ms, 0));
    signal?.addEventListener("abort", gone, { once: true });
    promise.then(() => end(true));
  });
}
