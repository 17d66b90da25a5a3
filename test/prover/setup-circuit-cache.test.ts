import { execFile } from "node:child_process";
import {
  cpSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { expect } from "chai";
import { buildAll, buildCircuit, compilationKey, REPOSITORY_ROOT } from "../../scripts/circuits/build-circuit.ts";
import { cacheFolder } from "../../scripts/circuits/cache-folder.ts";
import { CircuitCompileError } from "../../scripts/circuits/compile-circuit.ts";
import { constraintReport } from "../../scripts/circuits/constraint-report.ts";
import { ContentCache } from "../../scripts/circuits/content-cache.ts";
import { includeClosure, includesOf, MissingIncludeError } from "../../scripts/circuits/include-closure.ts";
import type { CircuitProgress } from "../../scripts/circuits/progress.ts";

const MAIN = "circuits/polynomial-value.circom";

describe("circuit cache", () => {
  /** A checkout of its own, with its own cache, so that sources can be changed. */
  let root: string;
  let cache: string;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "clearbook-circuits-"));
    cache = join(root, "cache");
    cpSync(join(REPOSITORY_ROOT, "test/fixtures/circuits"), join(root, "circuits"), { recursive: true });
    symlinkSync(join(REPOSITORY_ROOT, "node_modules"), join(root, "node_modules"));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  const build = (onProgress: (progress: CircuitProgress) => void = () => {}) =>
    buildCircuit({ main: MAIN, optimization: "O2", out: "build/fixture", root, cache, threads: 1, onProgress });
  const edit = (file: string, change: (text: string) => string) =>
    writeFileSync(join(root, file), change(readFileSync(join(root, file), "utf8")));
  const entry = (kind: string) => join(cache, readdirSync(cache).find((name) => name.startsWith(kind))!);

  it("builds once and then finds everything, also from another folder", async () => {
    expect((await build()).cached).to.deep.equal({ compile: false, key: false });
    rmSync(join(root, "build"), { recursive: true });
    const seen: CircuitProgress[] = [];
    const again = await build((progress) => seen.push(progress));
    expect(again.cached).to.deep.equal({ compile: true, key: true });
    for (const path of [again.r1csPath, again.wasmPath, again.symPath, again.key!.zkeyPath, again.key!.vkeyPath]) {
      expect(existsSync(path), path).to.equal(true);
    }
    expect(seen.map(({ phase, done }) => [phase, done])).to.deep.equal([
      ["compile", "cached"],
      ["dev-key", "cached"],
      ["ready", undefined],
    ]);
  });

  it("heals a damaged key and a damaged compilation", async () => {
    const first = await build();
    const sound = readFileSync(first.key!.zkeyPath);
    for (const [kind, file] of [
      ["dev-key-", "circuit.insecure-dev.zkey"],
      ["compile-", "circuit.wasm"],
    ] as const) {
      const path = join(entry(kind), file);
      const bytes = readFileSync(path);
      bytes[bytes.length >> 1]! ^= 1;
      writeFileSync(path, bytes);
      const healed = await build();
      expect(healed.cached).to.deep.equal({ compile: kind !== "compile-", key: kind !== "dev-key-" });
      expect(readFileSync(healed.key!.zkeyPath).equals(sound)).to.equal(true);
    }
    expect((await build()).cached).to.deep.equal({ compile: true, key: true });
  });

  it("heals an entry that lost a file or its manifest", async () => {
    await build();
    rmSync(join(entry("compile-"), "circuit.sym"));
    writeFileSync(join(entry("dev-key-"), "manifest.json"), "{");
    expect((await build()).cached).to.deep.equal({ compile: false, key: false });
  });

  it("notices a change in an included file, but keeps the key when the constraints stay", async () => {
    await build();
    edit("circuits/square.circom", (text) => `${text}// a remark\n`);
    expect((await build()).cached).to.deep.equal({ compile: false, key: true });
    edit("circuits/square.circom", (text) => text.replace("in * in", "in * in + in"));
    expect((await build()).cached).to.deep.equal({ compile: false, key: false });
  });

  it("lets several processes build the same circuit at once", async () => {
    const script = `
      import { buildCircuit } from ${JSON.stringify(join(REPOSITORY_ROOT, "scripts/circuits/build-circuit.ts"))};
      const { cached } = await buildCircuit(${JSON.stringify({ main: MAIN, optimization: "O2", out: "build/fixture", root, cache, threads: 1 })});
      process.stdout.write(JSON.stringify(cached));`;
    const run = promisify(execFile);
    const results = await Promise.all(
      [1, 2, 3].map(() => run(process.execPath, ["--no-warnings", "--input-type=module", "-e", script])),
    );
    const built = results.map(({ stdout }) => JSON.parse(stdout) as { compile: boolean; key: boolean });
    expect(built.filter(({ compile }) => !compile)).to.have.length(1);
    expect(built.filter(({ key }) => !key)).to.have.length(1);
  });

  it("keeps compilations with other flags apart", () => {
    const key = compilationKey(root, { main: MAIN, optimization: "O1" });
    expect(key).to.not.equal(compilationKey(root, { main: MAIN, optimization: "O2" }));
  });

  it("tells circom's words when a circuit is wrong, and keeps nothing", async () => {
    edit(MAIN, (text) => text.replace("y === ", "y === nothing + "));
    const error = await build().catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(CircuitCompileError);
    expect((error as CircuitCompileError).report).to.include("nothing");
    expect(readdirSync(cache)).to.deep.equal([]);
    expect(readdirSync(join(root, "build")).filter((name) => name.startsWith("."))).to.deep.equal([]);
  });

  it("builds a list without keys and reports its constraints", async () => {
    const specs = (["O1", "O2"] as const).map((optimization) => {
      return { main: MAIN, optimization, out: `build/${optimization}`, devKey: false };
    });
    const built = await buildAll(specs, { root, cache });
    expect(built.map(({ key }) => key)).to.deep.equal([undefined, undefined]);
    expect(built[1]!.nonLinearConstraints).to.equal(4);
    const [head, , row] = constraintReport(built).split("\n");
    expect(head).to.match(/^\| circuit +\| constraints \| non-linear \| linear \| wires \| public \|$/);
    expect(row).to.match(/^\| polynomial-value \|/);
  });
});

