/** JUnit XML, as written by pytest, vitest, jest-junit, gotestsum, cargo-nextest, maven and most others. */
import { type Tally, tally } from "./tally.ts";

type Element = { name: string; attributes: Map<string, string>; children: Element[]; text: string };

const token =
  /<!\[CDATA\[([\s\S]*?)\]\]>|<!--[\s\S]*?-->|<[?!][^>]*>|<\/([\w:.-]+)\s*>|<([\w:.-]+)((?:\s+[\w:.-]+\s*=\s*(?:"[^"]*"|'[^']*'))*)\s*(\/?)>|([^<]+)/g;

/** @param runner the name to give it; undefined when the text is not a JUnit report or breaks off */
export function junitXml(text: string, runner = "JUnit XML"): Tally | undefined {
  const start = text.search(/<\?xml\b|<testsuites?\b/);
  if (start < 0 || !/<testsuites?\b/.test(text)) return undefined;
  const end = Math.max(text.lastIndexOf("</testsuites>"), text.lastIndexOf("</testsuite>"), text.lastIndexOf("/>"));
  const root = parse(text.slice(start, text.indexOf(">", end) + 1));
  if (root === undefined) return undefined;
  const counted = tally(runner);
  let suiteSeconds = 0;
  const walk = (element: Element, outermost: boolean) => {
    if (element.name === "testcase") return count(element, counted);
    const seconds = Number(element.attributes.get("time") ?? 0);
    const ownTime = element.name === "testsuite" || (element.name === "testsuites" && seconds > 0);
    if (outermost && ownTime && Number.isFinite(seconds)) suiteSeconds += seconds;
    for (const child of element.children) walk(child, outermost && !(ownTime && seconds > 0));
  };
  walk(root, true);
  return { ...counted, duration: suiteSeconds * 1000 };
}

const fileName = /\.[cm]?[jt]sx?$/;

function count(testcase: Element, counted: Tally): void {
  // node:test reports a file without tests as a test that has passed.
  if (testcase.attributes.get("classname") === "test" && fileName.test(testcase.attributes.get("name") ?? "")) return;
  const broken = testcase.children.find(({ name }) => name === "failure" || name === "error");
  if (broken !== undefined) {
    counted.failed += 1;
    const [file, name] = [testcase.attributes.get("classname") ?? "", testcase.attributes.get("name") ?? ""];
    const error = broken.attributes.get("message") || broken.text.trim().split("\n")[0] || "failed";
    counted.failures.push({ test: file === "" ? name : `${file} › ${name}`, error, stack: broken.text });
  } else if (testcase.children.some(({ name }) => name === "skipped")) counted.skipped += 1;
  else counted.passed += 1;
}

function parse(text: string): Element | undefined {
  const top: Element = { name: "", attributes: new Map(), children: [], text: "" };
  const open = [top];
  for (const [, data, closes, opens, attributes = "", closed, plain] of text.matchAll(token)) {
    const current = open.at(-1) as Element;
    if (data !== undefined) current.text += data;
    else if (plain !== undefined) current.text += unescaped(plain);
    else if (closes !== undefined) {
      if (current.name !== closes) return undefined;
      open.pop();
    } else if (opens !== undefined) {
      const element: Element = { name: opens, attributes: attributesOf(attributes), children: [], text: "" };
      current.children.push(element);
      if (closed === "") open.push(element);
    }
  }
  return open.length === 1 ? top.children.find(({ name }) => name === "testsuites" || name === "testsuite") : undefined;
}

function attributesOf(text: string): Map<string, string> {
  const found = text.matchAll(/([\w:.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g);
  return new Map([...found].map(([, name = "", double, single]) => [name, unescaped(double ?? single ?? "")]));
}

const entities: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };

function unescaped(text: string): string {
  return text.replace(/&(?:#x([\da-f]{1,6})|#(\d{1,7})|(\w+));/gi, (whole, hex: string, decimal: string, name: string) => {
    if (name !== undefined) return entities[name] ?? whole;
    const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}
