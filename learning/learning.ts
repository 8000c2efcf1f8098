/** Puts the parts of learning together as one orchestrator needs them. */
import type { PatternStore } from "../orchestrator/store/patterns.ts";
import { createEmbedder, type EmbedderOptions } from "./embed.ts";
import { Learner } from "./learner.ts";
import { createPostgresIndex } from "./postgres-index.ts";
import { createQdrantIndex, type QdrantOptions } from "./qdrant-index.ts";
import { createRecommender, type Recommender } from "./recommend.ts";

export type LearningOptions = {
  store: PatternStore;
  qdrant: Omit<QdrantOptions, "model"> | undefined;
  embedding: (Omit<EmbedderOptions, "now"> & { floor: number | undefined }) | undefined;
  redact(text: string): string;
  onError(error: unknown, doing: string): void;
  onLearned(patterns: number): void;
  now(): number;
};

export type Learning = { learner: Learner; recommend: Recommender; indexName: string };

export function createLearning({ store, qdrant, embedding, redact, onError, onLearned, now }: LearningOptions): Learning {
  const embedder = embedding === undefined ? undefined : createEmbedder({ ...embedding, now });
  const own = createPostgresIndex(store, embedder?.model);
  const index = qdrant === undefined ? own : createQdrantIndex({ ...qdrant, model: embedder?.model }, store);
  return {
    learner: new Learner({ store, index, embedder, redact, onError, onLearned }),
    recommend: createRecommender({
      store,
      index,
      fallback: own,
      embedder,
      meaningFloor: embedding?.floor,
      onDegraded: onError,
      now,
    }),
    indexName: index.name,
  };
}
