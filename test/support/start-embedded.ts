/** A process that starts the embedded server of a directory, says so on standard output, and waits to be killed. */
import { startEmbedded } from "../../orchestrator/database/embedded.ts";

const server = await startEmbedded({ directory: process.argv[2] as string, settings: { max_connections: "20" } });
process.stdout.write(`${JSON.stringify({ pid: server.pid, adopted: server.adopted, ...server.connection })}\n`);
setInterval(() => undefined, 60_000);
