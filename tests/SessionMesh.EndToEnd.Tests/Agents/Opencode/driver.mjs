// Plays opencode to the plugin: driver.mjs INDEX.js STEPS.json
//
// STEPS.json: [[HOOK, INPUT, OUTPUT], …]. The hook "wait" waits until the fake client was called INPUT times; "broken off" has two hooks,
// the second of which comes once the tool has made a file "held"; "clock" ends a wait of INPUT milliseconds, once there is one.
// answers.json beside INDEX.js has what the client answers as "client.NAME": [null, "throws", "error", …]. Prints {"exports": […],
// "steps": [what each hook threw, or null], "calls": [what was called on the client]}.
import { existsSync, readFileSync } from "node:fs"
import path from "node:path"
import { pathToFileURL } from "node:url"

const [, , index, file] = process.argv
const calls = []
let hooks = {}
let messages = 0

async function message(call) {
    const { agent, model, parts } = call.body
    await hooks["chat.message"]({ sessionID: call.path.id }, { message: { id: `own-${++messages}`, agent, model }, parts })
}

const answers = JSON.parse(readFileSync(path.join(path.dirname(index), "answers.json"), "utf8"))
const record = (name, act) => async (call) => {
    calls.push([name, call.path?.id, ...(call.body ? [call.body] : [])])
    const answer = answers[`client.${name}`]?.shift()
    if (answer === "throws") {
        throw new Error("no")
    }

    if (answer === "error") {
        return { error: { name: "BadRequest" } }
    }

    await act?.(call)
    return { data: name === "get" && call.path.id.startsWith("child") ? { id: call.path.id, parentID: "ses_main" } : {} }
}

const client = {
    session: {
        get: record("get"), abort: record("abort"), prompt: record("prompt", message), promptAsync: record("promptAsync", message),
    },
    tui: { showToast: record("toast") },
}

const timers = new Set()
const wait = globalThis.setTimeout
globalThis.setTimeout = (act, ms, ...more) => {
    const timer = { act: () => (timers.delete(timer), act(...more)), ms }
    timers.add(timer)
    return Object.assign(wait(timer.act, ms), { timer })
}

const drop = globalThis.clearTimeout
globalThis.clearTimeout = (one) => (timers.delete(one?.timer), drop(one))

const plugin = await import(pathToFileURL(index))
hooks = await Object.values(plugin)[0]({ client, directory: "/project" })
const steps = []
for (const [hook, input, output] of JSON.parse(readFileSync(file, "utf8"))) {
    if (hook === "wait") {
        while (calls.length < input) {
            await new Promise((resolve) => wait(resolve, 10))
        }

        continue
    }

    if (hook === "clock") {
        let timer
        while (!(timer = [...timers].find(({ ms }) => ms === input))) {
            await new Promise((resolve) => wait(resolve, 10))
        }

        timer.act()
        continue
    }

    if (hook === "broken off") {
        const held = run(...input)
        while (!existsSync(path.join(path.dirname(index), "held"))) {
            await new Promise((resolve) => wait(resolve, 10))
        }

        await run(...output)
        steps.push(await held)
        continue
    }

    steps.push(await run(hook, input, output))
}

function run(hook, input, output) {
    return hooks[hook](input, output).then(() => null, (error) => error.message)
}

console.log(JSON.stringify({ exports: Object.keys(plugin), steps, calls }))
