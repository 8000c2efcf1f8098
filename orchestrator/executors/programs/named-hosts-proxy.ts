/**
 * The only way out of the task's browser: a proxy in this process that connects to the hosts which the owner named and to nothing else. A page
 * may redirect, embed and fetch what it likes; what is not named gets no packet, whatever part of the browser asks.
 */
import { once } from "node:events";
import { createServer, request as requestPlain } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { isNamedHost } from "../../network-guard.ts";

export type NamedHostsProxy = {
  url: string;
  /** Hosts that were asked for and are not named. */
  refused: ReadonlySet<string>;
  close(): void;
};

/** Marks answers of the proxy's own. */
export const refusalHeader = "x-longhaul-refused";
const connectMs = 20_000;

export async function startNamedHostsProxy(named: readonly string[]): Promise<NamedHostsProxy> {
  const refused = new Set<string>();
  const isNamed = (url: URL) => {
    const yes = isNamedHost(named, url);
    if (!yes) refused.add(url.host);
    return yes;
  };
  const server = createServer((incoming, answer) => {
    const url = URL.parse(incoming.url ?? "");
    if (url?.protocol !== "http:" || !isNamed(url))
      return void answer.writeHead(403, { [refusalHeader]: "host" }).end("This host was not named by the plan's owner.");
    const { "proxy-connection": _own, ...headers } = incoming.headers;
    const outgoing = requestPlain(
      url,
      { method: incoming.method ?? "GET", headers, timeout: connectMs, agent: false },
      (response) => {
        answer.writeHead(response.statusCode ?? 502, response.headers);
        response.pipe(answer);
      },
    );
    outgoing.once("error", () => (answer.headersSent ? answer.destroy() : void answer.writeHead(502).end()));
    incoming.pipe(outgoing);
  });
  server.on("connect", (incoming, socket, head) => {
    socket.on("error", () => undefined);
    const url = URL.parse(`https://${incoming.url ?? ""}`);
    if (url === null || !isNamed(url)) return void socket.end("HTTP/1.1 403 Forbidden\r\n\r\n");
    const onward = connect({ host: url.hostname.replace(/^\[|\]$/g, ""), port: Number(url.port || 443), timeout: connectMs });
    onward.once("connect", () => {
      onward.setTimeout(0);
      socket.write("HTTP/1.1 200 Connection Established\r\n\r\n");
      onward.write(head);
      onward.pipe(socket);
      socket.pipe(onward);
    });
    onward.once("timeout", () => onward.destroy());
    onward.on("error", () => socket.destroy());
    socket.on("close", () => onward.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    refused,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
