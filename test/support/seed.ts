/** Random numbers that a failing run can be repeated with: LONGHAUL_SEED sets the seed, which is printed. */
export function seededRandom(): () => number {
  const seed = Number(process.env["LONGHAUL_SEED"] ?? Date.now() % 1_000_000);
  console.log(`seed ${seed} (LONGHAUL_SEED repeats it)`);
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** How often a fault is repeated: the long number with npm run test:fault. */
export const faultRounds = (short: number, long: number): number => (process.env["LONGHAUL_FAULT"] === "full" ? long : short);
