/** `/health` of a real orchestrator whose services are there, refuse, or are gone. */

import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import { alertsOf } from "../../../client/health.ts";
import { answerWith, type ChannelServer, startChannelServer } from "../../notifications/channel-server.ts";
import { createTestOrchestrator, type TestOrchestrator, untilEnded } from "../../support/orchestrator.ts";
import { startTestServer } from "../../support/postgres.ts";

let postgres: Awaited<ReturnType<typeof startTestServer>>;
let orchestrator: TestOrchestrator;
let running: Awaited<ReturnType<TestOrchestrator["start"]>>;
let workspace: string;
const servers: Record<"ntfy" | "discord", ChannelServer> = {} as never;
const strict = createServer((request, response) => {
  response.writeHead(request.headers.authorization === "Bearer sk-right" ? 200 : 401).end("{}");
});

beforeAll(async () => {
  servers.ntfy = await startChannelServer();
  servers.discord = await startChannelServer();
  strict.listen(0, "127.0.0.1");
  await once(strict, "listening");
  postgres = await startTestServer();
  workspace = await mkdtemp("/tmp/longhaul-work-");
  orchestrator = await createTestOrchestrator({
    DATABASE_URL: `postgres://longhaul@localhost:5432/longhaul?sslmode=disable&host=${encodeURIComponent(postgres.connection.host)}`,
    NTFY_URL: servers.ntfy.url,
    NTFY_TOPIC: "plans",
    NTFY_TOKEN: "tk_secret_of_ntfy",
    DISCORD_WEBHOOK: `${servers.discord.url}/api/webhooks/1/secret-of-discord`,
    SLACK_WEBHOOK: "http://127.0.0.1:1/services/T/B/secret-of-slack",
    OPENAI_BASE_URL: `http://127.0.0.1:${(strict.address() as AddressInfo).port}`,
    OPENAI_API_KEY: "sk-wrong-secret-of-openai",
    EMBEDDING_MODEL: "words",
    QDRANT_URL: "http://127.0.0.1:65533",
    QDRANT_API_KEY: "secret-of-qdrant",
  });
  running = await orchestrator.start();
});
afterAll(async () => {
  await orchestrator.remove();
  await Promise.all([servers.ntfy.close(), servers.discord.close(), new Promise((closed) => strict.close(closed))]);
  await rm(workspace, { recursive: true, force: true });
  await postgres.stop();
});

const bare = async (path: string) => {
  const response = await fetch(`${running.url}${path}`);
  return { status: response.status, body: (await response.json()) as object };
};

it("tells the owner the state of each dependency and no secret, and probes only what they need", async () => {
  const { client } = running;
  const before = await client.health();
  expect(before).toMatchObject({
    ready: true,
    dependencies: { "channel push": { status: "unknown", detail: "nothing was sent yet" } },
  });
  servers.discord.next(answerWith(404, "unknown webhook"));
  const { executionId } = await client.handoff({
    plan: { title: "One", tasks: [{ id: "one", title: "One", command: "true" }] },
    options: { workspace },
  });
  await untilEnded(client, executionId);
  await expect
    .poll(async () => (await client.health()).dependencies["channel slack"]?.status, { timeout: 15_000, interval: 500 })
    .toBe("down");
  const health = await client.health();
  expect(health).toMatchObject({
    status: "degraded",
    live: true,
    ready: true,
    dependencies: {
      database: { status: "up" },
      disk: { status: expect.stringMatching(/up|degraded/), detail: expect.stringMatching(/ MB free \(/) },
      qdrant: { status: "down", detail: "ECONNREFUSED" },
      embedding: { status: "down", detail: "refuses the key (401)" },
      telemetry: { status: "off" },
      "channel push": { status: "up", detail: expect.stringMatching(/^sent at /) },
      "channel discord": { status: "down", detail: expect.stringMatching(/^gave up: .*404/) },
      "channel slack": { status: "down", detail: expect.stringMatching(/^will try again: /) },
    },
  });
  expect(JSON.stringify(health)).not.toMatch(/secret/);
  expect(await alertsOf(client)).toEqual({ alerts: [] });

  expect(await bare("/health")).toEqual({ status: 200, body: { service: "longhaul", status: "ok", live: true } });
  expect(await bare("/health/ready")).toEqual({ status: 200, body: { service: "longhaul", live: true, ready: true } });
  expect((await bare("/api/alerts")).status).toBe(401);
});

it("stays alive, and says that it is not ready, while the database is away", async () => {
  await postgres.stop();
  expect(await bare("/health/ready")).toEqual({ status: 503, body: { service: "longhaul", live: true, ready: false } });
  expect((await bare("/health")).status).toBe(200);
  expect(await running.client.health()).toMatchObject({
    status: "down",
    live: true,
    ready: false,
    dependencies: { database: { status: "down" } },
  });
});
