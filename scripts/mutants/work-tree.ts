import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Mutation, mutate } from "./mutations.ts";

/** What a copy of the checkout needs for its circuits to be compiled and tested. */
const COPIED = ["circuits", "matcher", "scripts", "test", "package.json"];
/** circom looks nowhere outside its working directory, so a link to these would not do. */
const COPIED_PACKAGES = ["circomlib"];

/** A copy of the checkout in which one line of a circuit at a time is another. */
export class WorkTree {
  readonly root: string;
  #changed: { path: string; source: string } | undefined;

  private constructor(root: string) {
    this.root = root;
  }

  /** Makes the copy anew at `root`, which circom's working directory holds nothing of. */
  static create(checkout: string, root: string): WorkTree {
    rmSync(root, { recursive: true, force: true });
    mkdirSync(join(root, "build"), { recursive: true });
    for (const name of COPIED) cpSync(join(checkout, name), join(root, name), { recursive: true });
    const packages = join(checkout, "node_modules");
    mkdirSync(join(root, "node_modules"));
    for (const name of readdirSync(packages)) {
      const place = join(root, "node_modules", name);
      if (COPIED_PACKAGES.includes(name)) cpSync(join(packages, name), place, { recursive: true });
      else symlinkSync(join(packages, name), place);
    }
    return new WorkTree(root);
  }

  /** Applies a mutation in place of the one before; the checkout may have moved on meanwhile. */
  apply(mutation: Mutation | undefined): void {
    if (this.#changed !== undefined) writeFileSync(this.#changed.path, this.#changed.source);
    this.#changed = undefined;
    if (mutation === undefined) return;
    const path = join(this.root, "circuits", mutation.file);
    const source = readFileSync(path, "utf8");
    this.#changed = { path, source };
    writeFileSync(path, mutate(source, mutation));
  }

  /** An empty folder below the copy's build folder. */
  emptyFolder(name: string): string {
    const folder = join(this.root, "build", name);
    if (existsSync(folder)) rmSync(folder, { recursive: true });
    mkdirSync(folder);
    return folder;
  }
}
