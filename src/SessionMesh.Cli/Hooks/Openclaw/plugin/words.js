// Steers, on their way into a session.
//
//   pending ──► handed, with a tool's result or a waking message: accepted ──► the model is asked with them: acknowledged
//      ▲                                  │
//      └──────────── the run ended before that ◄──┘
//
// Words are read without taking them, and as many are handed over as fit whole. Each of these is `accepted`: before it goes into a result,
// which nothing can refuse then, or once the gateway has taken the message. A poll of the inbox would mark all as delivered, also those
// that wait for the next result, and before anybody has any.

import { randomUUID } from "node:crypto";
import { steerText } from "./text.js";

const AGAIN_MS = 5_000;

/** For so long a tool's result waits for words. */
const TAKE_MS = 1_000;

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
    const directives = await this.#take(session, runId, AbortSignal.timeout(TAKE_MS)).catch(() => []);
    if (session.hasWords && session.runs.size === 0) {
      this.wake(session);
    }

    return directives.length > 0 ? steerText(session.agentId, directives).text : null;
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
    const directives = this.#isIdle(session) ? await this.#next(session) : [];
    if (directives.length === 0) {
      return;
    }

    this.#wakes.set(`${runId}:user`, session);
    this.#hand(session, directives, { runId, isWake: true });
    const { text: message } = steerText(session.agentId, directives);
    try {
      await gateway.call("chat.send", { sessionKey: session.key, message, idempotencyKey: runId });
    } catch (error) {
      this.#forget(session, runId);
      throw error;
    }

    // Those that were answered meanwhile are past it.
    directives.filter(({ seq }) => session.handed.has(seq)).forEach(({ seq }) => this.#plugin.sessions.ack(session, seq, "accepted"));
  }

  /** The session is there no longer, and neither is what was on its way into it. */
  forget(session) {
    for (const [mark, other] of this.#wakes) {
      if (other === session) {
        this.#wakes.delete(mark);
      }
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
        this.#wakes.delete(`${runId}:user`);
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

  /** What goes into the result of a tool now. It is accepted first, so that nobody takes back what was read. */
  async #take(session, runId, signal) {
    const directives = await this.#next(session, signal);
    this.#hand(session, directives, { runId });
    try {
      await Promise.all(directives.map(({ seq }) => this.#accept(session, seq, signal)));
    } catch (error) {
      directives.forEach(({ seq }) => session.handed.delete(seq));
      session.hasWords = true;
      this.#plugin.reached(error);
      throw error;
    }

    // What is not there any more was taken back, or its run is over.
    return session.stop ? [] : directives.filter(({ seq }) => session.handed.has(seq));
  }

  async #accept(session, seq, signal) {
    const { agentId, incarnation } = session;
    const path = `/agents/${encodeURIComponent(agentId)}/directives/${seq}/ack`;
    const answer = await this.#plugin.mesh.post(path, { state: "accepted", incarnation }, { signal }).catch((error) => {
      if (error.isAway) {
        throw error;
      }
    });
    if (answer?.state !== "accepted") {
      session.handed.delete(seq);
    }
  }

  #hand(session, directives, how) {
    directives.forEach(({ seq }) => session.handed.set(seq, { ...how }));
  }

  /** What is to be handed over next: the oldest that wait, as many as fit. One look at a time, which others do not wait for. */
  async #next(session, signal) {
    if (!session.agentId || session.isLooking) {
      return [];
    }

    session.isLooking = true;
    session.hasWords = false;
    try {
      const pending = await this.#plugin.mesh.pending(session.agentId, signal);
      this.#plugin.reached(null);
      const waiting = pending.filter(({ verb, seq }) => verb === "steer" && !session.handed.has(seq) && !session.isAcked(seq));
      const { count } = steerText(session.agentId, waiting);
      session.hasWords ||= count < waiting.length;
      return waiting.slice(0, count);
    } catch (error) {
      session.hasWords = true;
      this.#plugin.reached(error);
      throw error;
    } finally {
      session.isLooking = false;
    }
  }
}
