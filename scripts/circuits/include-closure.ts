import { existsSync, readFileSync, realpathSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";

/** A circom file that was named by an include but found nowhere. */
export class MissingIncludeError extends Error {
  override readonly name = "MissingIncludeError";
}

/**
 * All files that a circuit is compiled from, itself included, sorted. Resolution is circom's: beside the including file
 * first, then each library folder in order.
 *
 * @returns paths relative to `root`, with forward slashes.
 * @throws MissingIncludeError
 */
export function includeClosure(root: string, main: string, libraries: readonly string[]): string[] {
  const found = new Set<string>();
  const waiting = [resolve(root, main)];
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (!existsSync(file)) throw new MissingIncludeError(`${relative(root, file)} does not exist`);
    const real = realpathSync(file);
    if (found.has(real)) continue;
    found.add(real);
    for (const name of includesOf(readFileSync(real, "utf8"))) {
      const candidates = [dirname(file), ...libraries.map((library) => resolve(root, library))];
      const match = candidates.map((folder) => join(folder, name)).find((path) => existsSync(path));
      if (match === undefined) throw new MissingIncludeError(`${relative(root, file)} includes ${name}: not found`);
      waiting.push(match);
    }
  }
  return [...found].map((file) => relative(root, file).replaceAll("\\", "/")).sort();
}

/** The names in a source's include statements; comments may hold anything. */
export function includesOf(source: string): string[] {
  const withoutComments = source.replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, " ");
  return [...withoutComments.matchAll(/\binclude\s*"([^"]+)"\s*;/g)].map((match) => match[1]!);
}
