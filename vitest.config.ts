import { defineConfig } from "vitest/config";

/** Every test file gets its own process; three at a time on the two cores of the reference machine, because most tests wait for processes. */
export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    pool: "forks",
    maxWorkers: 3,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    globalSetup: ["test/support/global-setup.ts"],
  },
});
