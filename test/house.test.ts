import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, extname, join, normalize, resolve } from "node:path";
import { expect } from "chai";

const root = resolve(import.meta.dirname, "..");

/** Who may import whom inside matcher/. A folder that is missing here may not exist. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  protocol: [],
  eddsa: ["protocol"],
  book: ["protocol"],
  risk: ["protocol"],
  state: ["protocol", "eddsa", "risk"],
  timing: [],
  journal: ["protocol", "timing"],
  sequencer: ["protocol", "eddsa", "book", "risk", "state", "journal", "timing"],
  prover: ["protocol", "risk", "state", "journal"],
  chain: ["protocol"],
  // From L1 and nothing else.
  rebuild: ["protocol", "state", "chain", "journal"],
  escape: ["protocol", "state", "chain", "rebuild"],
  oracle: ["protocol"],
  api: ["protocol", "risk", "sequencer", "journal"],
  // Watches the others from outside: settings, keys, logs, metrics, readiness, shutdown.
  ops: ["protocol", "timing", "sequencer", "prover", "chain", "oracle", "api"],
  // Clients compute margin with the very functions that the matcher judges by.
  sdk: ["protocol", "risk"],
  // The trading page: an ordinary client, too.
  page: ["protocol", "risk", "sdk"],
  // Bots are ordinary clients: no way into the matcher.
  bots: ["protocol", "sdk"],
};

/** The deterministic core: replaying its inputs must give the same state on any machine, at any time. */
const pureFolders = ["protocol", "book", "risk", "state"];
const maxLines = 400;

interface Source {
  readonly path: string;
  readonly text: string;
}

function trackedFiles(): string[] {
  const listed = execFileSync("git", ["ls-files", "-z"], { cwd: root, encoding: "utf8" });
  // A file that is being removed is still listed.
  return listed.split("\0").filter((path) => path !== "" && existsSync(join(root, path)));
}

function readSource(path: string): Source {
  return { path, text: readFileSync(join(root, path), "utf8") };
}

const tokens = /\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`/g;

/** TypeScript without its comments; strings stay, because import paths are strings. */
function withoutComments(text: string): string {
  return text.replace(tokens, (token) => (token.startsWith("/") ? " " : token));
}

/** TypeScript without comments and strings; what a template computes inside its braces stays. */
function codeOnly(text: string): string {
  return text.replace(tokens, (token) => {
    if (!token.startsWith("`")) return token.startsWith("/") ? " " : '""';
    return [...token.matchAll(/\$\{([^}]*)\}/g)].map((match) => `(${match[1]})`).join(" ");
  });
}

function importsOf(text: string): string[] {
  const found = withoutComments(text).matchAll(/(?:\bfrom|\bimport)\s*\(?\s*"([^"]+)"/g);
  return [...found].map((match) => match[1] ?? "");
}

