// Bundles the modules into one file, as a build would.
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";

const strip = (source) => source.replaceAll(/^import .*\n/gm, "");
mkdirSync("dist", { recursive: true });
if (process.argv[2] === "library") {
  writeFileSync("dist/wordcount.js", ["words", "count"].map((name) => strip(readFileSync(`src/${name}.js`, "utf8"))).join("\n"));
  console.log("dist/wordcount.js");
} else {
  writeFileSync("dist/cli.js", readFileSync("src/cli.js", "utf8"));
  chmodSync("dist/cli.js", 0o755);
  console.log("dist/cli.js");
}
