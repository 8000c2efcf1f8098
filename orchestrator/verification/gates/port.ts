/** Gate `port`: something listens on `params.port` of `params.host` (127.0.0.1 by default). */
import { connect } from "node:net";
import { type GateCheck, numberParameter, textParameter } from "./gate-check.ts";

const timeoutMs = 5_000;

export const portGate: GateCheck = async (context) => {
  const port = numberParameter(context, "port");
  const host = context.params["host"] === undefined ? "127.0.0.1" : textParameter(context, "host");
  const problem = await new Promise<string | undefined>((resolve) => {
    const socket = connect({ host, port, timeout: timeoutMs });
    const end = (message: string | undefined) => {
      socket.destroy();
      resolve(message);
    };
    socket.on("connect", () => end(undefined));
    socket.on("timeout", () => end(`no answer within ${timeoutMs} ms`));
    socket.on("error", (error) => end(error.message));
  });
  return problem === undefined
    ? { passed: true, message: `${host}:${port} takes connections` }
    : { passed: false, message: `${host}:${port}: ${problem}` };
};
