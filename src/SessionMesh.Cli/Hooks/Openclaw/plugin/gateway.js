// The gateway's own port: what the plugin cannot do from inside, it asks for as any client does.

import { randomUUID } from "node:crypto";

const CALL_MS = 5_000;
const RETRY_MS = [500, 1_000, 2_000, 5_000, 10_000];
/** So many refusals in a row are those of a gateway that is starting, where it says that. Any other failure is told at once. */
const TELL_AFTER = 8;
const STARTING = "UNAVAILABLE";

const SCOPES = ["operator.read", "operator.write", "operator.admin"];

export class Gateway {
  #url;
  #auth;
  #log;
  #onEvent;
  #socket = null;
  #calls = new Map();
  #ended = false;
  #tries = 0;
  #isTold = false;
  #ready = null;

  constructor({ config, port, log, onEvent }) {
    const gateway = config.gateway ?? {};
    const token = process.env.OPENCLAW_GATEWAY_TOKEN ?? gateway.auth?.token;
    const password = process.env.OPENCLAW_GATEWAY_PASSWORD ?? gateway.auth?.password;
    this.#url = `${gateway.tls?.enabled ? "wss" : "ws"}://127.0.0.1:${port ?? gateway.port ?? 18789}`;
    this.#auth = typeof token === "string" ? { token } : typeof password === "string" ? { password } : {};
    this.#log = log;
    this.#onEvent = onEvent;
  }

  /** Connects, and again whenever the connection breaks. The gateway takes none for the first half minute of its life. */
  start() {
    if (this.#ended || typeof WebSocket === "undefined") {
      return;
    }

    const socket = new WebSocket(this.#url);
    this.#socket = socket;
    socket.onmessage = (message) => this.#took(socket, JSON.parse(message.data));
    socket.onerror = () => this.#failed("it cannot be reached");
    socket.onclose = () => this.#lost(socket);
  }

  get isReady() {
    return this.#ready !== null;
  }

  /** The payload of the answer. */
  async call(method, params, timeout = CALL_MS) {
    if (!this.#ready) {
      throw new Error("the gateway's port does not take the plugin's calls");
    }

    return this.#send(method, params, timeout);
  }

  end() {
    this.#ended = true;
    this.#socket?.close();
  }

  #send(method, params, timeout) {
    const id = randomUUID();
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => this.#settle(id, "reject", new Error(`${method} was not answered in time`)), timeout);
      late.unref();
      this.#calls.set(id, { resolve, reject, late });
      this.#socket.send(JSON.stringify({ type: "req", id, method, params }));
    });
  }

  #settle(id, how, value) {
    const call = this.#calls.get(id);
    if (call) {
      this.#calls.delete(id);
      clearTimeout(call.late);
      call[how](value);
    }
  }

  #took(socket, frame) {
    if (frame.type === "res") {
      this.#settle(frame.id, frame.ok ? "resolve" : "reject", frame.ok ? frame.payload : refusal(frame.error ?? {}));
    } else if (frame.event === "connect.challenge") {
      this.#connect(socket);
    } else if (frame.type === "event") {
      this.#onEvent(frame.event, frame.payload);
    }
  }

  async #connect(socket) {
    try {
      // Of the clients that keep their scopes on loopback without a device key this is the one that is no person's.
      await this.#send("connect", {
        minProtocol: 4,
        maxProtocol: 4,
        client: { id: "gateway-client", version: "1.0.0", platform: process.platform, mode: "backend" },
        role: "operator",
        scopes: SCOPES,
        caps: ["tool-events"],
        auth: this.#auth,
      }, 10_000);
      this.#ready = socket;
      this.#tries = 0;
      if (this.#isTold) {
        this.#isTold = false;
        this.#log.warn("session-mesh: the gateway's own port takes the plugin's calls again");
      }

      this.#onEvent("connected", null);
    } catch (error) {
      if (error.code !== STARTING || this.#tries >= TELL_AFTER) {
        this.#failed(error.message);
      }

      socket.close();
    }
  }

  /** Says it once, until it works again. */
  #failed(why) {
    if (!this.#isTold && !this.#ended) {
      this.#isTold = true;
      this.#log.warn(`session-mesh: the gateway's own port does not take the plugin's calls, so that nothing is woken or aborted: ${why}`);
    }
  }

  #lost(socket) {
    if (this.#socket !== socket) {
      return;
    }

    this.#ready = null;
    for (const id of [...this.#calls.keys()]) {
      this.#settle(id, "reject", new Error("the connection to the gateway's port broke"));
    }

    if (!this.#ended) {
      setTimeout(() => this.start(), RETRY_MS[Math.min(this.#tries++, RETRY_MS.length - 1)]).unref();
    }
  }
}

function refusal({ code, message }) {
  return Object.assign(new Error(message ?? "refused"), { code });
}
