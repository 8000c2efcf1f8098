import type { TestProject } from "vitest/node";
import { createTemplate, startTestServer } from "./postgres.ts";

/** One PostgreSQL server for the whole run. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await startTestServer();
  await createTemplate(server.connection);
  project.provide("postgresHost", server.connection.host);
  return () => server.stop();
}
