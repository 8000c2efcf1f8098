/**
 * Text as the word index sees it. The database stems and drops stop words; this only helps it to see words inside identifiers and paths,
 * and brings words that developers use for the same thing together. Pure.
 */

/** Words of one line mean the same to a search. The first stands for all; a group is one entry of the vocabulary, not a list of translations. */
const synonyms = [
  "authentication auth login signin signon oauth sso",
  "authorization permission permissions rbac acl access",
  "database db postgres postgresql sqlite mysql sql",
  "migration migrate migrations schema ddl",
  "configuration config configure settings setup environment env dotenv",
  "deployment deploy rollout ship release publish",
  "container docker dockerfile podman image compose",
  "kubernetes k8s helm kubectl pod",
  "pipeline ci cd workflow actions jenkins gitlab",
  "test tests testing spec specs unittest pytest vitest jest coverage",
  "documentation docs doc readme manual guide handbook",
  "delete remove drop purge erase prune clean cleanup",
  "create add new introduce generate scaffold bootstrap initialise initialize init",
  "fix repair bug bugfix defect patch resolve broken failing crash",
  "update upgrade bump refresh modernise modernize",
  "dependency dependencies package packages library libraries npm pip crate",
  "performance speed faster slow latency optimise optimize optimization profiling throughput",
  "cache caching memoize redis memcached",
  "queue job worker background broker rabbitmq kafka",
  "log logs logging logger",
  "metric metrics monitoring monitor prometheus grafana observability dashboard",
  "alert alerts alerting pager oncall notification notify",
  "frontend ui page view component screen react vue svelte css html",
  "backend server api endpoint rest route handler graphql",
  "user users account accounts customer member profile",
  "payment payments billing invoice checkout stripe subscription",
  "email mail smtp newsletter",
  "file files folder directory storage bucket s3 minio upload blob",
  "encrypt encryption tls ssl certificate https secret secrets vault",
  "backup backups restore recovery snapshot dump",
  "refactor refactoring restructure rewrite extract simplify rename",
  "typescript ts types typing typecheck",
  "lint linter eslint biome prettier format formatter style",
  "build compile bundle bundler webpack vite esbuild",
  "search index query lookup find filter",
  "import export csv excel spreadsheet",
  "schedule scheduled cron timer periodic nightly",
  "validate validation sanitize check verify",
  "error errors exception exceptions failure",
  "parallel concurrent concurrency async race deadlock lock",
  "domain dns hostname proxy nginx caddy ingress",
  "websocket socket realtime stream streaming sse",
  "translate translation i18n locale localisation localization language",
  "accessibility a11y wcag aria screenreader keyboard",
] as const;

const canonical = new Map<string, string>(
  synonyms.flatMap((group) => {
    const [first = "", ...others] = group.split(" ");
    return others.map((word) => [word, first] as const);
  }),
);

const longestContent = 8000;

/** Splits identifiers (`camelCase`, `snake_case`, `a/path.ts`) into words, leaves out bare numbers, and adds the common word of a group. */
export function searchable(text: string): string {
  const words = text
    .slice(0, longestContent)
    .replace(/([\p{Ll}\d])(\p{Lu})/gu, "$1 $2")
    .replace(/(\p{Lu})(\p{Lu}\p{Ll})/gu, "$1 $2")
    .toLowerCase()
    .split(/[^\p{L}\p{N}+#]+/u)
    .filter((word) => word.length > 1 && word.length <= 40 && !/^\d+$/.test(word));
  return words
    .map((word) => {
      const common = canonical.get(word) ?? canonical.get(word.replace(/s$/, ""));
      return common === undefined ? word : `${word} ${common}`;
    })
    .join(" ");
}
