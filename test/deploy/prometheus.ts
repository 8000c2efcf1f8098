/** A real Prometheus (Debian's package) on a port of its own, with the configuration of grafana/ but for addresses and intervals. */
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";

export const folder = fileURLToPath(new URL("../../grafana/", import.meta.url));
export const hasPrometheus =
  spawnSync("prometheus", ["--version"]).status === 0 && spawnSync("promtool", ["--version"]).status === 0;

export type Sample = { metric: Record<string, string>; value: [number, string] };
export type Prometheus = {
  query(expr: string): Promise<Sample[]>;
  get(path: string): Promise<unknown>;
  close(): Promise<void>;
};

/** What promtool says about files; empty when it finds nothing wrong. */
export function promtool(...args: string[]): string {
  const { status, stdout, stderr } = spawnSync("promtool", args, { encoding: "utf8" });
  return status === 0 ? "" : stdout + stderr;
}

export async function startPrometheus(target: { url: string; token: string }): Promise<Prometheus> {
  const home = await mkdtemp("/tmp/longhaul-prometheus-");
  await chmod(home, 0o700);
  const config = (await readFile(join(folder, "prometheus/prometheus.yaml"), "utf8"))
    .replace("127.0.0.1:8400", new URL(target.url).host)
    .replace("/run/secrets/longhaul_token", join(home, "token"))
    .replace(/(scrape|evaluation)_interval: \d+s/g, "$1_interval: 1s");
  await writeFile(join(home, "token"), target.token, { mode: 0o600 });
  await writeFile(join(home, "prometheus.yaml"), config);
  await writeFile(join(home, "rules.yaml"), await readFile(join(folder, "prometheus/rules.yaml")));
  execFileSync("promtool", ["check", "config", join(home, "prometheus.yaml")]);
  const port = await freePort();
  const child = spawn(
    "prometheus",
    [`--config.file=${home}/prometheus.yaml`, `--storage.tsdb.path=${home}/data`, `--web.listen-address=127.0.0.1:${port}`],
    { stdio: "ignore" },
  );
  const url = `http://127.0.0.1:${port}`;
  const get = async (path: string) => {
    const answer = (await (await fetch(`${url}${path}`)).json()) as { status: string; error?: string; data: unknown };
    if (answer.status !== "success") throw new Error(`${path}: ${answer.error ?? "no success"}`);
    return answer.data;
  };
  for (const deadline = Date.now() + 30_000; ; await delay(100)) {
    const ready = await fetch(`${url}/-/ready`).catch(() => undefined);
    if (ready?.ok) break;
    if (Date.now() > deadline || child.exitCode !== null) throw new Error("Prometheus did not start");
  }
  return {
    get,
    async query(expr) {
      const { result } = (await get(`/api/v1/query?query=${encodeURIComponent(expr)}`)) as { result: Sample[] };
      return result;
    },
    async close() {
      const ended = once(child, "exit");
      if (child.exitCode === null && child.kill("SIGTERM")) await ended;
      await rm(home, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
