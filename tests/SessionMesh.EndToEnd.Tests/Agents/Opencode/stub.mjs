// Plays the tool to the plugin: keeps each event in events.jsonl, and answers as answers.json says: {EVENT: [ANSWER, …]}, in order. An
// ANSWER is what goes to stdout, or {"stderr": TEXT, "exit": CODE, "stdout": TEXT}. With --wake the event's name has that after it.
import { appendFileSync, readFileSync, readdirSync, writeFileSync } from "node:fs"
import path from "node:path"

const here = import.meta.dirname
const [, , ...words] = process.argv
const event = JSON.parse(readFileSync(0, "utf8"))
const name = event.hook_event_name + (words.includes("--wake") ? " --wake" : "")
appendFileSync(path.join(here, "events.jsonl"), JSON.stringify({ words, ...event }) + "\n")
const answers = JSON.parse(readFileSync(path.join(here, "answers.json"), "utf8"))[name] ?? []
const number = readdirSync(here).filter((file) => file.startsWith(`${name}#`)).length
writeFileSync(path.join(here, `${name}#${number}`), "")
const answer = answers[number]
if (answer?.exit) {
    process.stderr.write(answer.stderr ?? "")
    process.stdout.write(answer.stdout ?? "")
    process.exitCode = answer.exit
} else if (answer !== undefined) {
    process.stdout.write(typeof answer === "string" ? answer : JSON.stringify(answer))
}
