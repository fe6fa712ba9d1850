// Steers, on their way into a session.
//
//   pending ──► handed, with a tool's result or a waking message ──► the model is asked with them: acknowledged
//      ▲                                  │
//      └──────────── the run ended before that ◄──┘
//
// `delivered` is the mesh's: it says so when the words are fetched, which is when they are handed over.

import { randomUUID } from "node:crypto";
import { steerText } from "./text.js";

const AGAIN_MS = 5_000;

export class Words {
  #plugin;
  #wakes = new Map();

  constructor(plugin) {
    this.#plugin = plugin;
  }

  /** There is a steer for the session. */
  ring(session) {
    session.hasWords = true;
    if (session.runs.size === 0) {
      this.wake(session);
    }
  }

  /** What is added to a tool's result: the words that are pending, or null. */
  async withResult(session, runId) {
    if (!session.hasWords || session.stop || this.#plugin.isAway) {
      return null;
    }

    // Words that cannot be had within a second go out later: the tool's result does not wait for them.
    const directives = await this.#hand(session, { runId }).catch(() => []);
    return directives.length > 0 ? steerText(session.agentId, directives) : null;
  }

  /** Hands the words to an idle session, by the message that starts its next run. */
  async wake(session) {
    if (session.isWaking || !this.#isIdle(session)) {
      return;
    }

    session.isWaking = true;
    try {
      await this.#wake(session);
    } catch (error) {
      this.#plugin.log.warn(`session-mesh: ${session.agentId} could not be woken: ${error.message}`);
      this.#later(session);
    } finally {
      session.isWaking = false;
    }
  }

  async #wake(session) {
    const { gateway } = this.#plugin;
    if (!gateway.isReady) {
      this.#later(session);
      return;
    }

    const { sessions } = await gateway.call("sessions.list", { limit: 200 });
    if (sessions.some(({ key, hasActiveRun }) => key === session.key && hasActiveRun)) {
      // A run is being prepared, of which no hook told yet. A message would wait for its end; a tool's result comes sooner.
      this.#later(session);
      return;
    }

    const runId = randomUUID();
    await gateway.call("sessions.messages.subscribe", { key: session.key });
    const directives = this.#isIdle(session) ? await this.#hand(session, { runId, isWake: true }) : [];
    if (directives.length === 0) {
      return;
    }

    this.#wakes.set(`${runId}:user`, session);
    try {
      await gateway.call(
        "chat.send", { sessionKey: session.key, message: steerText(session.agentId, directives), idempotencyKey: runId });
    } catch (error) {
      this.#forget(session, runId);
      throw error;
    }
  }

  /** The gateway shows a message of a session: the words are in its run, where they are ours. */
  shown(payload) {
    const mark = payload?.message?.idempotencyKey;
    const session = this.#wakes.get(mark);
    if (!session) {
      return;
    }

    this.#wakes.delete(mark);
    for (const [seq, handed] of session.handed) {
      if (`${handed.runId}:user` === mark) {
        handed.isShown = true;
        if (handed.isAsked) {
          this.#acknowledge(session, seq);
        } else {
          this.#plugin.sessions.ack(session, seq, "accepted");
        }
      }
    }
  }

  /** The model is asked, in that run: with all that was handed to it before. */
  asked(key, runId) {
    const session = this.#plugin.sessions.ofKey(key);
    for (const [seq, handed] of session?.handed ?? []) {
      // A message that came while another run had just begun waits for the end of that one, and then has a run of another name.
      if (handed.isWake && !handed.isShown) {
        handed.isAsked ||= handed.runId === runId;
      } else if (handed.isWake || handed.runId === runId) {
        this.#acknowledge(session, seq);
      }
    }
  }

  /** A run is over. What it was handed and was never asked with is pending again. */
  runEnded(session, runId) {
    for (const [seq, handed] of session.handed) {
      if (handed.runId === runId) {
        session.handed.delete(seq);
        session.hasWords = true;
      }
    }

    if (session.hasWords && session.runs.size === 0) {
      this.wake(session);
    }
  }

  #acknowledge(session, seq) {
    session.handed.delete(seq);
    this.#plugin.sessions.ack(session, seq, "acknowledged");
  }

  #isIdle(session) {
    return session.hasWords && !session.stop && !session.pause && session.runs.size === 0;
  }

  #forget(session, runId) {
    this.#wakes.delete(`${runId}:user`);
    for (const [seq, handed] of session.handed) {
      if (handed.runId === runId) {
        session.handed.delete(seq);
      }
    }

    session.hasWords = true;
  }

  #later(session) {
    setTimeout(() => session.runs.size === 0 && this.wake(session), AGAIN_MS).unref();
  }

  /** Fetches what is pending, which delivers it. Two results at once do not get the same words. */
  #hand(session, how) {
    const before = session.handing ?? Promise.resolve();
    const handing = before.catch(() => {}).then(async () => {
      const directives = session.hasWords ? await this.#fetch(session) : [];
      directives.forEach(({ seq }) => session.handed.set(seq, { ...how }));
      return directives;
    });
    session.handing = handing;
    return handing;
  }

  async #fetch(session) {
    if (!session.agentId) {
      return [];
    }

    try {
      const { directives } = await this.#plugin.mesh.get(
        `/agents/${encodeURIComponent(session.agentId)}/directives?wait=0&incarnation=${session.incarnation}`);
      this.#plugin.reached(null);
      session.hasWords = false;
      return directives.filter(({ verb, seq }) => verb === "steer" && !session.handed.has(seq) && !session.isAcked(seq));
    } catch (error) {
      this.#plugin.reached(error);
      throw error;
    }
  }
}
