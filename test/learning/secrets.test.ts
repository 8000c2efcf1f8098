import { describe, expect, it } from "vitest";
import { withoutSecrets } from "../../learning/secrets.ts";
import { redact } from "../../orchestrator/executors/redact.ts";

const join = (...parts: string[]) => parts.join(""); // in one piece, scanners of repositories would take these for real ones
/** A line as it occurs, and the part of it that must not be kept. */
const lines: [name: string, line: string, secret: string][] = [
  ["AWS key id", `aws configure set aws_access_key_id ${join("AKIA", "IOSFODNN7EXAMPLE")}`, join("AKIA", "IOSFODNN7EXAMPLE")],
  ["AWS secret", `AWS_SECRET_ACCESS_KEY=${join("wJalrXUtnFEMI/K7MDENG/", "bPxRfiCYEXAMPLEKEY")}`, "K7MDENG"],
  [
    "GitHub token",
    `git clone https://x-access-token:${join("ghp_", "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8")}@github.com/a/b`,
    "a1B2c3D4",
  ],
  ["GitHub fine-grained", `export GH=${join("github_pat_", "11ABCDEFG0abcdefghij_klmnopqrstuvwxyz0123456789")}`, "11ABCDEFG0"],
  ["OpenAI", `OPENAI_API_KEY=${join("sk-", "proj-abcdefghijklmnopqrstuvwxyz012345")}`, "abcdefghijkl"],
  ["Anthropic", `x-api-key: ${join("sk-ant-", "api03-abcdefghijklmnopqrstuvwxyz")}`, "abcdefghijkl"],
  ["Google", `https://maps.example/api?key=${join("AIza", "SyA1234567890abcdefghijklmnopqrstuv")}`, "SyA1234567890"],
  ["Slack bot", `token ${join("xox", "b-123456789012-abcdefGHIJKL")}`, "abcdefGHIJKL"],
  [
    "Slack webhook",
    `curl https://hooks.slack.com/services/${join("T00000000/", "B00000000/XXXXXXXXXXXXXXXXXXXXXXXX")}`,
    "B00000000",
  ],
  ["Discord webhook", `curl https://discord.com/api/webhooks/123456789/${join("abcDEF", "ghiJKLmnopqrstuvwxyz")}`, "ghiJKL"],
  ["Stripe", `stripe --api-key ${join("sk_", "live_4eC39HqLyjWDarjtT1zdp7dc")}`, "4eC39HqLy"],
  ["npm", `//registry.npmjs.org/:_authToken=${join("npm_", "abcdefghijklmnopqrstuvwxyz0123456789")}`, "abcdefghijklmnop"],
  ["GitLab", `PRIVATE-TOKEN: ${join("glpat-", "abcdefghijklmnopqrst")}`, "abcdefghijklmnop"],
  ["Hugging Face", `HF=${join("hf_", "abcdefghijklmnopqrstuvwxyzABCDEF")}`, "abcdefghijklmnop"],
  ["SendGrid", join("SG.", "abcdefghijklmnopqrstuv.", "wxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789abc"), "wxyzABCDEF"],
  [
    "JWT",
    `cookie ${join("eyJhbGciOiJIUzI1NiJ9.", "eyJzdWIiOiIxMjM0NTY3ODkwIn0.", "dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U")}`,
    "dozjgNryP4J3",
  ],
  ["bearer", "curl -H 'Authorization: Bearer abc.def-ghi_jkl123456'", "abc.def-ghi"],
  ["basic", `Authorization: Basic ${Buffer.from("admin:hunter2hunter2").toString("base64")}`, "YWRtaW46"],
  ["private key", "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjE\n-----END OPENSSH PRIVATE KEY-----", "b3BlbnNz"],
  ["database URL", "psql postgres://app:s3cr3tpw@db.internal:5432/app", "s3cr3tpw"],
  ["password variable", "PGPASSWORD=correct-horse psql -h db", "correct-horse"],
  ["password option", "mysqldump --password=Tr0ub4dor shop", "Tr0ub4dor"],
  ["mysql -p", "mysql -u root -pTr0ub4dor shop", "Tr0ub4dor"],
  ["curl user", "curl -u admin:Tr0ub4dor3 https://host/x", "Tr0ub4dor3"],
  ["JSON field", '{"client_secret": "a8f5f167f44f"}', "a8f5f167f44f"],
  ["YAML field", "  api_key: 9a7b5c3d1e", "9a7b5c3d1e"],
  ["Azure", "DefaultEndpointsProtocol=https;AccountName=x;AccountKey=Zm9vYmFyYmF6cXV4", "Zm9vYmFy"],
  [
    "signed URL",
    "GET https://bucket/x?X-Amz-Signature=fe5f80f77d5fa3beca038a248ff027d0445342fe2855ddc963176630326f1024",
    "fe5f80f77d5f",
  ],
  ["random value", `vault kv put x ${join("Qm9Zx7Lp2Rt5", "Vb8Nc1Wd4Ks6Yh3Jf0Ga")}`, "Qm9Zx7Lp2Rt5"],
];

describe("what is kept of a line with a secret", () => {
  it.each(lines)("%s", (_name, line, secret) => {
    expect(withoutSecrets(line, redact)).not.toContain(secret);
  });

  it.each([
    "npm test -- --coverage",
    "docker compose up -d --build api",
    "kubectl rollout restart deployment/web",
    "git commit -m 'Fix the token refresh'",
    "TypeError: Cannot read properties of undefined (reading 'session')",
    "edit src/components/PasswordField.tsx",
  ])("leaves %s alone", (line) => {
    expect(withoutSecrets(line, redact)).toBe(line);
  });
});
