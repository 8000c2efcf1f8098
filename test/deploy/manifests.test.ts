import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { parseAllDocuments } from "yaml";

const folder = new URL("../../deploy/", import.meta.url);
const read = (name: string) => readFileSync(new URL(name, folder), "utf8");

type Manifest = { apiVersion: string; kind: string; metadata: { name: string } } & Record<string, unknown>;
const documents = parseAllDocuments(read("kubernetes/longhaul.yaml"), { uniqueKeys: true });
const manifests = documents.map((document) => document.toJS() as Manifest);
const named = (kind: string) => manifests.find((manifest) => manifest.kind === kind) as Manifest;

/** Checks a manifest against the schema that Kubernetes publishes for it. */
async function problemsOf(manifest: Manifest): Promise<string[]> {
  const model = (await import(`kubernetes-models/${manifest.apiVersion}/${manifest.kind}`)) as Record<
    string,
    new (
      value: unknown,
    ) => { validate(): void }
  >;
  try {
    new (model[manifest.kind] as (typeof model)[string])(manifest).validate();
    return [];
  } catch (error) {
    return [(error as Error).message];
  }
}

it("the Kubernetes manifests are what the published schemas allow", async () => {
  expect(documents.flatMap(({ errors }) => errors)).toEqual([]);
  expect(manifests.map(({ kind }) => kind)).toEqual([
    "Namespace",
    "ServiceAccount",
    "ConfigMap",
    "Service",
    "PodDisruptionBudget",
    "StatefulSet",
  ]);
  for (const manifest of manifests) expect(await problemsOf(manifest), manifest.kind).toEqual([]);
});

it("the check finds what is wrong", async () => {
  const wrong = structuredClone(named("StatefulSet")) as unknown as { spec: { replicas: unknown } };
  wrong.spec.replicas = "two";
  expect(await problemsOf(wrong as unknown as Manifest)).toEqual([expect.stringContaining("replicas")]);
});

it("what the manifests name in each other is there", () => {
  type Labels = Record<string, string>;
  type Container = { volumeMounts: { name: string }[]; command: string[]; ports: { name: string }[] };
  const set = named("StatefulSet") as unknown as {
    metadata: { namespace: string };
    spec: {
      serviceName: string;
      selector: { matchLabels: Labels };
      volumeClaimTemplates: { metadata: { name: string } }[];
      template: {
        metadata: { labels: Labels };
        spec: { serviceAccountName: string; containers: Container[]; volumes: { name: string }[] };
      };
    };
  };
  const { labels } = set.spec.template.metadata;
  const service = named("Service") as unknown as { spec: { selector: Labels } };
  const budget = named("PodDisruptionBudget") as unknown as { spec: { selector: { matchLabels: Labels } } };
  for (const selector of [set.spec.selector.matchLabels, service.spec.selector, budget.spec.selector.matchLabels]) {
    expect(labels).toMatchObject(selector);
  }
  expect(set.spec.serviceName).toBe(named("Service").metadata.name);
  expect(set.spec.template.spec.serviceAccountName).toBe(named("ServiceAccount").metadata.name);
  const volumes = [...set.spec.template.spec.volumes, ...set.spec.volumeClaimTemplates.map(({ metadata }) => metadata)];
  for (const { volumeMounts } of set.spec.template.spec.containers) {
    for (const { name } of volumeMounts) expect(volumes.map((volume) => volume.name)).toContain(name);
  }
  const known = readFileSync(new URL("../../docs/configuration.md", import.meta.url), "utf8");
  for (const name of Object.keys(named("ConfigMap")["data"] as object)) expect(known).toContain(`\`${name}\``);
});

const hasSystemd = spawnSync("systemd-analyze", ["--version"]).status === 0;
it.runIf(hasSystemd).each(["longhaul.service", "longhaul-user.service"])("systemd finds nothing wrong with %s", (unit) => {
  const { status, stderr } = spawnSync("systemd-analyze", ["verify", new URL(`systemd/${unit}`, folder).pathname], {
    encoding: "utf8",
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
});

it("the units stop the orchestrator and not the tasks", () => {
  for (const unit of ["longhaul.service", "longhaul-user.service"])
    expect(read(`systemd/${unit}`)).toMatch(/^KillMode=process$/m);
});

it("the commands of units and manifests are commands of the program", () => {
  const help = execFileSync(process.execPath, [new URL("../bin/longhaul.mjs", folder).pathname, "up", "--help"], {
    encoding: "utf8",
  });
  expect(help).toContain("--foreground");
});
