/** Patterns in Qdrant: with a server that checks every request against Qdrant's schema, and with a real one where `QDRANT_URL` names it. */
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createEmbedder, type Embedder } from "../../learning/embed.ts";
import { Learner } from "../../learning/learner.ts";
import { wordsOf } from "../../learning/pattern.ts";
import { createPostgresIndex } from "../../learning/postgres-index.ts";
import { createQdrantIndex } from "../../learning/qdrant-index.ts";
import { createRecommender } from "../../learning/recommend.ts";
import { askedTerms } from "../../learning/words.ts";
import { type Database, openDatabase } from "../../orchestrator/store/db.ts";
import { createPatternStore, type PatternStore } from "../../orchestrator/store/patterns.ts";
import { createTestDatabase } from "../support/postgres.ts";
import { type EmbeddingServer, startEmbeddingServer } from "./embedding-server.ts";
import { type QdrantServer, startQdrantServer } from "./qdrant-server.ts";

let database: Database;
let drop: () => Promise<void>;
let store: PatternStore;
let server: QdrantServer;
let embeddings: EmbeddingServer;

beforeAll(async () => {
  const created = await createTestDatabase();
  drop = created.drop;
  database = openDatabase(created.connection);
  store = createPatternStore(database);
  server = await startQdrantServer();
  embeddings = await startEmbeddingServer();
});
afterAll(async () => {
  await server.close();
  await embeddings.close();
  await database.close();
  await drop();
});

async function learn(title: string): Promise<void> {
  const executionId = randomUUID();
  const finishedAt = new Date();
  const payload = {
    conversation_id: "c",
    execution_id: executionId,
    task_id: "t",
    task_title: title,
    task_type: "shell",
    success: true,
    duration_seconds: 12,
    commands: ["make"],
    errors: [],
    warnings: [],
    file_operations: [],
    api_calls: [],
    fixes: [],
    evidence: ["exit 0"],
    cost_usd: null,
    attempts: 1,
    timestamp: finishedAt.toISOString(),
  };
  const pattern = { executionId, taskId: "t", attempt: 1, project: "p", taskType: "shell", outcome: "success" as const };
  await store.learn(executionId, 1, [{ ...pattern, finishedAt, payload, content: title, words: wordsOf(title) }]);
}

function parts(embedder: Embedder | undefined, url: string) {
  const errors: string[] = [];
  const onError = (error: unknown, doing: string) => void errors.push(`${doing}: ${String(error)}`);
  const options = { url, apiKey: undefined, replicationFactor: 1, model: embedder?.model };
  const index = createQdrantIndex(options, store);
  const fallback = createPostgresIndex(store, embedder?.model);
  const learner = new Learner({ store, index, embedder, redact: (text) => text, onError });
  const recommend = createRecommender({
    store,
    index,
    fallback,
    embedder,
    onDegraded: onError,
    now: Date.now,
  });
  return { learner, recommend, errors, index };
}
const embedderFor = (model: string) =>
  createEmbedder({ baseUrl: embeddings.url, apiKey: undefined, model, queryPrefix: "", documentPrefix: "", now: Date.now });

/** Lets the learner work once. */
async function fill(learner: Learner): Promise<void> {
  learner.wake([]);
  await learner.idle();
}

