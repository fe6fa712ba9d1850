// OpenClaw, as far as its plugin can tell: an api to register hooks with, and a gateway's port to call. What a test posts here is what
// OpenClaw would have done, and the answer is what the plugin answered.
//
//   node driver.mjs PLUGIN_FOLDER CONFIG.json [PLATFORM]
//
//   POST /hook/NAME {"event", "ctx"}    a hook; the answer is {"result", "ms"}
//   POST /result {"event", "ctx"}       the middleware of tool results
//   POST /run {"event"}                 an agent event
//   POST /gateway {"event", "payload"}  what the gateway tells its clients; {"isLost": true} breaks the connection
//   POST /answer {"method", "payload"}  what the gateway answers from now on; {} unless told. With "error" it refuses, with "isHeld" it
//                                       answers nothing until it is told otherwise
//   POST /mesh {"held"}                 calls to the mesh wait whose path ends so; none, and those that wait go on, with null
//   POST /clock {"ms"}                  so much time passes at once. A call's time-out comes in no other way
//   GET /calls                          what the gateway was asked, in order: [{"method", "params"}]; and the mesh: "mesh", with the path

import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [folder, config, platform = process.platform] = process.argv.slice(2);
Object.defineProperty(process, "platform", { value: platform });
const hooks = new Map();
const calls = [];
const answers = new Map([["sessions.list", { payload: { sessions: [] } }], ["tasks.list", { payload: { tasks: [] } }]]);
const clock = new Clock();
const mesh = new Gate();
let onResult;
let onRun;
let socket;

const call = globalThis.fetch;
globalThis.fetch = async (url, options) => {
  const { pathname } = new URL(url);
  calls.push({ method: "mesh", params: pathname });
  await mesh.passed(pathname, options.signal);
  return call(url, options);
};

globalThis.WebSocket = class {
  constructor() {
    socket = this;
    setImmediate(() => this.tell({ type: "event", event: "connect.challenge", payload: {} }));
  }

  tell(frame) {
    this.onmessage({ data: JSON.stringify(frame) });
  }

  send(text) {
    const { id, method, params } = JSON.parse(text);
    calls.push({ method, params });
    setImmediate(() => this.answer(id, method));
  }

  answer(id, method) {
    const { payload = {}, error, isHeld } = answers.get(method) ?? {};
    if (isHeld) {
      answers.get(method).waiting.push(() => this.answer(id, method));
    } else {
      this.tell({ type: "res", id, ok: !error, payload, error: error && { message: error } });
    }
  }

  close() {
    setImmediate(() => this.onclose());
  }
};

const { default: plugin } = await import(pathToFileURL(join(folder, "index.js")));
plugin.register({
  registrationMode: "full",
  config: JSON.parse(readFileSync(config, "utf8")),
  logger: console,
  on: (name, handler) => hooks.set(name, handler),
  registerAgentToolResultMiddleware: (handler) => (onResult = handler),
  agent: { events: { registerAgentEventSubscription: ({ handle }) => (onRun = handle) } },
});
process.on("unhandledRejection", (error) => console.error("unhandled", error));

const server = createServer(async (request, response) => {
  let body = "";
  for await (const chunk of request) {
    body += chunk;
  }

  const began = performance.now();
  let answer;
  try {
    answer = { result: await act(request.url, body ? JSON.parse(body) : {}), ms: performance.now() - began };
  } catch (error) {
    answer = { error: String(error.stack) };
  }

  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify(answer));
});
server.listen(0, "127.0.0.1", () => console.log(`port ${server.address().port}`));

function act(url, { event, ctx, method, payload, error, isHeld, isLost, held, ms }) {
  const [, what, name] = url.split("/");
  if (ctx?.abortSignal) {
    ctx.abortSignal = new AbortController().signal;
  }

  switch (what) {
    case "hook": return hooks.get(name)?.(event, ctx);
    case "result": return onResult(event, ctx);
    case "run": return onRun(event, ctx);
    case "gateway": return isLost ? socket.close() : socket.tell({ type: "event", event, payload });
    case "answer": return answerWith(method, { payload, error, isHeld, waiting: [] });
    case "mesh": return mesh.hold(held);
    case "clock": return clock.pass(ms);
    case "calls": return calls;
    default: throw new Error(`no ${url}`);
  }
}

function answerWith(method, answer) {
  const before = answers.get(method);
  answers.set(method, answer);
  before?.waiting?.forEach((again) => again());
}

/** Lets calls through, or holds some until it holds others or their signals come. */
function Gate() {
  let held = null;
  const waiting = [];
  this.hold = (end) => {
    held = end;
    waiting.splice(0).forEach((go) => go());
  };
  this.passed = (path, signal) => new Promise((resolve, reject) => {
    signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
    held !== null && path.endsWith(held) ? waiting.push(resolve) : resolve();
  });
}

/** Time passes as always, and by leaps. Only a leap brings the end of an AbortSignal.timeout. */
function Clock() {
  const real = { setTimeout, clearTimeout, setInterval, now: Date.now };
  const timers = new Map();
  const signals = new Set();
  const intervals = [];
  let ahead = 0;
  Date.now = () => real.now() + ahead;
  globalThis.setTimeout = (act, ms = 0, ...args) => {
    const fire = () => (timers.delete(timer), act(...args));
    const timer = real.setTimeout(fire, ms);
    timers.set(timer, { due: Date.now() + ms, fire });
    return timer;
  };
  globalThis.clearTimeout = (timer) => (timers.delete(timer), real.clearTimeout(timer));
  globalThis.setInterval = (act, ms, ...args) => (intervals.push({ act, ms }), real.setInterval(act, ms, ...args));
  AbortSignal.timeout = (ms) => {
    const controller = new AbortController();
    signals.add({ due: Date.now() + ms, controller });
    return controller.signal;
  };
  this.pass = (ms) => {
    ahead += ms;
    const isDue = ({ due }) => due <= Date.now();
    for (const one of [...signals].filter(isDue)) {
      signals.delete(one);
      one.controller.abort(new DOMException("The time is over", "TimeoutError"));
    }

    for (const [timer, one] of [...timers].filter(([, one]) => isDue(one))) {
      real.clearTimeout(timer);
      one.fire();
    }

    intervals.filter((one) => one.ms <= ms).forEach(({ act }) => act());
  };
}
