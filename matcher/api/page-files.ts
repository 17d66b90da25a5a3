import { existsSync, readdirSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";

/** How a file is encoded on its way, best first. */
export type Encoding = "br" | "gzip" | "identity";

export interface PageFile {
  readonly type: string;
  readonly bodies: Readonly<Partial<Record<Encoding, Buffer>>> & { readonly identity: Buffer };
}

/** The trading page as it was built, by name. It is read once: a build that comes later changes nothing that is served. */
export interface PageFiles {
  readonly index: PageFile;
  /** All others. A name holds a hash of its content, so that it never changes. */
  readonly assets: ReadonlyMap<string, PageFile>;
}

const INDEX = "index.html";

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};

/** @returns undefined when the folder holds no page */
export function loadPage(folder: string): PageFiles | undefined {
  if (!existsSync(join(folder, INDEX))) return undefined;
  const read = (name: string): PageFile => {
    const compressed = (ending: string) => {
      const path = join(folder, `${name}.${ending}`);
      return existsSync(path) ? readFileSync(path) : undefined;
    };
    const [br, gzip] = [compressed("br"), compressed("gz")];
    return {
      type: TYPES[extname(name)] as string,
      bodies: {
        identity: readFileSync(join(folder, name)),
        ...(br === undefined ? {} : { br }),
        ...(gzip === undefined ? {} : { gzip }),
      },
    };
  };
  const names = readdirSync(folder).filter((name) => name !== INDEX && TYPES[extname(name)] !== undefined);
  return { index: read(INDEX), assets: new Map(names.map((name) => [name, read(name)])) };
}
