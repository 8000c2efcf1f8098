/** How full the disks are that a node writes to. */
import { stat, statfs } from "node:fs/promises";

export type Disk = { path: string; freeBytes: number; totalBytes: number; freeShare: number };

/** One entry per file system, under the first of its folders; folders that are not there are left out. */
export async function disksOf(folders: Iterable<string>): Promise<Disk[]> {
  const disks = new Map<number, Disk>();
  for (const path of folders) {
    try {
      const { dev } = await stat(path);
      if (disks.has(dev)) continue;
      const { bavail, blocks, bsize } = await statfs(path);
      if (blocks === 0) continue; // pseudo file systems have no size
      disks.set(dev, { path, freeBytes: bavail * bsize, totalBytes: blocks * bsize, freeShare: bavail / blocks });
    } catch {
      // Removed, or not to be read: nothing is written there.
    }
  }
  return [...disks.values()];
}

export const diskText = ({ path, freeBytes, freeShare }: Disk): string =>
  `the disk of ${path} has ${Math.round(freeBytes / 1024 / 1024)} MB free (${Math.round(freeShare * 1000) / 10} %)`;
