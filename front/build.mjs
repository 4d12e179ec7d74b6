// The console's assets: every entry of src/pages, the map's worker and the outlines of land, into one folder.
// Usage: node build.mjs FOLDER
import { build } from "esbuild";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, join, relative } from "node:path";
import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";

const folder = process.argv[2];
if (!folder) {
  console.error("usage: node build.mjs FOLDER");
  process.exit(2);
}
await rm(folder, { recursive: true, force: true });
await mkdir(folder, { recursive: true });

const pages = (await readdir("src/pages")).filter((name) => name.endsWith(".ts"));
const shared = { bundle: true, minify: true, format: "esm", target: "es2022", legalComments: "none", logLevel: "warning" };
const result = await build({
  ...shared,
  entryPoints: [...pages.map((name) => `src/pages/${name}`), "src/style/base.css", "src/style/map.css"],
  outdir: folder,
  outbase: "src",
  entryNames: "[name]-[hash]",
  chunkNames: "chunk-[hash]",
  splitting: true,
  metafile: true,
});

// A page's script by its name, and the chunks that it needs: the templates ask here.
const manifest = {};
for (const [path, output] of Object.entries(result.metafile.outputs)) {
  if (output.entryPoint) {
    const name = basename(output.entryPoint).replace(/\.ts$/, ".js");
    manifest[name] = { file: relative(folder, path), imports: output.imports.filter((one) => one.kind === "import-statement").map((one) => basename(one.path)) };
  }
}

/** A file under a name with its content's hash. */
async function keep(name, content) {
  const hash = createHash("sha256").update(content).digest("hex").slice(0, 8);
  const file = name.replace(".", `-${hash}.`);
  await writeFile(join(folder, file), content);
  manifest[name] = { file, imports: [] };
}

// As they are: the map's worker (a strict content security policy allows no blob) and the outlines.
const copies = {
  "map-worker.js": "node_modules/maplibre-gl/dist/maplibre-gl-worker.mjs",
  "land.json": "node_modules/world-atlas/land-50m.json",
  "countries.json": "node_modules/world-atlas/countries-50m.json",
};
for (const [name, source] of Object.entries(copies)) {
  const content = await readFile(source, "utf8");
  await keep(name, content.replace(/\n\/\/# sourceMappingURL=\S+\s*$/, "\n")); // its map is not here
}

// The licences of what is inside ask that they go with it.
const inside = [...Object.keys(result.metafile.inputs), ...Object.values(copies)];
const packages = new Set(inside.flatMap((path) => path.match(/node_modules\/((?:@[^/]+\/)?[^/]+)/)?.slice(1, 2) ?? []));
const notices = [];
for (const name of [...packages].sort()) {
  const place = join("node_modules", name);
  const { version, license } = JSON.parse(await readFile(join(place, "package.json"), "utf8"));
  const files = (await readdir(place)).filter((file) => /^(licen[cs]e|copying|notice)/i.test(file)).sort();
  const texts = await Promise.all(files.map((file) => readFile(join(place, file), "utf8")));
  notices.push([`${name} ${version} (${license})`, ...texts].join("\n\n"));
}
const licences = notices.join(`\n\n${"-".repeat(72)}\n\n`);
await keep("licences.txt", licences);
await writeFile(join(folder, "manifest.json"), JSON.stringify(manifest, null, 1));

// Packed once here instead of for each browser.
for (const file of await readdir(folder)) {
  const content = await readFile(join(folder, file));
  if (content.length > 1000) await writeFile(join(folder, `${file}.gz`), gzipSync(content, { level: 9 }));
}
