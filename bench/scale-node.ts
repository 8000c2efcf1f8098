/** One node of `scale.ts`: claims tasks that do nothing until its parent lets go of it. `node bench/scale-node.ts NAME DATABASE_JSON` */
import { createAttemptRunner } from "../orchestrator/attempt.ts";
import { createRecorder } from "../orchestrator/recorder.ts";
import { openDatabase } from "../orchestrator/store/db.ts";
import { createEngine } from "../orchestrator/store/engine.ts";
import { Worker } from "../orchestrator/worker.ts";

const [, , name = "", connection = "{}"] = process.argv;
const database = openDatabase(JSON.parse(connection) as Parameters<typeof openDatabase>[0]);
const engine = createEngine(database, name, 30);
await engine.register("bench");
const nothing = () => Promise.reject(new Error("a task in this process needs nothing"));
const worker: Worker = new Worker({
  engine,
  runAttempt: createAttemptRunner({
    recorder: createRecorder(engine, () => undefined),
    executors: { get: () => ({ kind: "noop", run: () => Promise.resolve({ status: "succeeded", message: "done" }) }) },
    executionContext: nothing,
    taskInputs: nothing,
    steps: [],
    directory: "",
    isolation: "none",
    now: Date.now,
    random: Math.random,
  }),
  kinds: ["noop"],
  concurrency: 1000,
  perKind: {},
  onClaimed: () => undefined,
  onEnded: () => undefined,
  onError: (error, doing) => console.error(`${name} could not ${doing}:`, error),
});
database.listen("longhaul_ready", () => worker.wake());
process.on("disconnect", () => process.exit());
process.on("message", () => worker.start());
process.send?.("ready");
