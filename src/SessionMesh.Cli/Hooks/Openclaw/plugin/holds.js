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
    session.pause ??= newPause();
    session.pause.by = by;
    session.pause.seqs.push(seq);
    this.settle(session);
  }

  resume(session, seq) {
    if (seq > session.heldSeq) {
      session.heldSeq = seq;
      this.release(session, "acknowledged", "over before its next tool");
    }

    this.#plugin.sessions.ack(session, seq, "acknowledged", "it runs");
  }

  /** The pause is over. Of one that held nothing yet this is said; by default, that it never will. */
  release(session, state = "rejected", note = "it was over before it took effect") {
    const pause = session.pause;
    session.pause = null;
    this.#answer(session, pause, state, note);
    pause?.release();
    this.#plugin.sessions.changed(session);
    if (session.hasWords) {
      this.#plugin.words.ring(session);
    }
  }

  /** Acknowledges a pause that has taken effect. */
  settle(session) {
    const pause = session.pause;
    if (pause && (pause.holds > 0 || session.runs.size === 0)) {
      this.#answer(session, pause, "acknowledged", pause.holds > 0 ? "a tool call waits" : "idle: its next tool call will wait");
    }
  }

  #answer(session, pause, state, note) {
    pause?.seqs.splice(0).forEach((seq) => this.#plugin.sessions.ack(session, seq, state, note));
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

/** `seqs` are the directives that are not answered yet. */
function newPause() {
  let release;
  const released = new Promise((resolve) => (release = resolve));
  return { by: null, released, release, holds: 0, seqs: [] };
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
