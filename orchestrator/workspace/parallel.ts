/** Whether tasks of one kind can run at the same time. Pure. */

/**
 * They cannot when the graph puts them in one line: then the longest path has all of them on it.
 * @param kinds kind of each task by its ordinal
 */
export function canOverlap(
  kind: string,
  kinds: ReadonlyMap<number, string>,
  edges: readonly { dependency: number; dependent: number }[],
): boolean {
  const count = [...kinds.values()].filter((one) => one === kind).length;
  if (count < 2) return false;
  const dependents = new Map<number, number[]>();
  const unmet = new Map([...kinds.keys()].map((ordinal) => [ordinal, 0]));
  for (const { dependency, dependent } of edges) {
    dependents.set(dependency, [...(dependents.get(dependency) ?? []), dependent]);
    unmet.set(dependent, (unmet.get(dependent) ?? 0) + 1);
  }
  const weight = (ordinal: number) => (kinds.get(ordinal) === kind ? 1 : 0);
  const longest = new Map([...kinds.keys()].map((ordinal) => [ordinal, weight(ordinal)]));
  const ready = [...unmet].filter(([, left]) => left === 0).map(([ordinal]) => ordinal);
  for (let ordinal = ready.pop(); ordinal !== undefined; ordinal = ready.pop()) {
    const soFar = longest.get(ordinal) ?? 0;
    for (const dependent of dependents.get(ordinal) ?? []) {
      longest.set(dependent, Math.max(longest.get(dependent) ?? 0, soFar + weight(dependent)));
      const left = (unmet.get(dependent) ?? 1) - 1;
      unmet.set(dependent, left);
      if (left === 0) ready.push(dependent);
    }
  }
  return Math.max(...longest.values()) < count;
}