describe("Qdrant", () => {
  it("waits for nothing: patterns learned while it is away are found by words, and are brought to it later", async () => {
    await learn("Deploy the payment service");
    server.setDown(true);
    const away = parts(undefined, server.url);
    await fill(away.learner);
    expect(await away.recommend({ text: "deploy payment service" })).toHaveLength(1);
    expect(away.errors).toEqual([expect.stringContaining("bringing patterns"), expect.stringContaining("searching by meaning")]);

    server.setDown(false);
    const back = parts(undefined, server.url);
    await fill(back.learner);
    expect(back.errors).toEqual([]);
    expect(server.collections.get("execution_patterns_words")?.points.size).toBe(1);
    expect(await back.recommend({ text: "roll out payments" })).toHaveLength(1);
    expect(back.errors).toEqual([]);
  });

  it("gets its collection as specified, behind an alias, and moves to another model by embedding again", async () => {
    await learn("Write the release notes");
    const { learner, recommend, errors } = parts(embedderFor("model-a"), server.url);
    await fill(learner);
    const collection = server.collections.get("execution_patterns_model_a");
    expect(collection?.config).toEqual({
      vectors: { dense: { size: 96, distance: "Cosine" } },
      sparse_vectors: { words: {} },
      optimizers_config: { indexing_threshold: 20_000 },
      replication_factor: 1,
    });
    expect(collection?.indexes).toEqual(["project", "task_type", "success", "timestamp"]);
    expect(collection?.points.size).toBe(2);
    expect([...server.aliases]).toEqual([["execution_patterns", "execution_patterns_model_a"]]);
    expect((await recommend({ text: "Write the release notes" }))[0]).toMatchObject({
      similarity: expect.closeTo(1, 2),
      pattern: { payload: { task_title: "Write the release notes" } },
    });
    await fill(parts(embedderFor("model-b"), server.url).learner);
    expect(server.collections.get("execution_patterns_model_b")?.points.size).toBe(2);
    expect([...server.aliases]).toEqual([["execution_patterns", "execution_patterns_model_b"]]);
    expect(errors).toEqual([]);
  });

  it("ranks what is found by words as the database alone does", async () => {
    const asked = { words: askedTerms("roll out the payments service notes"), vector: undefined };
    const { learner, index } = parts(undefined, server.url);
    await fill(learner);
    const [own, qdrant] = await Promise.all([createPostgresIndex(store, undefined).search(asked, 10), index.search(asked, 10)]);
    expect(own).toHaveLength(2);
    expect(own[0]?.words).toMatchObject({ score: expect.any(Number), similarity: expect.any(Number), mass: expect.any(Number) });
    expect(qdrant).toEqual(own);
  });

  it("was never sent anything that its schema refuses", () => {
    expect(server.refusals).toEqual([]);
  });

  it.runIf(process.env["QDRANT_URL"] !== undefined)("finds and fills the same on a real server", async () => {
    const { learner, recommend, errors } = parts(embedderFor(`real-${Date.now()}`), process.env["QDRANT_URL"] ?? "");
    await fill(learner);
    expect((await recommend({ text: "Write the release notes" }))[0]?.pattern.payload.task_title).toBe("Write the release notes");
    expect(errors).toEqual([]);
  });
});

describe("an embedding service that answers nonsense", () => {
  it.each([
    ["too few vectors", { data: [] }],
    ["empty vectors", { data: [{ index: 0, embedding: [] }] }],
    ["vectors without a direction", { data: [{ index: 0, embedding: [0, 0, 0] }] }],
  ])("is refused: %s", async (_name, body) => {
    embeddings.answerOnce(body);
    await expect(embedderFor("x").embed(["text"], "query")).rejects.toThrow("The embedding service sent");
  });

  it("is left alone after three failures, and asked again later", async () => {
    let now = 0;
    const options = { baseUrl: embeddings.url, apiKey: undefined, model: "x", queryPrefix: "", documentPrefix: "" };
    const embedder = createEmbedder({ ...options, now: () => now });
    for (const body of [{ data: [] }, { data: [] }, { data: [] }]) {
      embeddings.answerOnce(body);
      await expect(embedder.embed(["text"], "query")).rejects.toThrow();
    }
    const asked = embeddings.requests.length;
    await expect(embedder.embed(["text"], "query")).rejects.toThrow("left alone");
    expect(embeddings.requests.length).toBe(asked);
    now = 60_000;
    expect(await embedder.embed(["text"], "query")).toHaveLength(1);
  });
});
