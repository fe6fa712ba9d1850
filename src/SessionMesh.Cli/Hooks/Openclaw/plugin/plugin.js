// The one of everything that a gateway has: its key, its line to the mesh, its agents, and what is done about their directives.
//
// The mesh is listened to by one stream of its log, limited by the key to the gateway's agents, and not by a stream of directives for each:
// what such a stream writes counts as delivered, and a steer is on its way only when it is handed to the session, not when the plugin
// hears that there is one. So the log rings the bell (`directive.issued`), which is all that a pause, a resume and a stop need, and the
// words of a steer are read at the moment at which they go out: with a tool's result, or with the message that wakes an idle session.

import { Gateway } from "./gateway.js";
import { Holds } from "./holds.js";
import { Key } from "./key.js";
import { Ledger } from "./ledger.js";
import { Mesh } from "./mesh.js";
import { Sessions } from "./sessions.js";
import { Stops } from "./stops.js";
import { awayText } from "./text.js";
import { Words } from "./words.js";

const RETRY_MS = [250, 500, 1_000, 2_000, 5_000, 10_000];
const HEARD = new URLSearchParams({ kind: "directive.issued" }).toString();

export class Plugin {
  #listening = new AbortController();
  #place = null;
  #away = false;
  #refusal = null;

  constructor({ config, log, port, workspace, holdMs }) {
    this.config = config;
    this.log = log;
    this.workspace = workspace;
    this.key = new Key();
    this.mesh = new Mesh(this.key);
    this.ledger = new Ledger();
    this.gateway = new Gateway({ config, port, log, onEvent: (event, payload) => this.#heardGateway(event, payload) });
    this.sessions = new Sessions(this);
    this.words = new Words(this);
    this.holds = new Holds(this, holdMs);
    this.stops = new Stops(this);
  }

  start() {
    this.gateway.start();
    this.sessions.start();
    this.#listen();
  }

  /** What there is ends with the gateway: its sessions are said to have ended, as far as the mesh hears it in time. */
  async end(reason) {
    this.#listening.abort();
    await this.sessions.end(reason);
    this.gateway.end();
    this.ledger.flush();
  }

  /** Whether the mesh was not reached when it was last asked. */
  get isAway() {
    return this.#away;
  }

  /** Says once that the mesh is away, and once that it is back. */
  reached(error) {
    const away = error?.isAway ?? false;
    const outcome = !away ? "ok" : error.status === 401 ? "refused" : error.code === "slow" ? "slow" : "unreachable";
    this.ledger.outcome(outcome, away ? error.message : undefined);
    if (error && !away && error.message !== this.#refusal) {
      this.#refusal = error.message;
      this.log.warn(`session-mesh: ${error.message}`);
    }

    if (away !== this.#away) {
      this.#away = away;
      this.log.warn(away ? `session-mesh: the mesh cannot be reached, and sessions go on without it: ${error.message}`
        : "session-mesh: the mesh is reached again");
    }
  }

  /** What a tool's result gets added: words for the session, or nothing. */
  async afterTool(seen, event, runId) {
    const session = this.sessions.seen(seen);
    if (!session) {
      return undefined;
    }

    this.sessions.toolEnded(session);
    const content = event?.result?.content;
    if (!Array.isArray(content)) {
      return undefined; // it takes no text: the words go with the next
    }

    let text = await this.words.withResult(session, runId);
    if (!text && this.#away && !session.toldAway) {
      session.toldAway = true;
      text = awayText();
    }

    return text ? { result: { ...event.result, content: [...content, { type: "text", text }] } } : undefined;
  }

  /** One directive that is pending. It may be heard of several times. */
  heard(session, { verb, seq, by, data }) {
    if (session.isGateway && verb !== "stop") {
      return this.sessions.ack(session, seq, "rejected", `this is the gateway itself: ${verb} its sessions, which are below it`);
    }

    switch (verb) {
      case "steer": return this.words.ring(session);
      case "pause": return this.holds.pause(session, seq, by);
      case "resume": return this.holds.resume(session, seq);
      case "stop": return void this.stops.stop(session, seq, data?.grace);
      default: return this.sessions.ack(session, seq, "rejected", `OpenClaw's plugin knows no ${verb}`);
    }
  }

  #heardGateway(event, payload) {
    if (event === "connected") {
      this.sessions.catchUp();
    } else if (event === "session.message") {
      this.words.shown(payload);
    }
  }

  async #listen() {
    const { signal } = this.#listening;
    for (let tries = 0; !signal.aborted; tries++) {
      try {
        for await (const frame of this.mesh.events(HEARD, { after: this.#place, signal, opened: () => this.sessions.beatNow() })) {
          tries = 0;
          if (frame.event === "end" || frame.event === "goaway") {
            break;
          }

          this.#place = frame.id ?? this.#place;
          const session = this.sessions.ofAgent(frame.data?.subject);
          if (session && frame.event === "directive.issued") {
            const { verb, seq, actor: by, data } = frame.data;
            this.heard(session, { verb, seq, by, data });
          }
        }
      } catch (error) {
        if (!signal.aborted) {
          this.reached(error);
        }
      }

      await new Promise((resolve) => setTimeout(resolve, RETRY_MS[Math.min(tries, RETRY_MS.length - 1)]).unref());
    }
  }
}
