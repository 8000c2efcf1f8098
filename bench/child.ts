/**
 * One engine's own process: opens it, measures it and sends the outcome to the parent. Run by `engine-process.ts` as
 * `node bench/child.ts MODULE JSON`.
 */
import { type Engine, type Environment, type Sizes, Unavailable } from "./engine.ts";
import { type Figures, measure } from "./measure.ts";

export type Assignment = { environment: Environment; sizes: Sizes };

export type Outcome =
  | { status: "measured"; engine: Description; sizes: Sizes; figures: Figures }
  | { status: "unavailable"; message: string }
  | { status: "failed"; message: string };

export type Description = Pick<Engine, "name" | "standing" | "setup">;

async function main(module: string, { environment, sizes: asked }: Assignment): Promise<Outcome> {
  const { engine } = (await import(module)) as { engine: Engine };
  const sizes = smaller(asked, engine.most ?? {});
  const session = await engine.open(environment);
  try {
    const { name, standing, setup } = engine;
    return { status: "measured", engine: { name, standing, setup }, sizes, figures: await measure(session, sizes) };
  } finally {
    await session.close();
  }
}

function smaller(asked: Sizes, most: Partial<Sizes>): Sizes {
  const limited = Object.entries(asked).map(([workload, size]) => [
    workload,
    Math.min(size, most[workload as keyof Sizes] ?? size),
  ]);
  return Object.fromEntries(limited) as Sizes;
}

process.on("disconnect", () => process.exit(1)); // the run was ended; exit listeners take servers along

const [, , module = "", assignment = "{}"] = process.argv;
const outcome = await main(module, JSON.parse(assignment) as Assignment).catch(
  (error: unknown): Outcome =>
    error instanceof Unavailable
      ? { status: "unavailable", message: error.message }
      : { status: "failed", message: error instanceof Error ? (error.stack ?? error.message) : String(error) },
);
process.send?.(outcome, () => process.exit());
