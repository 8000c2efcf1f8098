/** What goes to the model stays small however large a plan is: counts are complete, lists are cut until the whole fits. */

const longestResultBytes = 4_096;

/** @param build makes the result with at most so many entries in each of its lists */
export function fitResult<Result>(mostListed: number, build: (listed: number) => Result): Result {
  for (let listed = mostListed; listed > 0; listed = Math.floor(listed / 2)) {
    const result = build(listed);
    if (Buffer.byteLength(JSON.stringify(result)) <= longestResultBytes) return result;
  }
  return build(0);
}
