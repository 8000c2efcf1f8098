/**
 * Signed webhooks (standardwebhooks.com): id, timestamp and an HMAC over both and the body. Addresses come from whoever hands off a plan, so
 * the name is resolved here, every address is checked, and the connection goes to the address that was checked; redirects are not followed.
 */
import { createHmac } from "node:crypto";
import { request as requestPlain } from "node:http";
import { request as requestTls } from "node:https";
import { createNetworkGuard, type NetworkGuard, privateAddress } from "../../orchestrator/network-guard.ts";
import { type Channel, type Delivery, deliveryOf, timeoutMs } from "./channel.ts";

export type WebhookOptions = {
  /** For executions that name none; undefined when there is no such. */
  url: string | undefined;
  secret: string;
  /** Also addresses of this machine and of private networks. */
  allowPrivate: boolean;
  now(): number;
};

export function createWebhook({ url, secret, allowPrivate, now }: WebhookOptions): Channel {
  const guard = createNetworkGuard(allowPrivate);

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
      return call(address, body, headers, guard);
    },
  };
}

function call(address: string, body: string, headers: Record<string, string>, guard: NetworkGuard): Promise<Delivery> {
  const url = new URL(address);
  if (url.protocol !== "http:" && url.protocol !== "https:")
    return Promise.resolve({ ok: false, permanent: true, error: "the address is neither http nor https" });
  if (guard.refuses(url.hostname)) return Promise.resolve({ ok: false, permanent: true, error: "the address is private" });
  return new Promise((resolve) => {
    const send = url.protocol === "https:" ? requestTls : requestPlain;
    const request = send(
      url,
      { method: "POST", headers, lookup: guard.lookup, signal: AbortSignal.timeout(timeoutMs) },
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
        error.message === privateAddress
          ? { ok: false, permanent: true, error: "the address is private" }
          : { ok: false, permanent: false, unreachable: true, error: "no connection" },
      ),
    );
    request.end(body);
  });
}
