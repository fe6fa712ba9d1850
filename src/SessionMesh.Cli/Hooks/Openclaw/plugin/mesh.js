// The mesh's HTTP API, as far as the plugin needs it. A call takes a second at most unless it says else, and throws what went wrong.

const BASE = "/api/session-mesh";
const CALL_MS = 1_000;
const PENDING = ["queued", "delivered", "accepted"];

export class MeshError extends Error {
  /** Of a refusal its status and code; of a call that was not answered the status 0, and why in the code. */
  constructor(status, code, detail) {
    super(detail ?? code ?? `status ${status}`);
    this.status = status;
    this.code = code;
  }

  /** Whether nobody answered who knows: the mesh is away, or takes no key of ours. */
  get isAway() {
    return this.status === 0 || this.status === 401 || this.status >= 500;
  }
}

export class Mesh {
  #key;

  constructor(key) {
    this.#key = key;
  }

  get(path, options) {
    return this.#call("GET", path, undefined, options);
  }

  post(path, body, options) {
    return this.#call("POST", path, body, options);
  }

  /**
   * What an agent was told and has not answered, the oldest first, as the history shows it: looking hands nothing out. Older ones are
   * answered sooner, so that a page with nothing pending is the last.
   */
  async pending(agentId, signal = AbortSignal.timeout(CALL_MS)) {
    const found = [];
    for (let cursor = ""; ;) {
      const page = await this.get(`/agents/${encodeURIComponent(agentId)}/directives/history?limit=100${cursor}`, { signal });
      const pending = page.directives.filter(({ state }) => PENDING.includes(state));
      found.push(...pending);
      if (pending.length === 0 || !page.next_cursor) {
        return found.reverse();
      }

      cursor = `&cursor=${page.next_cursor}`;
    }
  }

  /**
   * The log as it grows, with the frames' ids: yields { id, event, data } until the stream breaks or the signal ends it.
   * `opened` is called once the server has answered.
   */
  async *events(query, { after, signal, opened }) {
    const headers = { accept: "text/event-stream", ...(after && { "last-event-id": after }) };
    const response = await this.#fetch(`/events?${query}`, { headers, signal });

    opened();
    const text = new TextDecoder();
    let rest = "";
    for await (const chunk of response.body) {
      rest += text.decode(chunk, { stream: true });
      for (let end; (end = rest.indexOf("\n\n")) >= 0; rest = rest.slice(end + 2)) {
        yield frameOf(rest.slice(0, end));
      }
    }
  }

  async #call(method, path, body, { timeout = CALL_MS, signal = AbortSignal.timeout(timeout) } = {}) {
    const response = await this.#fetch(path, {
      method,
      signal,
      headers: { "content-type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await response.text().catch((error) => {
      throw unanswered(error);
    });
    return text ? JSON.parse(text) : null;
  }

  async #fetch(path, { headers, ...request }) {
    let key;
    let response;
    try {
      key = await within(this.#key.get(), request.signal);
      response = await fetch(`${key.url}${BASE}${path}`, { ...request, headers: { ...headers, authorization: `Bearer ${key.token}` } });
    } catch (error) {
      throw unanswered(error);
    }

    if (!response.ok) {
      throw await this.#refusal(response, key.token);
    }

    return response;
  }

  async #refusal(response, token) {
    if (response.status === 401) {
      this.#key.refused(token);
    }

    const problem = await response.json().catch(() => ({}));
    return new MeshError(response.status, problem.code, problem.detail);
  }
}

function unanswered(error) {
  return error.name === "TimeoutError"
    ? new MeshError(0, "slow", "it does not answer in time")
    : new MeshError(0, "unreachable", error.cause?.message ?? error.message);
}

/** The promise's value, unless the signal comes first. What the promise does goes on. */
function within(promise, signal) {
  return new Promise((resolve, reject) => {
    const gone = () => reject(signal.reason);
    signal.addEventListener("abort", gone, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", gone));
  });
}

function frameOf(text) {
  const frame = { id: null, event: "message", data: null };
  for (const line of text.split("\n")) {
    const colon = line.indexOf(":");
    if (colon > 0) {
      frame[line.slice(0, colon)] = line.slice(colon + 1).trimStart();
    }
  }

  return { ...frame, data: frame.data ? JSON.parse(frame.data) : null };
}
