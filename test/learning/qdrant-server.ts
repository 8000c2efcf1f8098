/**
 * A server that takes what Qdrant takes: every request is checked against Qdrant's published OpenAPI schema and refused when it does not
 * fit. It keeps points in memory and searches them exactly.
 */
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Ajv, type ValidateFunction } from "ajv";
import formats from "ajv-formats";

type Json = Record<string, unknown>;
type Sparse = { indices: number[]; values: number[] };
type Point = { id: string; vector: { words: Sparse; dense?: number[] }; payload: Json };
type Search = { query: number[] | Sparse; using: string; limit: number };
type Collection = { config: Json; points: Map<string, Point>; indexes: string[] };

export type QdrantServer = {
  url: string;
  collections: Map<string, Collection>;
  aliases: Map<string, string>;
  /** What the schema refused. */
  refusals: string[];
  /** While true, every request fails. */
  setDown(down: boolean): void;
  close(): Promise<void>;
};

export async function startQdrantServer(): Promise<QdrantServer> {
  const validate = await createValidator();
  const collections: QdrantServer["collections"] = new Map();
  const aliases = new Map<string, string>();
  const refusals: string[] = [];
  let down = false;

  function answer(method: string, path: string, body: Json): unknown {
    const [, , name = "", part, ...rest] = path.split("/");
    const known = collections.get(aliases.get(name) ?? name);
    if (path === "/aliases")
      return { aliases: [...aliases].map(([alias_name, collection_name]) => ({ alias_name, collection_name })) };
    if (path === "/collections/aliases") {
      for (const action of body["actions"] as Json[]) {
        const made = action["create_alias"] as { alias_name: string; collection_name: string } | undefined;
        if (made !== undefined) aliases.set(made.alias_name, made.collection_name);
        else aliases.delete((action["delete_alias"] as { alias_name: string }).alias_name);
      }
      return true;
    }
    if (part === "exists") return { exists: known !== undefined };
    if (method === "PUT" && part === undefined) {
      collections.set(name, { config: body, points: new Map(), indexes: [] });
      return true;
    }
    if (known === undefined) throw new Error(`Collection ${name} doesn't exist`);
    if (method === "PUT" && part === "index") known.indexes.push(body["field_name"] as string);
    else if (method === "PUT" && part === "points")
      for (const point of body["points"] as Point[]) known.points.set(point.id, point);
    else if (part === "points" && rest.join("/") === "query/batch")
      return (body["searches"] as Search[]).map((search) => ({ points: find(known, search) }));
    return { status: "acknowledged" };
  }

  const server = createServer((request, response) => {
    void (async () => {
      let text = "";
      for await (const chunk of request) text += String(chunk);
      const { pathname } = new URL(request.url ?? "/", "http://qdrant");
      const respond = (status: number, content: Json) => {
        response.writeHead(status, { "content-type": "application/json" });
        response.end(JSON.stringify(content));
      };
      if (down) return respond(503, { status: { error: "down" }, time: 0 });
      try {
        const body = text === "" ? {} : (JSON.parse(text) as Json);
        validate(request.method ?? "", pathname, body);
        respond(200, { result: answer(request.method ?? "", pathname, body), status: "ok", time: 0 });
      } catch (error) {
        const message = String(error);
        if (message.includes("schema")) refusals.push(message);
        respond(message.includes("doesn't exist") ? 404 : 400, { status: { error: message }, time: 0 });
      }
    })();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    collections,
    aliases,
    refusals,
    setDown: (value) => void (down = value),
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

function find({ points }: Collection, { query, using, limit }: Search) {
  const all = [...points.values()];
  const score = ({ vector }: Point): number => {
    if (Array.isArray(query)) {
      const dense = vector.dense ?? [];
      if (using !== "dense" || dense.length !== query.length) throw new Error("Wrong input: Vector dimension error");
      return query.reduce((sum, value, index) => sum + value * (dense[index] as number), 0);
    }
    const weights = new Map(vector.words.indices.map((index, at) => [index, vector.words.values[at] as number]));
    return query.indices.reduce((sum, index, at) => sum + (query.values[at] as number) * (weights.get(index) ?? 0), 0);
  };
  return all
    .map((point) => ({ id: point.id, version: 0, score: score(point) }))
    .filter((found) => found.score > 0)
    .toSorted((a, b) => b.score - a.score)
    .slice(0, limit);
}

async function createValidator(): Promise<(method: string, path: string, body: Json) => void> {
  const file = new URL("./fixtures/qdrant-openapi.json", import.meta.url);
  const document = JSON.parse(await readFile(file, "utf8")) as { paths: Record<string, Record<string, Json>>; components: Json };
  const ajv = new Ajv({ strict: false, allErrors: false });
  formats.default(ajv);
  for (const format of ["uint", "uint8", "uint16", "uint32", "uint64"])
    ajv.addFormat(format, { type: "number", validate: (value: number) => value >= 0 });
  ajv.addSchema({ $id: "qdrant", components: strict(document.components) as Json });
  const compiled = new Map<string, ValidateFunction | undefined>();
  return (method, path, body) => {
    const template = Object.keys(document.paths)
      .toSorted((a, b) => a.split("{").length - b.split("{").length)
      .find((known) => new RegExp(`^${known.replaceAll(/\{\w+\}/g, "[^/]+")}$`).test(path));
    const operation = template === undefined ? undefined : document.paths[template]?.[method.toLowerCase()];
    if (template === undefined || operation === undefined) throw new Error(`schema: there is no ${method} ${path}`);
    const key = `${method} ${template}`;
    if (!compiled.has(key)) {
      const { requestBody } = operation as { requestBody?: { content: Record<string, { schema: Json }> } };
      const schema = requestBody?.content["application/json"]?.schema;
      compiled.set(key, schema && ajv.compile({ $ref: `qdrant${String(schema["$ref"])}` }));
    }
    const check = compiled.get(key);
    if (check !== undefined && !check(body)) throw new Error(`schema: ${key}: ${ajv.errorsText(check.errors)}`);
  };
}

/** OpenAPI 3.0 writes "or null" in its own way, and Qdrant refuses fields it does not know although its schema does not say so. */
function strict(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(strict);
  if (typeof schema !== "object" || schema === null) return schema;
  const copy = Object.fromEntries(Object.entries(schema).map(([name, value]) => [name, strict(value)]));
  if (Object.keys(copy).length === 1 && copy["nullable"] === true) return { type: "null" };
  if (copy["type"] === "object" && "properties" in copy && !("additionalProperties" in copy))
    copy["additionalProperties"] = false;
  return copy;
}
