/**
 * Draws the README's picture from a real run: `node scripts/picture.ts` hands off the example plan in a terminal of its own (util-linux's
 * `script`), takes the screen while the tests of the plan run and the summary at its end, and writes docs/longhaul.svg.
 */
import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const columns = 100;
const [lineHeight, characterWidth, fontSize, margin] = [18, 7.82, 13, 16];
const colours: Record<string, string> = {
  "31": "#f47067",
  "32": "#57ab5a",
  "33": "#c69026",
  "36": "#39c5cf",
  "90": "#768390",
  "1": "#ffffff",
};

const home = mkdtempSync("/tmp/longhaul-picture-");
chmodSync(home, 0o711);
const program = [process.execPath, join(root, "bin/longhaul.mjs")];
const env = {
  ...process.env,
  LONGHAUL_HOME: home,
  LONGHAUL_PORT: "0",
  TERM: "xterm-256color",
  NO_COLOR: undefined,
  FORCE_COLOR: undefined,
};
const typescript = join(home, "typescript");
try {
  execFileSync("script", ["-qec", `stty cols ${columns} rows 50; exec ${program.join(" ")} demo`, typescript], {
    env,
    stdio: "ignore",
  });
} finally {
  execFileSync(program[0] as string, [program[1] as string, "down"], { env, stdio: "ignore" });
}
const recorded = readFileSync(typescript, "utf8");
rmSync(home, { recursive: true, force: true });

const screens = replay(recorded);
const running = screens.filter((screen) =>
  ["03-03", "04-02"].every((id) => screen.some((line) => line.includes(id) && !line.includes("✔"))),
);
const live = running[Math.floor(running.length / 2)] ?? [];
const final = screens.at(-1) ?? [];
const from = final.findIndex((line) => line.includes(" of 12 tasks")) - 1;
const until = final.findIndex((line) => line.includes("Workspace"));
const picture = [
  `$ npm start`,
  ...live.slice(live.findIndex((line) => line.includes("Handed off"))),
  "",
  ...final.slice(from, until),
];
writeFileSync(join(root, "docs/longhaul.svg"), draw(picture));
console.log(`docs/longhaul.svg: ${picture.length} lines`);

/** The screens between redraws: lines with their colours, cursor-up and clear-below applied. */
function replay(text: string): string[][] {
  const found: string[][] = [];
  let lines: string[] = [""];
  for (const part of text.replaceAll("\r", "").split(/(\x1b\[\d+A\x1b\[J)/)) {
    const up = /^\x1b\[(\d+)A/.exec(part);
    if (up !== null) {
      found.push([...lines]);
      lines = lines.slice(0, Math.max(0, lines.length - 1 - Number(up[1])));
      lines.push("");
    } else {
      const [first = "", ...rest] = part.split("\n");
      lines[lines.length - 1] += first;
      lines.push(...rest);
    }
  }
  found.push(lines);
  return found;
}

function draw(lines: string[]): string {
  const width = Math.ceil(columns * characterWidth + 2 * margin);
  const height = lines.length * lineHeight + 2 * margin;
  const rows = lines.map((line, row) => `<text x="${margin}" y="${margin + (row + 0.8) * lineHeight}">${spans(line)}</text>`);
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="A plan of twelve tasks while it runs, and its summary">
<rect width="100%" height="100%" rx="8" fill="#1c2128"/>
<g font-family="ui-monospace,SFMono-Regular,Menlo,DejaVu Sans Mono,monospace" font-size="${fontSize}" fill="#cdd9e5" xml:space="preserve">
${rows.join("\n")}
</g>
</svg>
`;
}

function spans(line: string): string {
  let colour: string | undefined;
  return line
    .split(/(\x1b\[[\d;]*m)/)
    .map((part) => {
      const code = /^\x1b\[([\d;]*)m$/.exec(part);
      if (code !== null) {
        colour = colours[code[1] ?? ""];
        return "";
      }
      const text = part.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
      return text === "" ? "" : colour === undefined ? `<tspan>${text}</tspan>` : `<tspan fill="${colour}">${text}</tspan>`;
    })
    .join("");
}
