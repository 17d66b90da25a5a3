import { dirname, join } from "node:path/posix";
import { type Artifact, type CompilerRun, readArtifact, readCompilerRun } from "../devnet/artifact.ts";

/** Compiled contracts, and the compiler's inputs that they came from. */
export interface ContractSource {
  read(path: string): Artifact;
  compilerRun(artifact: Artifact): CompilerRun;
}

/** What `npm run build` compiled. */
export const BUILT_CONTRACTS: ContractSource = { read: readArtifact, compilerRun: readCompilerRun };

/** What a block explorer takes to compile a contract again. */
export interface StandardJsonInput {
  readonly language: string;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly sources: Readonly<Record<string, { readonly content: string }>>;
}

/** The text of the file that the contract stands in. */
export function sourceTextOf(artifact: Artifact, { input }: CompilerRun): string {
  const found = input.sources[artifact.inputSourceName];
  if (found === undefined) throw new RangeError(`The compiler's input lacks ${artifact.inputSourceName}.`);
  return found.content;
}

/** The compiler's input cut down to what the contract imports: the same settings and texts, so the same code and metadata. */
export function standardJsonInput(artifact: Artifact, { input }: CompilerRun): StandardJsonInput {
  const wanted = new Map<string, { readonly content: string }>();
  const open = [artifact.inputSourceName];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (wanted.has(name)) continue;
    const source = input.sources[name];
    if (source === undefined) throw new RangeError(`The compiler's input lacks ${name}.`);
    wanted.set(name, { content: source.content });
    open.push(...importsOf(name, source.content, input.settings.remappings ?? []));
  }
  const sources = Object.fromEntries([...wanted].sort(([left], [right]) => (left < right ? -1 : 1)));
  const outputSelection = { "*": { "*": ["abi", "evm.bytecode.object", "evm.deployedBytecode.object", "metadata"] } };
  return { language: input.language, settings: { ...input.settings, outputSelection }, sources };
}

/** Names as the compiler resolves them: relative to the importing file, or by the remapping with the longest prefix. */
function importsOf(file: string, text: string, remappings: readonly string[]): string[] {
  const withoutComments = text.replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, " ");
  return [...withoutComments.matchAll(/\bimport\b[^;"']*["']([^"']+)["']/g)].map(([, path = ""]) => {
    if (path.startsWith(".")) return join(dirname(file), path);
    const fitting = remappings.map(splitRemapping).filter(({ context, prefix }) => {
      return file.startsWith(context) && path.startsWith(prefix);
    });
    const [best] = fitting.sort((a, b) => b.context.length - a.context.length || b.prefix.length - a.prefix.length);
    return best === undefined ? path : `${best.target}${path.slice(best.prefix.length)}`;
  });
}

/** "context:prefix=target". */
function splitRemapping(remapping: string) {
  const [head = "", target = ""] = remapping.split("=");
  const colon = head.indexOf(":");
  return { context: head.slice(0, Math.max(colon, 0)), prefix: head.slice(colon + 1), target };
}
