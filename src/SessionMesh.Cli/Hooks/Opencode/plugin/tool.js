import { spawn } from "node:child_process"
import { readFileSync } from "node:fs"

/** Milliseconds for which an event holds a session up at most. The tool itself takes no more than a second. */
const MOST = 5_000

/** The same for a tool call, which a paused agent holds: a little more than the tool does. */
const MOST_HELD = 590_000

/** Exit code of the tool when it has words for a session at rest. */
const WAKES = 2

/** Runs `session-mesh hook opencode` with one event each. The key and the mesh's address are the tool's affair. Never throws. */
export class Tool {
    #command
    #withDetail

    /** @param file JSON: `command`, the program and its first arguments; `detail`, whether tools' arguments are reported. */
    constructor(file) {
        try {
            const { command, detail } = JSON.parse(readFileSync(file, "utf8"))
            const isCommand = Array.isArray(command) && command.length > 0 && command.every((word) => typeof word === "string")
            this.#command = isCommand ? command : null
            this.#withDetail = detail === true
        } catch {
            this.#command = null // nothing can be told
        }
    }

    get withDetail() {
        return this.#withDetail
    }

    /** Sends an event. `answer` is the mesh's, `{}` where it has none, with a `receipt` where it has words; `end()` gives it up. */
    ask(event, { holds = false } = {}) {
        const run = this.#run(event, ["--receipt", ...(this.#withDetail ? ["--detail"] : [])], holds ? MOST_HELD : MOST)
        return { answer: run.over.then(({ out }) => parse(out)), end: run.end }
    }

    /** Waits for words to a session at rest, without a bound. `answer` has them as `tell`, and is `{}` when there are none. */
    wait(event) {
        const run = this.#run(event, ["--wake", "--receipt"], null)
        const answer = run.over.then(({ code, out, error }) => (code === WAKES && error ? { ...parse(out), tell: error } : {}))
        return { answer, end: run.end }
    }

    #run(event, options, most) {
        const nothing = { code: null, out: "", error: "" }
        if (!this.#command) {
            return { over: Promise.resolve(nothing), end() {} }
        }

        let child
        const over = new Promise((resolve) => {
            let [out, error] = ["", ""]
            try {
                const [program, ...words] = this.#command
                child = spawn(program, [...words, "hook", "opencode", ...options], { stdio: ["pipe", "pipe", "pipe"] })
            } catch {
                return resolve(nothing)
            }

            const bound = most === null ? null : setTimeout(() => (kill(child), resolve(nothing)), most)
            const settle = (value) => (clearTimeout(bound), resolve(value))
            child.on("error", () => settle(nothing))
            child.on("close", (code) => settle({ code, out, error }))
            child.stdout.setEncoding("utf8").on("data", (text) => (out += text))
            child.stderr.setEncoding("utf8").on("data", (text) => (error += text))
            child.stdin.on("error", () => {})
            child.stdin.end(JSON.stringify(event))
        })
        return { over, end: () => kill(child) }
    }
}

/** A program that could not be started has the number 0, and a signal to that one is for everybody in our process group. */
function kill(child) {
    if (child?.pid > 0) {
        child.kill("SIGKILL")
    }
}

function parse(text) {
    try {
        const value = JSON.parse(text)
        return value !== null && typeof value === "object" ? value : {}
    } catch {
        return {}
    }
}
