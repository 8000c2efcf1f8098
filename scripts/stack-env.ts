/**
 * Makes `.env` for docker-compose.yml with new passwords, and prints the variables with which Longhaul finds the stack. An `.env` that is there is
 * kept: the data of the stack was written under its passwords. Another folder than the repository's can be named.
 */
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseEnv } from "node:util";
import { loadConfig } from "../orchestrator/config.ts";

const file = join(resolve(process.argv[2] ?? join(import.meta.dirname, "..")), ".env");
const secret = () => randomBytes(24).toString("base64url");
if (!existsSync(file)) {
  const values = {
    POSTGRES_PASSWORD: secret(),
    QDRANT_API_KEY: secret(),
    MINIO_ROOT_USER: `longhaul-${randomBytes(4).toString("hex")}`,
    MINIO_ROOT_PASSWORD: secret(),
    GRAFANA_PASSWORD: secret(),
    LONGHAUL_TOKEN_FILE: join(loadConfig().home, "token"),
  };
  writeFileSync(
    file,
    Object.entries(values)
      .map(([name, value]) => `${name}=${value}\n`)
      .join(""),
    { mode: 0o600 },
  );
}
const stack = parseEnv(readFileSync(file, "utf8"));
process.stdout.write(`# ${join(loadConfig().home, ".env")}
DATABASE_URL=postgres://longhaul:${stack["POSTGRES_PASSWORD"] ?? ""}@127.0.0.1:5432/longhaul
QDRANT_URL=http://127.0.0.1:6333
QDRANT_API_KEY=${stack["QDRANT_API_KEY"] ?? ""}
S3_ENDPOINT=http://127.0.0.1:9000
S3_ACCESS_KEY_ID=${stack["MINIO_ROOT_USER"] ?? ""}
S3_SECRET_ACCESS_KEY=${stack["MINIO_ROOT_PASSWORD"] ?? ""}
OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=http://127.0.0.1:4318/v1/traces
OTEL_EXPORTER_OTLP_LOGS_ENDPOINT=http://127.0.0.1:3100/otlp/v1/logs
OTEL_EXPORTER_OTLP_METRICS_ENDPOINT=http://127.0.0.1:9090/api/v1/otlp/v1/metrics
# Grafana: http://127.0.0.1:3000, user admin, password ${stack["GRAFANA_PASSWORD"] ?? ""}
`);
