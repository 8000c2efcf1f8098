#!/usr/bin/env node
// Starts the command line on a Node that strips types by itself: the running one when it is new enough,
// else the one that the lockfile brought. Plain JavaScript so that Node 20 can read it.
import { spawn } from "node:child_process";
import module from "node:module";
import { fileURLToPath } from "node:url";
import { installedRuntime } from "./runtime.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const [major, minor] = process.versions.node.split(".").map(Number);

if (major > 23 || (major === 23 && minor >= 6)) {
  module.enableCompileCache?.(); // halves the processor time of a start
  const { main } = await import("../cli/main.ts");
  await main(process.argv);
} else {
  const runtime = installedRuntime();
  if (runtime === undefined) {
    console.error(`Longhaul needs Node 24, this is ${process.version}. Remedy: run 'npm install' in ${root}, which brings it.`);
    process.exit(1);
  }
  const child = spawn(runtime, process.argv.slice(1), { stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("exit", (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal); // ends as the child did
  });
}
