/**
 * Vectors of texts from any server that speaks OpenAI's embeddings API (OpenAI, Ollama, LM Studio, vLLM, text-embeddings-inference).
 *
 * Servers differ: some answer out of order, some with base64 unless asked for floats, some with vectors that are all zero for text they
 * cannot take. Every answer is checked, and one that does not pass counts as a failure of the service. After three failures in a row it is
 * left alone for a while, so that a service that is down costs a search nothing.
 */
import type OpenAI from "openai";

export type EmbedderOptions = {
  baseUrl: string | undefined;
  apiKey: string | undefined;
  model: string;
  /** Put in front of what is searched for and of what is found; some models are trained with them. */
  queryPrefix: string;
  documentPrefix: string;
  now(): number;
};

export type Embedder = {
  /** Names the vectors: those of different models do not compare. */
  readonly model: string;
  /**
   * Unit vectors, one for each text, in order.
   * @throws Error when the service is away or answers nonsense
   */
  embed(texts: string[], as: "query" | "document"): Promise<Float32Array[]>;
};

const batch = 32;
/** Characters; the smallest usual context (512 tokens) holds about this much of code and prose. */
const longestText = 2000;
/** Somebody waits for a question; documents are embedded behind the work, perhaps by a model on a busy processor. */
const timeoutMs = { query: 5_000, document: 60_000 } as const;
const failuresBeforeRest = 3;
const restMs = 30_000;

export function createEmbedder(options: EmbedderOptions): Embedder {
  let client: Promise<OpenAI> | undefined;
  let failures = 0;
  let restsUntilMs = 0;

  async function connect(): Promise<OpenAI> {
    const { default: OpenAI } = await import("openai"); // 60 ms and 10 MB that an offline installation never pays
    return new OpenAI({
      apiKey: options.apiKey ?? "none",
      maxRetries: 1,
      ...(options.baseUrl === undefined ? {} : { baseURL: options.baseUrl }),
    });
  }

  async function request(input: string[], timeout: number): Promise<Float32Array[]> {
    if (options.now() < restsUntilMs) throw new Error("The embedding service failed a moment ago and is left alone.");
    try {
      client ??= connect();
      const answer = await (await client).embeddings.create(
        { model: options.model, input, encoding_format: "float" },
        { timeout },
      );
      const vectors = answer.data.toSorted((a, b) => a.index - b.index).map(({ embedding }) => unit(embedding));
      check(vectors, input.length);
      failures = 0;
      return vectors;
    } catch (error) {
      failures += 1;
      if (failures >= failuresBeforeRest) restsUntilMs = options.now() + restMs;
      throw error;
    }
  }

  return {
    model: options.model,
    async embed(texts, as) {
      const prefix = as === "query" ? options.queryPrefix : options.documentPrefix;
      const prepared = texts.map((text) => `${prefix}${text.slice(0, longestText).toWellFormed()}`.trim() || "-");
      const vectors: Float32Array[] = [];
      for (let at = 0; at < prepared.length; at += batch)
        vectors.push(...(await request(prepared.slice(at, at + batch), timeoutMs[as])));
      return vectors;
    },
  };
}

function unit(values: number[]): Float32Array {
  const length = Math.hypot(...values);
  return Float32Array.from(values, (value) => value / length);
}

function check(vectors: Float32Array[], expected: number): void {
  const dimensions = vectors[0]?.length ?? 0;
  if (vectors.length !== expected) throw new Error(`The embedding service sent ${vectors.length} vectors for ${expected} texts.`);
  if (dimensions === 0 || vectors.some((vector) => vector.length !== dimensions))
    throw new Error("The embedding service sent vectors of different or no length.");
  if (vectors.some((vector) => !Number.isFinite(vector[0]) || vector.some((value) => !Number.isFinite(value))))
    throw new Error("The embedding service sent a vector that is empty or not made of numbers.");
}
