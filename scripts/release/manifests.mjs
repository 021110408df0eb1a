import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../run.mjs";
import { manifestOf, published } from "../workspace-packages.mjs";

/** The repository's address stands in the workspace's package.json, and comes from there into every package. */
const { repository, author, license, engines } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const address = addressOf(repository);

/** The fields of package.json that all published packages share. */
function common(folder) {
  return {
    license,
    author,
    homepage: `${address}/tree/main/${folder}#readme`,
    repository: { ...repository, directory: folder },
    bugs: `${address}/issues`,
    engines,
    publishConfig: { access: "public", provenance: true },
  };
}

const guard = "node ../../scripts/release/guard.mjs";

/** Documents outside of the packages that name the repository's address. */
const documents = ["SECURITY.md", "CODE_OF_CONDUCT.md", ".github/ISSUE_TEMPLATE/config.yml"];

/** Writes into every published package what all have in common, and the address into all documents. */
export function writeManifests() {
  const [first] = published();
  const last = addressOf(manifestOf(first).repository ?? repository);
  for (const path of documents) write(path, read(path).replaceAll(`${last}/`, ownPlaces));
  for (const folder of published()) {
    const manifest = manifestOf(folder);
    const { name, version, description, keywords, scripts, ...rest } = manifest;
    const all = { name, version, description, keywords, ...common(folder), ...without(rest, common(folder)) };
    all.scripts = { ...scripts, prepublishOnly: guard };
    if (JSON.stringify(all) !== JSON.stringify(manifest)) {
      write(join(folder, "package.json"), `${JSON.stringify(all, undefined, 2)}\n`);
    }
    const readme = join(folder, "README.md");
    write(readme, withAddresses(folder, read(readme).replaceAll(`${last}/`, ownPlaces)));
  }
}

/** The problems of the published packages, in words. */
export function manifestProblems() {
  return published().flatMap((folder) => {
    const manifest = manifestOf(folder);
    const wrong = Object.entries({
      ...common(folder),
      scripts: { ...manifest.scripts, prepublishOnly: guard },
    })
      .filter(([key, value]) => JSON.stringify(manifest[key]) !== JSON.stringify(value))
      .map(([key]) => `${folder}/package.json: ${key} is not that of all packages: run \`npm run format\``);
    for (const key of ["description", "keywords", "files"]) {
      if (!(manifest[key]?.length > 0)) wrong.push(`${folder}/package.json lacks ${key}`);
    }
    return [...wrong, ...readmeProblems(folder, read(join(folder, "README.md")))];
  });
}

const install = /^# (\S+)\n\n```(?:sh)?\nnpm install [^\n]*\n/;
/** A link to another place, behind its text. */
const link = /(?<=\]\()(?!#)([^)\s]+)(?=\))/g;
const ownPlaces = `${address}/`;

function readmeProblems(folder, text) {
  const problems = [];
  const { name } = manifestOf(folder);
  if (install.exec(text)?.[1] !== name) {
    problems.push(`${folder}/README.md does not begin with its name and \`npm install\``);
  }
  if (text !== withAddresses(folder, text)) {
    problems.push(`${folder}/README.md has links that lead nowhere on npmjs.com: run \`npm run format\``);
  }
  for (const [target] of text.matchAll(link)) {
    if (!target.startsWith(ownPlaces)) continue;
    const path = target
      .slice(ownPlaces.length)
      .replace(/^(?:blob|tree)\/main\//, "")
      .replace(/#.*/, "");
    if (!existsSync(join(root, path)))
      problems.push(`${folder}/README.md leads to ${path}, which is not there`);
  }
  return problems;
}

/** The text with addresses in place of paths: npmjs.com shows a README outside of its repository. */
function withAddresses(folder, text) {
  return text.replace(link, (target) => {
    if (target.includes("://")) return target;
    const [path, anchor] = target.split("#");
    const place = join(folder, path).replaceAll("\\", "/").replace(/\/$/, "");
    const kind = statSync(join(root, place), { throwIfNoEntry: false })?.isDirectory() ? "tree" : "blob";
    return `${ownPlaces}${kind}/main/${place}${anchor === undefined ? "" : `#${anchor}`}`;
  });
}

function addressOf({ url }) {
  return url.replace(/^git\+/, "").replace(/\.git$/, "");
}

function without(object, keys) {
  return Object.fromEntries(Object.entries(object).filter(([key]) => !(key in keys)));
}

function read(path) {
  return readFileSync(join(root, path), "utf8");
}

function write(path, text) {
  if (read(path) !== text) writeFileSync(join(root, path), text);
}
