import { createHash } from "node:crypto";
import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { extname, join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { build } from "vite";
import { REPOSITORY_ROOT } from "../circuits/build-circuit.ts";
import { cacheFolder } from "../circuits/cache-folder.ts";
import { ContentCache } from "../circuits/content-cache.ts";

/** Raised when the page would be built otherwise from the same sources. */
const BUILD_VERSION = 2;
/** Everything that the page is made of beside its packages, which the lock names. */
const SOURCES = ["matcher/page", "matcher/sdk", "matcher/protocol", "matcher/risk"];

export const PAGE_FOLDER = "build/page";

/** In the folder: of which sources its page is. */
const KEY_FILE = "build-key.txt";

export interface BuiltPage {
  readonly folder: string;
  readonly cached: boolean;
}

/** The trading page in build/page: bundled, with hashes in its names, and compressed. Kept by the content of its sources. */
export async function buildPage(root: string = REPOSITORY_ROOT): Promise<BuiltPage> {
  const folder = join(root, PAGE_FOLDER);
  const cache = new ContentCache(join(cacheFolder(), "page"), 200e6);
  const key = `page-${sourceHash(root)}`;
  return cache.locked(key, async () => {
    // Others may be reading it.
    if (keyIn(folder) === key) return { folder, cached: true };
    // Linked beside and then moved as a whole: a start at the same time finds one build or the other.
    const staging = `${folder}.${process.pid}.new`;
    rmSync(staging, { recursive: true, force: true });
    let cached = true;
    if (cache.restore(key, staging, (name) => name) === undefined) {
      cached = false;
      await cache.put(key, async (into) => {
        await bundle(root, into);
        writeFileSync(join(into, KEY_FILE), key);
        return {};
      });
      cache.restore(key, staging, (name) => name);
    }
    rmSync(folder, { recursive: true, force: true });
    renameSync(staging, folder);
    return { folder, cached };
  });
}

function keyIn(folder: string): string | undefined {
  try {
    return readFileSync(join(folder, KEY_FILE), "utf8");
  } catch {
    return undefined;
  }
}

/** Changes with anything that could change what vite writes. */
function sourceHash(root: string): string {
  const hash = createHash("sha256").update(`${BUILD_VERSION}`);
  hash.update(readFileSync(join(root, "package-lock.json")));
  for (const folder of SOURCES) {
    for (const name of readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).sort()) {
      if (extname(name) === "") continue;
      const content = readFileSync(join(root, folder, name));
      hash.update(`\n${folder}/${name} ${createHash("sha256").update(content).digest("hex")}`);
    }
  }
  return hash.digest("hex").slice(0, 40);
}

/** Writes index.html and its files flat into a folder, each with its compressed forms. @throws Error with vite's words */
async function bundle(root: string, into: string): Promise<void> {
  const out = join(into, "out");
  await build({
    configFile: false,
    root: join(root, "matcher/page"),
    base: "/",
    logLevel: "error",
    oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
    build: {
      outDir: out,
      emptyOutDir: true,
      target: "es2022",
      assetsDir: "assets",
      // Nothing is put into the document or the style as data: the policy allows no inline script.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      rolldownOptions: {
        // How long something took on a busy machine is nothing that is wrong with the page.
        checks: { pluginTimings: false },
        onwarn: (warning) => {
          throw new Error(warning.message);
        },
      },
    },
  });
  const files = [join(out, "index.html"), ...readdirSync(join(out, "assets")).map((name) => join(out, "assets", name))];
  for (const path of files) {
    const name = path.slice(path.lastIndexOf("/") + 1);
    const content = readFileSync(path);
    writeFileSync(join(into, name), content);
    writeFileSync(join(into, `${name}.gz`), gzipSync(content, { level: 9 }));
    const quality = { [constants.BROTLI_PARAM_QUALITY]: 11 };
    writeFileSync(join(into, `${name}.br`), brotliCompressSync(content, { params: quality }));
  }
  rmSync(out, { recursive: true, force: true });
}
