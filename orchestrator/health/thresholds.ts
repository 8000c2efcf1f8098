/** When something is out of bounds (SPEC §10), and the variables that move the bounds. */
import { z } from "zod";

const share = (fallback: number) => z.coerce.number().gt(0).lt(1).default(fallback);

/** Part of the environment's schema. */
export const healthVariables = {
  LONGHAUL_HEALTH_SECONDS: z.coerce.number().min(0.1).max(3600).default(5),
  LONGHAUL_HEALTH_ESTIMATE_FACTOR: z.coerce.number().min(1).max(1000).default(2),
  LONGHAUL_HEALTH_LIMIT_SHARE: share(0.8),
  LONGHAUL_HEALTH_MEMORY_SHARE: share(0.8),
  LONGHAUL_HEALTH_SILENT_MINUTES: z.coerce.number().positive().max(100_000).default(10),
  LONGHAUL_HEALTH_DISK_SHARE: share(0.1),
  LONGHAUL_HEALTH_DISK_CRITICAL_SHARE: share(0.02),
};

export type Thresholds = Readonly<{
  /** How often running tasks and disks are looked at. */
  everyMs: number;
  /** A task that takes more than so many times its estimate. */
  estimateFactor: number;
  /** Share of its wall time that a task may use unremarked. */
  limitShare: number;
  memoryShare: number;
  silentMs: number;
  /** Share of a disk that is to stay free; below the second one nothing goes on. */
  diskShare: number;
  diskCriticalShare: number;
}>;

export function thresholdsOf(values: z.infer<z.ZodObject<typeof healthVariables>>): Thresholds {
  return Object.freeze({
    everyMs: values.LONGHAUL_HEALTH_SECONDS * 1000,
    estimateFactor: values.LONGHAUL_HEALTH_ESTIMATE_FACTOR,
    limitShare: values.LONGHAUL_HEALTH_LIMIT_SHARE,
    memoryShare: values.LONGHAUL_HEALTH_MEMORY_SHARE,
    silentMs: values.LONGHAUL_HEALTH_SILENT_MINUTES * 60_000,
    diskShare: values.LONGHAUL_HEALTH_DISK_SHARE,
    diskCriticalShare: values.LONGHAUL_HEALTH_DISK_CRITICAL_SHARE,
  });
}