const impurities: readonly (readonly [RegExp, string])[] = [
  [/\bDate\b|\bperformance\b|\bsetTimeout\b|\bsetInterval\b|\bTemporal\b/, "a clock"],
  [/\bMath\.random\b|\bgetRandomValues\b|\brandomBytes\b|\brandomUUID\b/, "randomness"],
  [/\bprocess\.|\bBuffer\b|\bglobalThis\.process\b|\brequire\(/, "something that only Node has"],
  [/\bfetch\(|\bWebSocket\b|\bXMLHttpRequest\b|\bconsole\./, "input or output"],
  [/(?<![\w.])\d[\d_]*\.\d|(?<![\w.])\d[\d_]*e-\d|\bparseFloat\b|\btoFixed\b|\bFloat(16|32)Array\b/, "a float"],
  [/\bMath\.(sqrt|cbrt|pow|exp|log\w*|sin|cos|tan|hypot|atan2?|PI|E)\b/, "a float"],
];

/** The pure rules that a text of matcher/protocol, book, risk or state breaks. */
function impuritiesOf(text: string): string[] {
  const code = codeOnly(text);
  const used = impurities
    .filter(([pattern]) => pattern.test(code))
    .map(([pattern, what]) => {
      return `${what}: ${pattern.exec(code)?.[0]}`;
    });
  return [...used, ...importsOf(text).filter((name) => name.startsWith("node:"))];
}

/** The import rules of matcher/ that a source breaks. */
function brokenImports({ path, text }: Source): string[] {
  const folderOf = (file: string) => file.split("/")[1] ?? "";
  const folder = folderOf(path);
  const relativeImports = importsOf(text).filter((name) => name.startsWith("."));
  const targets = relativeImports.map((name) => normalize(join(dirname(path), name)));
  const outside = targets.filter((target) => !target.startsWith("matcher/") && /^(scripts|test)\//.test(target));
  // main.ts and what else lies directly in matcher/ only wires the parts together.
  if (path.split("/").length === 2) return outside;
  const allowed = mayImport[folder];
  if (!allowed) return [`matcher/${folder}/ is not in the table of who may import whom`];
  const inside = targets.filter((target) => target.startsWith("matcher/") && folderOf(target) !== folder);
  return [...outside, ...inside.filter((target) => !allowed.includes(folderOf(target)))];
}

/** Words are put together here, so that this file does not hold what it looks for. */
const forbidden: readonly (readonly [RegExp, string])[] = [
  [/(^|[\s"'`(=:])\/(home|Users|root|work|mnt)\/\w/m, "a path of one machine"],
  [new RegExp(`(^|[\\s"'\`(=:])/${"tmp"}/\\w`, "m"), "a path of one machine"],
  [/\bregistry\.[a-z0-9-]+(\.[a-z0-9-]+)+/, "the host of a package registry"],
  [/https?:\/\/[\w.-]+\.(internal|local|lan|corp|intranet)\b/, "a private host"],
  [/https?:\/\/(?!127\.|0\.0\.0\.0)\d+\.\d+\.\d+\.\d+/, "an address of one network"],
  [new RegExp(`\\b(${["TO", "FIX"].map((start, i) => start + ["DO", "ME"][i]).join("|")})\\b`), "unfinished work"],
  [/\bissues?\s+#?\d/i, "a number of the issue tracker"],
  [new RegExp(`\\bthe ${"br"}ief\\b|\\b${"sub"}-?agents?\\b|\\b${"L"}LMs?\\b|\\b${"A"}I\\b`), "how the text was made"],
];

const textExtensions = new Set([
  ".ts",
  ".tsx",
  ".mjs",
  ".js",
  ".json",
  ".sol",
  ".circom",
  ".md",
  ".html",
  ".css",
  ".yml",
  "",
]);

/** What a tracked text may not say. */
function forbiddenIn(text: string): string[] {
  const found = forbidden.filter(([pattern]) => pattern.test(text));
  return found.map(([pattern, what]) => `${what}: ${pattern.exec(text)?.[0].trim()}`);
}

/** Relative paths in prose (a page, or the comments of a source) that lead to nothing in this repository. */
function strayPaths({ path, text }: Source, exists: (path: string) => boolean): string[] {
  const comments = () => (text.match(tokens) ?? []).filter((token) => token.startsWith("/")).join("\n");
  const prose = path.endsWith(".md") ? text : comments();
  const made = /^(node_modules|build|artifacts|cache)\b/;
  const found = [...prose.matchAll(/(?<![\w./])((?:\.\.\/)+)([\w@-][\w.@-]*)/g)];
  const targets = found.map((match) => normalize(join(dirname(path), match[1] ?? "", match[2] ?? "")));
  return targets.filter((target) => !made.test(target) && !exists(target));
}

const files = trackedFiles();
const matcherSources = files.filter((path) => /^matcher\/.*\.tsx?$/.test(path)).map(readSource);

/** Fails with every offender at once, one a line. */
function expectNone(offenders: readonly string[]): void {
  expect(offenders, `\n${offenders.join("\n")}\n`).to.have.length(0);
}

function offendersOf(sources: readonly Source[], rule: (source: Source) => readonly string[]): string[] {
  return sources.flatMap((source) => rule(source).map((what) => `${source.path}: ${what}`));
}

describe("The house", () => {
  it("lets each part of the matcher import only what it may", () => {
    expectNone(offendersOf(matcherSources, brokenImports));
  });

  it("lets no contract, circuit or matcher file import scripts or tests", () => {
    const sources = files
      .filter((path) => /^(contracts|circuits)\/(?!test\/).*\.(sol|circom)$/.test(path))
      .map(readSource);
    expectNone(
      offendersOf(sources, ({ text }) => text.match(/(?:import|include)[^;]*["'][^"']*\b(scripts|test)\//g) ?? []),
    );
  });

  it("keeps clock, randomness, floats, input and output out of the core", () => {
    const core = matcherSources.filter(({ path }) => pureFolders.includes(path.split("/")[1] ?? ""));
    expectNone(offendersOf(core, ({ text }) => impuritiesOf(text)));
  });

  it("names every file after a noun", () => {
    expectNone(files.filter((path) => /(^|\/)(utils?|helpers?|common|misc|shared)(\.|\/)/i.test(path)));
  });

  it(`keeps every source file within ${maxLines} lines`, () => {
    const sources = files.filter(
      (path) =>
        /^(matcher|contracts|circuits|scripts)\//.test(path) &&
        !path.includes("/generated/") &&
        // Written from what the compiler says.
        path !== "matcher/protocol/abi.ts" &&
        extname(path) !== ".json",
    );
    const tooLong = (text: string) => text.split("\n").length - 1 > maxLines;
    expectNone(sources.filter((path) => tooLong(readSource(path).text)));
  });

  it("mentions no machine, no registry, no tracker and nothing unfinished", () => {
    const texts = files.filter((path) => textExtensions.has(extname(path)) && path !== "LICENSE").map(readSource);
    expectNone(offendersOf(texts, ({ text }) => forbiddenIn(text)));
  });

  it("points only at files that are here", () => {
    // Code that a page shows speaks of files from where it stands itself.
    const prose = ({ path, text }: Source): Source =>
      path.endsWith(".md") ? { path, text: text.replace(/^```ts\n[\s\S]*?^```$/gm, "") } : { path, text };
    const texts = files
      .filter((path) => /\.(tsx?|mjs|sol|circom|md)$/.test(path))
      .map((path) => prose(readSource(path)));
    expectNone(offendersOf(texts, (source) => strayPaths(source, (target) => existsSync(join(root, target)))));
  });

  it("locks every platform's package and records no download address", () => {
    type Locked = { optionalDependencies?: Record<string, string>; resolved?: string };
    const { packages } = JSON.parse(readSource("package-lock.json").text) as { packages: Record<string, Locked> };
    const offenders = Object.entries(packages).flatMap(([path, locked]) => {
      const names = Object.keys(locked.optionalDependencies ?? {});
      const missing = names.filter(
        (name) => !packages[`node_modules/${name}`] && !packages[`${path}/node_modules/${name}`],
      );
      return [
        ...missing.map((name) => `${path} lacks ${name}`),
        ...(locked.resolved ? [`${path}: ${locked.resolved}`] : []),
      ];
    });
    expectNone(offenders);
  });

  it("starts every command through the bootstrap, and has a script for each", () => {
    const { scripts } = JSON.parse(readSource("package.json").text) as { scripts: Record<string, string> };
    const offenders = Object.entries(scripts).filter(([, line]) => {
      const command = /^exec node scripts\/bootstrap\.mjs(?: ([\w-]+)(?: .*)?)?$/.exec(line);
      return (
        !command || (command[1] && command[1] !== "exec" && !existsSync(join(root, "scripts", `${command[1]}.ts`)))
      );
    });
    expectNone(offenders.map(([name, line]) => `${name}: ${line}`));
  });
});

describe("The house rules notice", () => {
  const at = (path: string, text: string) => ({ path, text });

  it("an import against the order of the parts", () => {
    expect(brokenImports(at("matcher/book/a.ts", 'import { x } from "../state/ledger.ts";'))).to.deep.equal([
      "matcher/state/ledger.ts",
    ]);
    expect(brokenImports(at("matcher/api/a.ts", 'const x = await import("../../scripts/build.ts");'))).to.have.length(
      1,
    );
    expect(brokenImports(at("matcher/stray/a.ts", ""))).to.have.length(1);
    expect(brokenImports(at("matcher/state/a.ts", 'import type { M } from "../risk/margin.ts";'))).to.deep.equal([]);
  });

  it("a clock, a random number, a float and Node in the core, but not in comments and strings", () => {
    for (const text of [
      "Date.now()",
      "Math.random()",
      "const fee = 0.5;",
      "x / 1e-3",
      "process.env.X",
      "Buffer.from(a)",
    ]) {
      expect(impuritiesOf(text), text).to.have.length(1);
    }
    expect(impuritiesOf('import fs from "node:fs";')).to.deep.equal(["node:fs"]);
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the text of a template is the subject.
    expect(impuritiesOf("const line = `at ${Date.now()}`;")).to.have.length(1);
    expect(impuritiesOf('// Date and 0.5\nconst unit = "0.5 Date"; const lots = 10_000;')).to.deep.equal([]);
  });

  it("a path of one machine, a path that leads nowhere, and unfinished work", () => {
    expect(forbiddenIn(`see /${"home"}/someone/file`)).to.have.length(1);
    expect(forbiddenIn(`// ${"TO"}DO later`)).to.have.length(1);
    expect(forbiddenIn("GET /orders from https://127.0.0.1:8080/home")).to.deep.equal([]);
    const stray = strayPaths(at("docs/a.md", `see ${".."}/elsewhere/design.md`), () => false);
    expect(stray).to.deep.equal(["elsewhere"]);
  });
});
