/** docker-compose.yml, checked without Docker. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseEnv } from "node:util";
import { Ajv } from "ajv";
import formats from "ajv-formats";
import { expect, it } from "vitest";
import { parseDocument } from "yaml";
import { loadConfig } from "../../orchestrator/config.ts";

type Service = {
  image: string;
  ports?: string[];
  volumes?: string[];
  environment?: Record<string, string>;
  healthcheck?: { test: string[] };
  network_mode?: string;
  depends_on?: Record<string, { condition: string }>;
};
type Compose = { services: Record<string, Service>; volumes: Record<string, unknown>; secrets: Record<string, { file: string }> };

const root = fileURLToPath(new URL("../../", import.meta.url));
const text = readFileSync(join(root, "docker-compose.yml"), "utf8");
const document = parseDocument(text, { uniqueKeys: true });
const compose = document.toJS() as Compose;
const services = Object.entries(compose.services);

/** The schema of the Compose Specification (https://github.com/compose-spec/compose-spec, Apache-2.0). */
function validator() {
  const { $schema: _dialect, ...schema } = JSON.parse(
    readFileSync(new URL("schemas/compose-spec.json", import.meta.url), "utf8"),
  ) as Record<string, unknown>;
  const ajv = new Ajv({ strict: false, allErrors: true });
  formats.default(ajv);
  ajv.addFormat("duration", /^(\d+(\.\d+)?(us|ms|s|m|h))+$/);
  return ajv.compile(schema);
}

it("is what the Compose Specification allows", () => {
  expect(document.errors).toEqual([]);
  const validate = validator();
  expect(validate(compose), JSON.stringify(validate.errors)).toBe(true);
  const wrong = structuredClone(compose) as unknown as { services: Record<string, { ports: unknown }> };
  (wrong.services["postgres"] as { ports: unknown }).ports = "5432";
  expect(validator()(wrong)).toBe(false);
});

it("has the whole stack, pinned, each with a health check", () => {
  expect(Object.keys(compose.services)).toEqual(
    expect.arrayContaining(["postgres", "qdrant", "prometheus", "loki", "tempo", "grafana", "minio"]),
  );
  for (const [name, { image, healthcheck }] of services) {
    expect(image, name).toMatch(/:(v?\d+\.\d+(\.\d+)?(-\w+)?|RELEASE\.[\dTZ-]+)$/);
    if (name !== "minio-bucket") expect(healthcheck?.test[0], name).toBe("CMD");
  }
});

it("opens ports on this machine only, and has no password of its own", () => {
  for (const [name, { ports = [], environment = {}, network_mode }] of services) {
    for (const port of ports) expect(port, name).toMatch(/^127\.0\.0\.1:\d+:\d+$/);
    for (const [variable, value] of Object.entries(environment))
      if (/PASSWORD|KEY|ROOT_USER|MC_HOST/.test(variable)) expect(value, variable).toMatch(/\$\{\w+:\?[^}]+\}/);
    if (network_mode === "host") expect(JSON.stringify(compose.services[name]), name).toMatch(/127\.0\.0\.1/);
  }
});

it("mounts files that are there and volumes that are named", () => {
  for (const [name, { volumes = [], depends_on = {} }] of services) {
    for (const volume of volumes) {
      const source = volume.split(":")[0] as string;
      if (source.startsWith(".")) expect(existsSync(join(root, source)), `${name}: ${source}`).toBe(true);
      else expect(compose.volumes).toHaveProperty(source);
    }
    for (const other of Object.keys(depends_on)) expect(compose.services).toHaveProperty(other);
  }
});

it("gets its passwords from scripts/stack-env.ts, new ones once, readable by their owner only, and Longhaul understands the rest", async () => {
  const folder = await mkdtemp("/tmp/longhaul-stack-");
  try {
    const run = () =>
      execFileSync(process.execPath, [join(root, "scripts/stack-env.ts"), folder], {
        encoding: "utf8",
        env: { PATH: process.env["PATH"], LONGHAUL_HOME: folder },
      });
    const printed = run();
    const made = readFileSync(join(folder, ".env"), "utf8");
    expect((await stat(join(folder, ".env"))).mode & 0o777).toBe(0o600);
    expect(run()).toBe(printed);
    expect(readFileSync(join(folder, ".env"), "utf8")).toBe(made);
    const wanted = new Set([...text.matchAll(/\$\{(\w+):\?/g)].map((match) => match[1] as string));
    expect(Object.keys(parseEnv(made)).toSorted()).toEqual([...wanted].toSorted());
    const config = loadConfig({ ...parseEnv(printed), LONGHAUL_HOME: join(folder, "home") });
    expect(config).toMatchObject({
      database: { kind: "url" },
      s3: { endpoint: "http://127.0.0.1:9000", bucket: "longhaul" },
      telemetry: { traces: "http://127.0.0.1:4318/v1/traces", logs: "http://127.0.0.1:3100/otlp/v1/logs" },
      learning: { qdrant: { url: "http://127.0.0.1:6333" } },
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
