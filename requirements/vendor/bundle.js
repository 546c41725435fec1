/**
 * Makes workbench/static/vendor: one ES module per library, uPlot's styles, the licences, and versions.json.
 *
 * `make vendor` runs it after `npm ci`; what it writes is committed, so that neither the service nor its tests need Node.js.
 * A module begins with the packages inside it; tests/workbench/static compare versions.json with package-lock.json.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const HERE = dirname(fileURLToPath(import.meta.url));
const OUT = join(HERE, "../../workbench/static/vendor");
const MODULES = ["preact", "codemirror", "uplot"];

const lock = JSON.parse(readFileSync(join(HERE, "package-lock.json"), "utf8")).packages;

async function bundle(name) {
  const made = await build({
    absWorkingDir: HERE,
    entryPoints: [`${name}.js`],
    bundle: true,
    format: "esm",
    target: "es2022",
    minify: true,
    legalComments: "none",
    metafile: true,
    write: false,
  });
  const packages = packagesOf(Object.keys(made.metafile.inputs));
  const text = `/* ${packages.map((each) => `${each} ${version(each)}`).join(", ")}; see LICENSES.txt */\n${made.outputFiles[0].text}`;
  writeFileSync(join(OUT, `${name}.js`), text);
  return { packages, sha256: createHash("sha256").update(text).digest("hex") };
}

function packagesOf(files) {
  const names = files.map((file) => /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1]);
  return [...new Set(names.filter((name) => name !== undefined))].sort();
}

function version(name) {
  return lock[`node_modules/${name}`].version;
}

function licence(name) {
  const folder = join(HERE, "node_modules", name);
  const file = readdirSync(folder).find((each) => /^licen[cs]e/i.test(each));
  const text = file ? readFileSync(join(folder, file), "utf8").trim() : lock[`node_modules/${name}`].license;
  return `${name} ${version(name)}\n${"=".repeat(60)}\n${text}\n`;
}

mkdirSync(OUT, { recursive: true });
const bundles = {};
for (const name of MODULES) bundles[name] = await bundle(name);
writeFileSync(join(OUT, "uplot.css"), readFileSync(join(HERE, "node_modules/uplot/dist/uPlot.min.css"), "utf8"));
const all = [...new Set(Object.values(bundles).flatMap((each) => each.packages))].sort();
writeFileSync(join(OUT, "LICENSES.txt"), all.map(licence).join("\n"));
const versions = {
  packages: Object.fromEntries(all.map((name) => [name, version(name)])),
  modules: Object.fromEntries(MODULES.map((name) => [`${name}.js`, bundles[name].sha256])),
};
writeFileSync(join(OUT, "versions.json"), JSON.stringify(versions, null, 2) + "\n");
