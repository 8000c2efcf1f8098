/** Gate `http` (also `service`): a GET of `params.url` is answered with `params.status`, any 2xx by default. */
import { type GateCheck, numberParameter, textParameter } from "./gate-check.ts";

const timeoutMs = 10_000;

export const httpGate: GateCheck = async (context) => {
  const url = textParameter(context, "url");
  const wanted = context.params["status"] === undefined ? undefined : numberParameter(context, "status");
  try {
    const signal = AbortSignal.any([context.signal, AbortSignal.timeout(timeoutMs)]);
    const response = await fetch(url, { signal, redirect: "manual" });
    await response.body?.cancel();
    const passed = wanted === undefined ? response.ok : response.status === wanted;
    return { passed, message: `GET ${url} answered ${response.status}${passed ? "" : `, wanted is ${wanted ?? "2xx"}`}` };
  } catch (error) {
    if (context.signal.aborted) throw error;
    const { message, cause } = error as Error;
    return { passed: false, message: `GET ${url}: ${cause instanceof Error ? cause.message : message}` };
  }
};
