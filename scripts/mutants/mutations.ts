import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * constraint  a line with === is gone
 * range       what an InRange or Num2Bits was asked about is not asked: 0 instead, or 253 bits instead of n
 * boundary    a canonical decomposition accepts any
 * assignment  a <== computes without constraining
 */
export type MutationKind = "constraint" | "range" | "boundary" | "assignment";

export interface Mutation {
  /** Path below circuits/, and line. */
  readonly file: string;
  readonly line: number;
  readonly template: string;
  readonly kind: MutationKind;
  /** The statement that is changed, and what it becomes. */
  readonly before: string;
  readonly after: string;
}

const generated = new Set(["generated", "main"]);

/** Every mutation of the circuits below `folder`, in the order of the sources. */
export function mutationsOf(folder: string): Mutation[] {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".circom"));
  const own = files.filter((file) => !generated.has(file.split("/")[0] as string)).sort();
  return own.flatMap((file) => mutationsOfSource(file, readFileSync(join(folder, file), "utf8")));
}

/** The sources' statements take a line each, several loops' heads before them at most. */
export function mutationsOfSource(file: string, source: string): Mutation[] {
  const ranged = rangedComponents(source);
  let template = "";
  return source.split("\n").flatMap((text, index) => {
    template = /^template (\w+)/.exec(text)?.[1] ?? template;
    const before = statementOf(text);
    const at = { file, line: index + 1, template, before };
    return changesOf(before, ranged).map(([kind, after]): Mutation => ({ ...at, kind, after }));
  });
}

/** The mutated source, with the same lines. */
export function mutate(source: string, { line, before, after }: Mutation): string {
  const lines = source.split("\n");
  const text = lines[line - 1] as string;
  if (!text.includes(before)) throw new Error(`line ${line} does not hold ${before}`);
  lines[line - 1] = text.replace(before, () => after);
  return lines.join("\n");
}

/** The line without the heads of its loops and conditions, and without a comment. */
function statementOf(text: string): string {
  let rest = text.replace(/\/\/.*$/, "").trim();
  for (let head = /^(\} else )?(for|if) \(/.exec(rest); head !== null; head = /^(for|if) \(/.exec(rest)) {
    let depth = 0;
    let end = rest.indexOf("(");
    do {
      if (rest[end] === "(") depth++;
      if (rest[end] === ")") depth--;
      end++;
    } while (depth > 0 && end < rest.length);
    rest = rest.slice(end).trim();
  }
  return rest;
}

/** Names of components, or arrays of them, that are nothing but a range check. */
function rangedComponents(source: string): ReadonlySet<string> {
  const declared = source.matchAll(/(\w+)(?:\[\w+\])? = InRange\(/g);
  return new Set([...declared].map((match) => match[1] as string));
}

function changesOf(statement: string, ranged: ReadonlySet<string>): [MutationKind, string][] {
  if (/^[^;]* === [^;]*;$/.test(statement)) {
    const changes: [MutationKind, string][] = [["constraint", "{ }"]];
    // The lower bit of a canonical decomposition: booleanity stays, the bound goes.
    const bound = /^\(1 - equalSoFar\[i \+ 1\] - bits\[i\]\) \* bits\[i\] === 0;$/;
    if (bound.test(statement)) changes.push(["boundary", "bits[i] * (bits[i] - 1) === 0;"]);
    return changes;
  }
  const asked = /^((\w+)(?:\[[^\]]+\])?\.in) <== [^;]+;$/.exec(statement);
  if (asked !== null && ranged.has(asked[2] as string)) return [["range", `${asked[1]} <== 0;`]];
  const bits = /^(.*= Num2Bits)\((?!n\))[^;]+\);$/.exec(statement);
  if (bits !== null) return [["range", `${bits[1]}(253);`]];
  if (/= BitsAtMost\(251, SUBGROUP_ORDER\(\) - 1\);$/.test(statement)) {
    return [["boundary", statement.replace("SUBGROUP_ORDER() - 1", "(1 << 251) - 1")]];
  }
  const assigned = /^[^;]+ <== [^;]+;$/.test(statement);
  return assigned ? [["assignment", statement.replace("<==", "<--")]] : [];
}
