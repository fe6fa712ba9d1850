// Which sessions there are. Hooks come in any order, and for a session that was there before the plugin none says that it began: whatever
// names one makes it known.

import { Leases } from "./leases.js";
import { MARK } from "./processes.js";
import { Session } from "./session.js";

/** A session that nobody used for longer is let go, and one of before the gateway's start is not registered. It is when it is used. */
const RECENT_MS = 24 * 3_600_000;

/** As long after a stop a run is taken for one that the session's own leftovers began, and is aborted. */
const WAKES_MS = 5_000;

/** Sub-agents that are remembered to have ended. */
const MOST_OVER = 1_000;

export class Sessions {
  #plugin;
  #leases;
  #byKey = new Map();
  #over = new Set();
  #gateway = new Session(null, { isGateway: true });

  constructor(plugin) {
    this.#plugin = plugin;
    this.#leases = new Leases(plugin, this, this.#gateway);
  }

  start() {
    this.#leases.start();
  }

  async end(reason) {
    await this.#leases.end([...this.#byKey.values()], reason);
  }

  all() {
    return [...this.#byKey.values()];
  }

  ofKey(key) {
    return this.#byKey.get(key);
  }

  ofAgent(agentId) {
    return this.#gateway.agentId === agentId ? this.#gateway : this.all().find((session) => session.agentId === agentId);
  }

  childrenOf(session) {
    return this.all().filter((other) => other.parentKey === session.key);
  }

  /** The session that a hook speaks of, known from now on; null where it names none. */
  seen({ key, sessionId, agentId }, event = "hook") {
    if (!key) {
      return null;
    }

    this.#plugin.ledger.heard(event);
    if (this.#over.has(key)) {
      return null;
    }

    let session = this.#byKey.get(key);
    if (session && sessionId && session.sessionId && session.sessionId !== sessionId && !session.isSubagent) {
      this.ended({ key }, "the session was begun anew");
      session = null;
    }

    session ??= this.#add(new Session(key, { sessionId, agentId }));
    session.sessionId ??= sessionId;
    session.heardAt = Date.now();
    return session;
  }

  spawned(event, ctx) {
    const key = event?.childSessionKey ?? ctx?.childSessionKey;
    const parentKey = ctx?.requesterSessionKey;
    if (!key) {
      return;
    }

    this.#plugin.ledger.heard("subagent_spawned");
    this.#over.delete(key);
    this.seen({ key: parentKey });

    const known = this.#byKey.get(key);
    if (known) {
      known.parentKey ??= parentKey;
      known.label ??= event.label;
    } else {
      this.#add(new Session(key, { agentId: event.agentId, parentKey, label: event.label }));
    }
  }

  /** What a session that began anew under the same key still says of its end is of the one before. */
  ended({ key, sessionId }, reason) {
    const session = this.#byKey.get(key);
    if (session && !session.stop && (!sessionId || !session.sessionId || session.sessionId === sessionId)) {
      this.#plugin.ledger.heard("session_end");
      this.#isOver(session);
      this.childrenOf(session).forEach((child) => this.ended(child, "its parent ended"));
      this.#drop(session, reason);
    }
  }

  /** Lets go what was not heard of for a day, below it neither. The gateway keeps it: whoever uses it makes it known again. */
  letGo() {
    for (const session of this.all().filter((one) => this.#byKey.has(one.key) && this.#isUnused(one))) {
      this.childrenOf(session).concat(session).forEach((one) => this.#drop(one, "not used for 24 hours"));
    }
  }

  /** A stopped session has gone, as the mesh is told. It stays here, so that nothing of it runs, until somebody speaks to it. */
  exited(session, reason) {
    return this.#leases.exit(session, reason);
  }

  /** Somebody wrote to the session. One that was stopped begins its next life. */
  spokenTo(key) {
    const session = this.#byKey.get(key);
    if (session?.stop?.isOver) {
      this.#renew(session);
    } else if (session) {
      session.heardAt = Date.now();
    }
  }

  /** A run began or ended. */
  ran({ sessionKey: key, sessionId, agentId, runId, data }) {
    const phase = data?.phase;
    if (!key || !["start", "end", "error"].includes(phase)) {
      return;
    }

    if (phase === "start") {
      this.#over.delete(key);
    }

    let session = this.seen({ key, sessionId, agentId }, `lifecycle ${phase}`);
    if (!session) {
      return;
    }

    if (phase === "start") {
      // No hook says who began a run. What the session left behind wakes it at once, or is gone.
      if (session.stop?.isOver && Date.now() - session.stop.at > WAKES_MS) {
        session = this.#renew(session);
      }

      session.runs.add(runId);
      if (session.stop?.isOver) {
        this.#plugin.stops.again(session);
      }
    } else {
      session.runs.delete(runId);
      session.tool = session.runs.size > 0 ? session.tool : null;
      if (session.isSubagent && data.aborted) {
        // No hook says so of a sub-agent that was aborted or cancelled.
        this.ended(session, "aborted");
      } else {
        this.#plugin.holds.settle(session);
        this.#plugin.words.runEnded(session, runId);
      }
    }

    this.changed(session);
  }

  toolBegan(session, name) {
    session.tool = name ?? null;
    this.changed(session);
  }

  toolEnded(session) {
    session.progress++;
    this.changed(session);
  }

  /** Whether it was stopped, or one that it hangs below was. */
  isStopped(session) {
    for (let at = session; at; at = this.#byKey.get(at.parentKey)) {
      if (at.stop) {
        return true;
      }
    }

    return Boolean(this.#gateway.stop && !this.#gateway.stop.isOver);
  }

  /** What a command of the session gets into its environment. */
  markOf(key) {
    const session = key ? this.seen({ key }, "resolve_exec_env") : null;
    return session ? { [MARK]: session.mark } : undefined;
  }

  changed(session) {
    this.#leases.changed(session);
  }

  ack(session, seq, state, note) {
    if (seq) {
      this.#leases.ack(session, seq, state, note);
    }
  }

  async answer(session, seq, state, note) {
    if (seq && session.agentId) {
      await this.#leases.answer(session, seq, state, note);
    }
  }

  beatNow() {
    this.#leases.beatNow();
  }

  /** The gateway answers: sessions of before are made known, and words that waited for it go out. */
  async catchUp() {
    try {
      const { sessions } = await this.#plugin.gateway.call("sessions.list", { limit: 200 });
      for (const { key, sessionId, agentId, updatedAt, status } of sessions) {
        if (Date.now() - updatedAt < RECENT_MS && status !== "killed" && !key.includes(":subagent:")) {
          this.seen({ key, sessionId, agentId }, "sessions.list");
        }
      }
    } catch (error) {
      this.#plugin.log.warn(`session-mesh: the gateway does not list its sessions: ${error.message}`);
    }

    this.all().filter((session) => session.hasWords && session.runs.size === 0).forEach((session) => this.#plugin.words.wake(session));
  }

  /** The key of the session that asked for a sub-agent, where no hook said so. */
  async parentOf(session) {
    const { sessions } = await this.#plugin.gateway.call("sessions.list", { limit: 200 });
    return sessions.find(({ key }) => key === session.key)?.spawnedBy;
  }

  /** Hooks of an aborted sub-agent's last tool come after its end; they are not of a new one. Its next run is. */
  #isOver(session) {
    if (session.isSubagent) {
      this.#over.add(session.key);
      for (const oldest of [...this.#over].slice(0, -MOST_OVER)) {
        this.#over.delete(oldest);
      }
    }
  }

  #isUnused(session) {
    return Date.now() - session.heardAt > RECENT_MS && session.runs.size === 0 && (!session.hasWords || session.stop)
      && this.childrenOf(session).every((child) => this.#isUnused(child));
  }

  /** Of one that was stopped the mesh knows. */
  #drop(session, reason) {
    this.#byKey.delete(session.key);
    this.#plugin.words.forget(session);
    if (!session.stop) {
      this.#plugin.holds.release(session);
      this.#leases.exit(session, reason);
    }
  }

  #renew({ key, sessionId, type, parentKey, label }) {
    return this.#add(new Session(key, { sessionId, agentId: type, parentKey, label }));
  }

  #add(session) {
    this.#byKey.set(session.key, session);
    this.#leases.register(session);
    return session;
  }
}
