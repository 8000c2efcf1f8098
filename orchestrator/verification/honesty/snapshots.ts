/** Expectations that are stored beside tests: made anew they say whatever the code says. New ones are no findings. */
import type { Suspicion } from "./compare-tests.ts";
import type { Side } from "./finding.ts";

const stored =
  /(?:^|\/)(?:__snapshots__|__image_snapshots__)\/|\.(?:snap|ambr|golden|approved(?:\.\w+)?)$|(?:^|\/)(?:testdata|fixtures)\/.*(?:expected|golden)|\.expected(?:\.\w+)?$/;

export function compareSnapshots(before: Side, after: Side, hasTest: (name: string) => boolean): Suspicion[] {
  const now = new Map([...after.changed].flatMap(([path, text]) => (stored.test(path) ? entriesOf(path, text) : [])));
  return [...before.changed].flatMap(([path, text]) => {
    if (!stored.test(path)) return [];
    return entriesOf(path, text).flatMap(([name, value]): Suspicion[] => {
      const is = now.get(name) ?? sameElsewhere(now, value);
      if (is === value || (is !== undefined && isAdded(value, is))) return [];
      // A snapshot of a test that is gone goes with it; that the test is gone is another finding, if it is one.
      if (is === undefined && !hasTest(name.replace(/ \d+$/, ""))) return [];
      const what = is === undefined ? "is gone" : "was made anew";
      const values = { before: [value], after: [is ?? ""] };
      return [
        { kind: "snapshot", file: path, message: `the stored expectation '${name}' ${what}`, about: `${path} ${name}`, values },
      ];
    });
  });
}

/** Everything that was expected is, in the same order, and more. */
function isAdded(before: string, after: string): boolean {
  const lines = after.split("\n");
  let at = 0;
  for (const line of before.split("\n")) {
    at = lines.indexOf(line, at) + 1;
    if (at === 0) return false;
  }
  return true;
}

const sameElsewhere = (now: ReadonlyMap<string, string>, value: string) => [...now.values()].find((one) => one === value);

function entriesOf(path: string, text: string): [string, string][] {
  const entries = [...text.matchAll(/^exports\[`((?:\\[\s\S]|[^`\\])*)`\] = `((?:\\[\s\S]|[^`\\])*)`;/gm)];
  return entries.length > 0 ? entries.map(([, name = "", value = ""]) => [name, value]) : [[path, text]];
}
