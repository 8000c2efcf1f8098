import { expect, test } from "vitest";
import { z } from "zod";
import { createDoor } from "./door-fixture.ts";

type Json = Record<string, unknown>;
type Operation = {
  operationId: string;
  summary: string;
  parameters?: { name: string; in: string; required?: boolean }[];
  responses: Record<string, { description: string; content?: Record<string, { schema: Json }> }>;
  requestBody?: { content: Record<string, { schema: Json }> };
};
type Document = {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Json; securitySchemes: Json };
};

async function fetchDocument() {
  const door = createDoor();
  const document = (await (await door.request("/openapi.json")).json()) as Document & Json;
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
  return { door, document, operations };
}

test("every route of the app is in the document, and nothing else", async () => {
  const { door, operations } = await fetchDocument();
  const served = new Set(
    door.app.routes
      .filter(({ method }) => method !== "ALL")
      .map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, "{$1}")}`),
  );
  expect(served.size).toBeGreaterThan(25);
  expect(operations.map(({ method, path }) => `${method.toUpperCase()} ${path}`).sort()).toEqual([...served].sort());
});

test("every operation has an id of its own, its path parameters, and says how it fails", async () => {
  const { operations } = await fetchDocument();
  expect(new Set(operations.map(({ operation }) => operation.operationId)).size).toBe(operations.length);
  for (const { path, operation } of operations) {
    const inPath = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
    const declared = (operation.parameters ?? []).filter((parameter) => parameter.in === "path");
    expect(declared.map(({ name, required }) => [name, required])).toEqual(inPath.map((name) => [name, true]));
    expect(operation.summary).not.toBe("");
    for (const status of ["400", "401", "403", "421", "429", "500"]) {
      expect(operation.responses[status]?.content, `${path} ${status}`).toHaveProperty(["application/problem+json"]);
    }
    expect(operation.responses["415"] !== undefined, path).toBe(operation.requestBody !== undefined);
    expect(Object.keys(operation.responses).some((status) => status.startsWith("2"))).toBe(true);
  }
});

test("every schema is JSON Schema 2020-12 and every reference leads somewhere", async () => {
  const { document, operations } = await fetchDocument();
  expect(document.openapi).toBe("3.1.0");
  const schemas = operations.flatMap(({ operation }) =>
    [operation.requestBody?.content, ...Object.values(operation.responses).map(({ content }) => content)].flatMap((content) =>
      Object.values(content ?? {}).map(({ schema }) => schema),
    ),
  );
  expect(schemas.length).toBeGreaterThan(100);
  for (const schema of schemas) {
    expect(() => validatorOf(document, schema)).not.toThrow();
  }
});

test("an answer fits the schema that the document gives for it", async () => {
  const { door, document } = await fetchDocument();
  const check = (path: string, status: string, type: string, body: unknown) => {
    const schema = document.paths[path]?.["get"]?.responses[status]?.content?.[type]?.schema ?? {};
    validatorOf(document, schema).parse(body);
  };
  check("/api/executions", "200", "application/json", await (await door.request("/api/executions")).json());
  const refused = await door.request("/api/executions?limit=0");
  check("/api/executions", "400", "application/problem+json", await refused.json());
});

test("every operation but those for probes wants the bearer token", async () => {
  const { document, operations } = await fetchDocument();
  expect(document["security"]).toEqual([{ bearer: [] }]);
  expect(document.components.securitySchemes).toMatchObject({ bearer: { type: "http", scheme: "bearer" } });
  const exceptions = operations.filter(({ operation }) => "security" in operation).map(({ path }) => path);
  expect(exceptions).toEqual(["/health", "/executor/health"]);
});

/** Moves the document's components to where plain JSON Schema looks for them; fails on what is no JSON Schema or leads nowhere. */
function validatorOf(document: Document, schema: Json): z.ZodType {
  const whole = { $schema: "https://json-schema.org/draft/2020-12/schema", ...schema, $defs: document.components.schemas ?? {} };
  return z.fromJSONSchema(JSON.parse(JSON.stringify(whole).replaceAll("#/components/schemas/", "#/$defs/")));
}
