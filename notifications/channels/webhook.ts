/**
 * Signed webhooks (standardwebhooks.com): id, timestamp and an HMAC over both and the body. Addresses come from whoever hands off a plan, so
 * the name is resolved here, every address is checked, and the connection goes to the address that was checked; redirects are not followed.
 */
import { createHmac } from "node:crypto";
import { type LookupAddress, lookup } from "node:dns";
import { request as requestPlain } from "node:http";
import { request as requestTls } from "node:https";
import { BlockList, isIP, type LookupFunction } from "node:net";
import { type Channel, type Delivery, deliveryOf, timeoutMs } from "./channel.ts";

export type WebhookOptions = {
  /** For executions that name none; undefined when there is no such. */
  url: string | undefined;
  secret: string;
  /** Also addresses of this machine and of private networks. */
  allowPrivate: boolean;
  now(): number;
};

const ownNetworks = new BlockList();
for (const [network, bits] of [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["224.0.0.0", 3],
] as const)
  ownNetworks.addSubnet(network, bits, "ipv4");
for (const [network, bits] of [
  ["::", 96], // unspecified, loopback, embedded IPv4
  ["::ffff:0:0", 96],
  ["64:ff9b::", 96], // these four lead to IPv4 addresses through translators and tunnels
  ["64:ff9b:1::", 48],
  ["2001::", 32],
  ["2002::", 16],
  ["fc00::", 7],
  ["fe80::", 10],
  ["ff00::", 8],
] as const)
  ownNetworks.addSubnet(network, bits, "ipv6");

export function createWebhook({ url, secret, allowPrivate, now }: WebhookOptions): Channel {
  const isAllowed = (address: string, family: number) =>
    allowPrivate || !ownNetworks.check(address, family === 6 ? "ipv6" : "ipv4");

  /** Gives only addresses that may be called, so that there is no second look-up between the check and the call. */
  const checkedLookup: LookupFunction = (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, found) => {
      const addresses =
        error === null ? (found as LookupAddress[]).filter(({ address, family }) => isAllowed(address, family)) : [];
      const [first] = addresses;
      if (first === undefined) callback(error ?? new Error("private address"), "", 4);
      else if (options.all === true) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };

  return {
    send(message, id, target) {
      const address = target ?? url;
      if (address === undefined) return Promise.resolve({ ok: false, permanent: true, error: "no address" });
      const body = JSON.stringify({ id, ...message });
      const timestamp = String(Math.floor(now() / 1000));
      const signature = createHmac("sha256", secret).update(`${id}.${timestamp}.${body}`).digest("base64");
      const headers = {
        "content-type": "application/json",
        "webhook-id": id,
        "webhook-timestamp": timestamp,
        "webhook-signature": `v1,${signature}`,
      };
      return call(address, body, headers, checkedLookup, isAllowed);
    },
  };
}

function call(
  address: string,
  body: string,
  headers: Record<string, string>,
  checkedLookup: LookupFunction,
  isAllowed: (address: string, family: number) => boolean,
): Promise<Delivery> {
  const url = new URL(address);
  if (url.protocol !== "http:" && url.protocol !== "https:")
    return Promise.resolve({ ok: false, permanent: true, error: "the address is neither http nor https" });
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const family = isIP(host);
  if (family !== 0 && !isAllowed(host, family))
    return Promise.resolve({ ok: false, permanent: true, error: "the address is private" });
  return new Promise((resolve) => {
    const send = url.protocol === "https:" ? requestTls : requestPlain;
    const request = send(
      url,
      { method: "POST", headers, lookup: checkedLookup, signal: AbortSignal.timeout(timeoutMs) },
      (response) => {
        let text = "";
        response.on("data", (chunk: Buffer) => {
          text += chunk.toString();
          if (text.length > 10_000) request.destroy();
        });
        response.on("close", () => resolve(deliveryOf(response.statusCode ?? 0, response.headers["retry-after"] ?? null, text)));
      },
    );
    request.on("error", (error) =>
      resolve(
        error.message === "private address"
          ? { ok: false, permanent: true, error: "the address is private" }
          : { ok: false, permanent: false, unreachable: true, error: "no connection" },
      ),
    );
    request.end(body);
  });
}
