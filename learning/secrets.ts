/**
 * Stricter than what logs are cleaned with: a pattern is kept for good and may be sent to an embedding service, so a value is left out
 * already when its name says that it is one. Words that only look like one are no loss here. Pure.
 */

const mask = "[redacted]";

const named = [
  // PASSWORD=x, "api_key": "x", --token x, token: x
  /((?:\b|_|-)(?:pass(?:word|wd|phrase)?|pwd|secret|token|api[_-]?key|access[_-]?key(?:[_-]?id)?|account[_-]?key|private[_-]?key|client[_-]?secret|credentials?|auth|session|cookie|signature|sig)["']?\s*(?:=|:|\s(?=\S*\d)|(?<=--[\w-]+)\s)\s*["']?)(?!\[redacted\])[^\s"'&;,)]{4,}/gi,
  // PGPASSWORD=x
  /(\b[A-Z0-9_]*(?:PASSWORD|PASSWD|SECRET|TOKEN|KEY)[A-Z0-9_]*=["']?)(?!\[redacted\])[^\s"']+/g,
  // curl -u user:password
  /(\s(?:-u|--user)[ =]["']?[^\s:"']+:)[^\s"']+/g,
  // mysql -pSECRET
  /(\b(?:mysql|mysqldump|mariadb)\b[^|;&]*\s-p)[^\s]+/g,
  // long random values: at least 32 characters of base64 or hex with letters and digits, as no word or path has
  /()(?<![\w/.-])(?=[A-Za-z0-9+/_-]*\d)(?=[A-Za-z0-9+/_-]*[A-Z])(?=[A-Za-z0-9+/_-]*[a-z])[A-Za-z0-9+_-]{32,}={0,2}(?![\w/.-])/g,
];

/** @param redact takes out known values and the shapes of credentials first */
export function withoutSecrets(text: string, redact: (text: string) => string): string {
  let clean = redact(text);
  for (const shape of named) clean = clean.replace(shape, (_match, prefix: string) => prefix + mask);
  return clean;
}
