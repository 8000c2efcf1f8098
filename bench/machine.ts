/** What the figures were taken on. */
import { availableParallelism, cpus, loadavg } from "node:os";

export function machineLine(postgresVersion: string): string {
  const load = loadavg().map((value) => value.toFixed(1));
  return [
    `${availableParallelism()} cores (${cpus()[0]?.model.trim() ?? "unknown"})`,
    `load average ${load.join(" ")}`,
    `Node ${process.versions.node}`,
    `PostgreSQL ${postgresVersion} (fsync, synchronous_commit on)`,
  ].join(" · ");
}
