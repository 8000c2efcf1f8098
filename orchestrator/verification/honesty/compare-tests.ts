/**
 * What tests said before and do not say now. Nothing is tied to names or files: an assertion counts as kept when it stands in some test that
 * runs, or when a changed test makes one of at least its strength about the same values and calls. So renaming, moving, splitting, tables and
 * another assertion library are no findings.
 */

import type { Finding } from "../../api/test-result-contract.ts";
import type { Assertion } from "./assertion.ts";
import type { TestCase, TestFile } from "./test-case.ts";

/** A finding with the words that say what it is about, for the question whether the task asked for it. */
export type Suspicion = Finding & {
  /** Words of its name, file and calls. */
  about: string;
  /** Where an expected value changed: what it was and what it is. */
  values?: { before: string[]; after: string[] };
};

export function compareTests(before: readonly TestFile[], after: readonly TestFile[]): Suspicion[] {
  const old = before.flatMap((file) => file.tests).filter((test) => !test.inactive);
  const now = after.flatMap((file) => file.tests);
  const kept = new Kept(old, now);
  const partners = partnersOf(old, now);
  const commented = after.map(({ comments }) => comments).join("\n");
  return [...focused(before, after), ...old.flatMap((test) => lostIn(test, partners.get(test), kept, commented))];
}

function focused(before: readonly TestFile[], after: readonly TestFile[]): Suspicion[] {
  const known = new Set(before.flatMap(({ tests }) => tests.filter((test) => test.focused).map(({ name }) => name)));
  return after
    .flatMap(({ tests }) => tests.filter((test) => test.focused && !known.has(test.name)))
    .map((test) => suspicion(test, "focused", `'${test.name}' is singled out (only), so that the other tests are not run`));
}

/** Test by test: the same name in the same file, else the same name anywhere. */
function partnersOf(old: readonly TestCase[], now: readonly TestCase[]): Map<TestCase, TestCase> {
  const free = new Set(now);
  const partners = new Map<TestCase, TestCase>();
  const pair = (same: (one: TestCase, other: TestCase) => boolean) => {
    for (const test of old) {
      if (partners.has(test)) continue;
      const found = [...free].find((other) => same(test, other));
      if (found === undefined) continue;
      partners.set(test, found);
      free.delete(found);
    }
  };
  pair((one, other) => one.file === other.file && one.name === other.name);
  pair((one, other) => one.name === other.name);
  pair((one, other) => one.body === other.body);
  return partners;
}

/** Which assertions there are now, in tests that run. */
class Kept {
  readonly #texts = new Map<string, number>();
  /** Tests that are new or say something new, with what is new in them. */
  readonly #changed: { test: TestCase; fresh: Assertion[] }[];

  constructor(old: readonly TestCase[], now: readonly TestCase[]) {
    const running = now.filter((test) => !test.inactive);
    const left = count(old);
    for (const test of running) for (const { text } of test.assertions) this.#texts.set(text, (this.#texts.get(text) ?? 0) + 1);
    this.#changed = running.flatMap((test) => {
      const fresh = test.assertions.filter(({ text }) => {
        const known = left.get(text) ?? 0;
        left.set(text, known - 1);
        return known <= 0;
      });
      return fresh.length > 0 || test.rows.length > 0 ? [{ test, fresh }] : [];
    });
  }

  /** True once for each time the assertion is there. */
  takes(assertion: Assertion): boolean {
    const left = this.#texts.get(assertion.text) ?? 0;
    if (left > 0) this.#texts.set(assertion.text, left - 1);
    return left > 0;
  }

  /** A changed test that says as much about the same. */
  absorbs(assertion: Assertion): boolean {
    return this.#changed.some(
      ({ test, fresh }) =>
        fresh.some(
          (one) =>
            one.form !== assertion.form && // else it is the same about other values
            (one.strength > assertion.strength || (one.strength === assertion.strength && one.negated === assertion.negated)) &&
            // How near is near enough is no question any more where a value has to be the same.
            [...assertion.literals, ...(one.strength > assertion.strength ? [] : assertion.tolerance)].every((value) =>
              test.literals.has(value),
            ),
        ) && assertion.names.every((name) => test.names.has(name)),
    );
  }

  /** Some test that runs has these values: those of a row of a table. */
  hasRow(row: readonly string[], names: ReadonlySet<string>): boolean {
    return this.#changed.some(
      ({ test }) => row.every((value) => test.literals.has(value)) && [...names].every((name) => test.names.has(name)),
    );
  }
}

function count(tests: readonly TestCase[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const test of tests) for (const { text } of test.assertions) counts.set(text, (counts.get(text) ?? 0) + 1);
  return counts;
}

function lostIn(test: TestCase, partner: TestCase | undefined, kept: Kept, commented: string): Suspicion[] {
  const lost = test.assertions.filter((assertion) => !kept.takes(assertion) && !kept.absorbs(assertion));
  const rows = test.rows.filter((row) => !kept.hasRow(row, new Set()));
  if (partner === undefined) {
    const gone = test.assertions.length === 0 || lost.length > 0;
    if (!gone) return [];
    const how = squeezed(commented).includes(squeezed(test.name)) ? "is commented out" : "is gone";
    return [suspicion(test, "deleted", `the test '${test.name}' ${how}`)];
  }
  if (partner.inactive) {
    if (test.assertions.length > 0 && lost.length === 0) return []; // somewhere else it is still said
    return [suspicion(test, "skipped", `the test '${test.name}' is skipped or expected to fail now`)];
  }
  const found: Suspicion[] = lost.map((assertion) => changed(test, partner, assertion));
  if (rows.length > 0)
    found.push(suspicion(test, "weakened", `'${test.name}' is not run for ${rows.length} of its cases any more`));
  if (partner.swallows > test.swallows)
    found.push(suspicion(test, "weakened", `'${test.name}' catches what its assertions throw, or does not reach them any more`));
  return found;
}

function changed(test: TestCase, partner: TestCase, assertion: Assertion): Suspicion {
  const before = new Set(test.assertions.map(({ text }) => text));
  const fresh = partner.assertions.filter(({ text }) => !before.has(text));
  const instead = fresh
    .filter((one) => one.strength >= assertion.strength && one.strength > 0)
    .find((one) => assertion.names.every((name) => one.names.includes(name)));
  const shown = assertion.text.slice(0, 160);
  if (instead === undefined) {
    const what = fresh.length === 0 ? "is gone" : `has become vaguer (${fresh[0]?.text.slice(0, 160)})`;
    return suspicion(test, "weakened", `in '${test.name}' the assertion ${shown} ${what}`);
  }
  const values = {
    before: assertion.literals.filter((value) => !instead.literals.includes(value)),
    after: instead.literals.filter((value) => !assertion.literals.includes(value)),
  };
  // Fewer values than before is no other value.
  const kind = values.after.length === 0 && values.before.length > 0 ? "weakened" : "rewritten";
  return {
    ...suspicion(test, kind, `'${test.name}' expects something else: ${shown} is now ${instead.text.slice(0, 160)}`),
    values,
  };
}

const squeezed = (text: string) => text.replaceAll(/[\s\\]+/g, "");

const suspicion = (test: TestCase, kind: Finding["kind"], message: string): Suspicion => ({
  kind,
  file: test.file,
  test: test.name,
  message,
  about: [test.name, test.file, ...test.names].join(" "),
});
