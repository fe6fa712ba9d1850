// What a session reads. Words from the mesh are told as facts, with who issued them and under which id: the model decides what they mean.

const MOST = 9_000;

/** Room for the line that says how much was left out. */
const TAIL = 200;

/** Directives as one text of 9,000 characters at most, and what became of the rest. */
export function steerText(agentId, directives) {
  const whole = directives.map(wordsOf).join("\n\n");
  if (whole.length <= MOST) {
    return whole;
  }

  const kept = whole.slice(0, MOST - TAIL).replace(/[\uD800-\uDBFF]$/, "");
  return `${kept}\n(and ${whole.length - kept.length} more characters: session-mesh history ${agentId} shows them)`;
}

export function awayText() {
  return "[Session Mesh] The mesh cannot be reached, so that no word from it reaches this session until it can. The session goes on.";
}

export function stoppedText() {
  return "Session Mesh stopped this session: no tool is run any more.";
}

export function pausedText(by) {
  return `Session Mesh paused this session${by ? ` (by key ${by})` : ""}, and it was not resumed in the time that a tool call can wait. `
    + "Nothing was run. Wait to be told to go on, or try again later.";
}

function wordsOf({ directive_id: id, issued_by: by, issued_at: at, direction, message, data }) {
  const said = [
    direction && `Direction: ${direction}`,
    message && `Message: ${within(message)}`,
    data !== undefined && data !== null && `Data: ${JSON.stringify(data)}`,
  ].filter(Boolean).join("\n");
  return `[Session Mesh] This session was sent directive ${id} by key ${by} at ${at}.\n${said}`;
}

/** Further lines are indented: none of them can be taken for the line that says whose words these are. */
function within(message) {
  return message.replace(/\r\n|[\n\v\f\r\u0085\u2028\u2029]/g, "\n  ");
}
