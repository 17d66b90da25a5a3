import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A package that the lock names, as it is installed. */
export interface LockedPackage {
  readonly name: string;
  readonly version: string;
  /** SPDX expression. */
  readonly licence: string;
  /** Part of what runs or is compiled into what is deployed; the others are tools. */
  readonly isPartOfClearbook: boolean;
  /** Installed on some kinds of machines only: what is said of it is what the lock says. */
  readonly isForSomePlatforms: boolean;
  readonly author: string;
  /** What its files say about rights; empty when it brings none. */
  readonly texts: readonly string[];
}

/** A package that says nothing about its licence must not be used. */
export class UnknownLicence extends Error {
  override readonly name = "UnknownLicence";
}

/** Tools by the lock's reckoning whose text is compiled into contracts and circuits. */
const COMPILED_IN = new Set(["@openzeppelin/contracts", "circomlib"]);
const RIGHTS_FILE = /^(licen[cs]e|copying|notice|copyright)/i;

type LockEntry = {
  readonly version?: string;
  readonly license?: string;
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly cpu?: readonly string[];
};

/** Every package once, by name and version. @throws UnknownLicence */
export function lockedPackages(root: string): LockedPackage[] {
  const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as {
    packages: Record<string, LockEntry>;
  };
  const found = new Map<string, LockedPackage>();
  for (const [path, entry] of Object.entries(packages)) {
    if (path === "") continue;
    const name = path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length);
    const key = `${name} ${entry.version}`;
    const isPartOfClearbook = !entry.dev || COMPILED_IN.has(name);
    const known = found.get(key);
    if (known !== undefined) {
      if (isPartOfClearbook) found.set(key, { ...known, isPartOfClearbook });
      continue;
    }
    const isForSomePlatforms = entry.optional === true && (entry.dev === true || entry.cpu !== undefined);
    const folder = join(root, path);
    const described = isForSomePlatforms ? {} : describedIn(folder);
    const licence = entry.license ?? described.licence;
    if (licence === undefined) throw new UnknownLicence(`${key} says nothing about its licence.`);
    found.set(key, {
      name,
      version: entry.version ?? "",
      licence,
      isPartOfClearbook,
      isForSomePlatforms,
      author: described.author ?? "",
      texts: isForSomePlatforms ? [] : textsIn(folder),
    });
  }
  return [...found.values()].sort((left, right) => {
    return compare(left.name, right.name) || compare(left.version, right.version);
  });
}

function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

function describedIn(folder: string): { licence?: string; author?: string } {
  const description = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
    license?: unknown;
    /** The form of packages from before 2014. */
    licenses?: readonly { readonly type: string }[];
    author?: string | { name?: string };
  };
  const { license, licenses, author } = description;
  const licence = typeof license === "string" ? license : licenses?.map(({ type }) => type).join(" OR ");
  const name = (typeof author === "object" ? author.name : author)?.replace(/\s*[<(].*/, "");
  return {
    ...(licence === undefined ? {} : { licence }),
    ...(name === undefined ? {} : { author: name }),
  };
}

function textsIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder, { withFileTypes: true }).filter(
    (file) => file.isFile() && RIGHTS_FILE.test(file.name),
  );
  const texts = names.map(({ name }) => name).sort();
  return texts.map((name) => {
    const text = readFileSync(join(folder, name), "utf8").replaceAll("\r\n", "\n");
    return text.replace(/[ \t]+$/gm, "").trim();
  });
}