describe("content cache", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "clearbook-cache-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const put = (cache: ContentCache, key: string, bytes: number) =>
    cache.put(key, async (into) => {
      writeFileSync(join(into, "data"), Buffer.alloc(bytes, key));
      return { made: 1 };
    });
  const restore = (cache: ContentCache, key: string) =>
    cache.restore(key, join(folder, "out"), (name) => `${key}.${name}`);

  it("keeps nothing of what failed to be made", async () => {
    const cache = new ContentCache(join(folder, "cache"));
    const failing = cache.put("broken", async (into) => {
      writeFileSync(join(into, "half"), "half");
      throw new Error("interrupted");
    });
    expect(await failing.catch((error: Error) => error.message)).to.equal("interrupted");
    expect(readdirSync(cache.folder)).to.deep.equal([]);
    expect(restore(cache, "broken")).to.equal(undefined);
  });

  it("gives back what was kept, with its notes", async () => {
    const cache = new ContentCache(join(folder, "cache"));
    await put(cache, "a", 10);
    expect(restore(cache, "a")!.notes).to.deep.equal({ made: 1 });
    expect(statSync(join(folder, "out", "a.data")).size).to.equal(10);
  });

  it("notices that a linked file was written to through the link", async () => {
    const cache = new ContentCache(join(folder, "cache"));
    await put(cache, "a", 10);
    mkdirSync(join(folder, "elsewhere"));
    linkSync(join(cache.folder, "a", "data"), join(folder, "elsewhere", "data"));
    writeFileSync(join(folder, "elsewhere", "data"), "other bytes");
    expect(restore(cache, "a")).to.equal(undefined);
    expect(existsSync(join(cache.folder, "a"))).to.equal(false);
  });

  it("removes what was used longest ago when it grows too large, never what was just made", async () => {
    const cache = new ContentCache(join(folder, "cache"), 250);
    for (const [i, key] of ["a", "b"].entries()) {
      await put(cache, key, 100);
      utimesSync(join(cache.folder, key, "manifest.json"), i, i);
    }
    restore(cache, "a");
    await put(cache, "c", 100);
    expect(readdirSync(cache.folder).sort()).to.deep.equal(["a", "c"]);
  });

  it("never removes what was just used, however large", async () => {
    const cache = new ContentCache(join(folder, "cache"), 250);
    for (const key of ["a", "b", "c"]) await put(cache, key, 100);
    await put(cache, "d", 1000);
    expect(readdirSync(cache.folder).sort()).to.deep.equal(["a", "b", "c", "d"]);
  });

  it("lets one process at a time work on an entry, and takes over a dead one's lock", async () => {
    const cache = new ContentCache(join(folder, "cache"));
    writeFileSync(join(cache.folder, ".a.lock"), "999999999");
    let inside = 0;
    const work = () =>
      cache.locked("a", async () => {
        inside++;
        await new Promise((wake) => setTimeout(wake, 20));
        expect(inside).to.equal(1);
        inside--;
      });
    await Promise.all([work(), work(), work()]);
    expect(readdirSync(cache.folder)).to.deep.equal([]);
  });

  it("lies where the environment says", () => {
    expect(cacheFolder({ CLEARBOOK_CACHE: "/x/y", XDG_CACHE_HOME: "/z" })).to.equal("/x/y");
    expect(cacheFolder({ XDG_CACHE_HOME: "/z" })).to.equal("/z/clearbook");
    expect(dirname(cacheFolder({}))).to.match(/\.cache$/);
  });
});

describe("include closure", () => {
  it("follows includes through folders and libraries, once each", () => {
    const files = includeClosure(REPOSITORY_ROOT, "test/fixtures/circuits/polynomial-value.circom", []);
    expect(files).to.deep.equal([
      "test/fixtures/circuits/polynomial-value.circom",
      "test/fixtures/circuits/square.circom",
    ]);
    const library = includeClosure(REPOSITORY_ROOT, "node_modules/circomlib/circuits/poseidon.circom", []);
    expect(library).to.include("node_modules/circomlib/circuits/poseidon_constants.circom");
  });

  it("reads no includes from comments", () => {
    const source = 'include "a.circom";\n// include "b.circom";\n/* include "c.circom"; */\n  include  "d.circom" ;';
    expect(includesOf(source)).to.deep.equal(["a.circom", "d.circom"]);
  });

  it("says which file an include is missing from", () => {
    const folder = mkdtempSync(join(tmpdir(), "clearbook-include-"));
    writeFileSync(join(folder, "main.circom"), 'include "gone.circom";');
    expect(() => includeClosure(folder, "main.circom", ["lib"])).to.throw(
      MissingIncludeError,
      "main.circom includes gone.circom: not found",
    );
    rmSync(folder, { recursive: true });
  });
});
