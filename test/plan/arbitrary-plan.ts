import fc from "fast-check";
import { Automation, type Plan, Plan as PlanModel, PlanStatus, planSources, taskKinds } from "../../plan/model.ts";

const text = fc.string({ maxLength: 20, unit: "grapheme" });
const name = text.filter((value) => value !== "");
const line = fc.integer({ min: 1, max: 9999 });
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const minutes = fc.double({ min: 0, max: 1e6, noNaN: true }).map((value) => (value === 0 ? 0 : value));
const estimate = fc.record(
  { min: minutes, likely: minutes, max: minutes, unit: fc.constantFrom("minutes", "unknown"), raw: text },
  { requiredKeys: ["unit"] },
);
const criterion = fc.record(
  {
    id: name,
    criterion: text,
    anti: fc.boolean(),
    test: fc.constantFrom("auto", "manual"),
    command: text,
    expected: text,
    status: fc.constantFrom(...PlanStatus.options),
    line,
  },
  { requiredKeys: ["id", "criterion", "anti", "test", "status"] },
);
const statusSource = fc.record({ where: text, line, says: text }, { requiredKeys: ["where", "says"] });
const json = fc.jsonValue({ maxDepth: 3 }).map((value) => JSON.parse(JSON.stringify(value)) as unknown);
const extra = fc.dictionary(fc.constantFrom("a", "b", "owner", "Ünïcode"), json, { maxKeys: 3 });

/**
 * Plans as the readers make them: unique ids, references to what exists, dependencies only on earlier tasks and phases. Tasks come in the
 * order of their phases, or a phase could wait for one that waits for it through a task.
 */
export const arbitraryPlan: fc.Arbitrary<Plan> = fc
  .record({
    groups: fc.integer({ min: 0, max: 4 }),
    tasks: fc.integer({ min: 0, max: 25 }),
    title: text,
    goal: maybe(text),
    source: fc.constantFrom(...planSources),
  })
  .chain(({ groups, tasks, title, goal, source }) => {
    const groupIds = Array.from({ length: groups }, (_, index) => `phase-${index + 1}`);
    const taskIds = Array.from({ length: tasks }, (_, index) => `t${index + 1}`);
    const dependency = (known: string[]) =>
      known.length === 0
        ? fc.constant([])
        : fc.uniqueArray(
            fc.record(
              {
                to: fc.constantFrom(...known),
                kind: fc.constantFrom("explicit", "implied"),
                rule: text,
                line,
                active: fc.boolean(),
              },
              { requiredKeys: ["to", "kind", "rule", "active"] },
            ),
            {
              maxLength: 3,
              selector: (edge) => edge.to,
            },
          );
    const group = (index: number) =>
      fc.record({
        id: fc.constant(groupIds[index] as string),
        displayId: fc.constant(String(index + 1)),
        title: text,
        order: fc.constant(index),
        status: fc.constantFrom(...PlanStatus.options),
        statusSources: fc.array(statusSource, { maxLength: 2 }),
        dependencies: dependency(groupIds.slice(0, index)),
        criteria: fc.array(criterion, { maxLength: 2 }),
      });
    const task = (index: number) =>
      fc.record(
        {
          id: fc.constant(taskIds[index] as string),
          displayId: name,
          title: text,
          description: text,
          status: fc.constantFrom(...PlanStatus.options),
          statusSources: fc.array(statusSource, { maxLength: 2 }),
          optional: fc.boolean(),
          dependencies: dependency(taskIds.slice(0, index)),
          kind: fc.constantFrom(...taskKinds),
          automation: fc.constantFrom(...Automation.options),
          estimate,
          verification: fc.array(criterion, { maxLength: 2 }),
          steps: fc.array(fc.record({ text, status: fc.constantFrom(...PlanStatus.options) }), { maxLength: 2 }),
          labels: fc.array(text, { maxLength: 2 }),
          params: extra,
          extra,
          phase: fc.constant(groupIds[Math.floor((index * groups) / tasks)] ?? ""),
          sourceLine: line,
        },
        { requiredKeys: ["id", "displayId", "title", "dependencies"], noNullPrototype: true },
      );
    return fc
      .record({
        phases: fc.tuple(...groupIds.map((_, index) => group(index))),
        tasks: fc.tuple(...taskIds.map((_, index) => task(index))),
        criteria: fc.array(criterion, { maxLength: 3 }),
        conversationId: text,
        tags: fc.array(text, { maxLength: 2 }),
      })
      .map(({ phases, tasks: list, criteria, conversationId, tags }) =>
        PlanModel.parse({
          id: "0190b8a0-0000-7000-8000-000000000000",
          conversationId,
          source,
          format: { name: "task-list", confidence: 0.8 },
          title,
          ...(goal !== undefined && { goal }),
          phases,
          tasks: list.map((item) =>
            groups === 0 ? Object.fromEntries(Object.entries(item).filter(([key]) => key !== "phase")) : item,
          ),
          criteria,
          input: [{ file: "plan.json", bytes: 12, eol: "lf", bom: false, encoding: "utf-8" }],
          metadata: { created: "2026-01-01T00:00:00.000Z", estimatedDuration: 10, contextBudget: 64_000, tags },
        }),
      );
  });
