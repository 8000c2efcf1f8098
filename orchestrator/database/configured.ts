/** The database that the configuration asks for: a server of our own unless one is named. */
import { join } from "node:path";
import type { Config } from "../config.ts";
import type { Connection } from "../store/db.ts";
import { connectExternal } from "./external.ts";
import { keepEmbedded } from "./keeper.ts";

export type ConfiguredDatabase = { connection: Connection; embedded: boolean; stop(): Promise<void> };

/** @param log takes lines about the embedded server's start and adoption */
export async function openConfiguredDatabase(config: Config, log: (line: string) => void): Promise<ConfiguredDatabase> {
  if (config.database.kind === "embedded") {
    const { SUDO_UID: uid, SUDO_GID: gid } = config.environment;
    const sudo = uid === undefined || gid === undefined ? {} : { sudo: { uid: Number(uid), gid: Number(gid) } };
    const server = await keepEmbedded({ directory: join(config.home, "postgres"), log, ...sudo });
    return { connection: server.connection, embedded: true, stop: () => server.stop() };
  }
  const server = await connectExternal(config.database);
  return { connection: server.connection, embedded: false, stop: () => Promise.resolve() };
}
