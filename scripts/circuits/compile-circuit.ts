import { spawn } from "node:child_process";
import { readFileSync, renameSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, join, relative } from "node:path";

const require = createRequire(import.meta.url);

/** circom's own levels: O1 keeps linear constraints, O2 substitutes them away and makes combinations denser. */
export type Optimization = "O1" | "O2";

/** Folders that includes are looked up in, relative to the root: circom2 sees nothing that is named otherwise. */
export const INCLUDE_FOLDERS = ["node_modules", "node_modules/circomlib/circuits", "circuits"] as const;

export type CompileNotes = {
  readonly nonLinearConstraints: number;
  readonly linearConstraints: number;
};

/** circom refused the circuit. `report` is what it printed. */
export class CircuitCompileError extends Error {
  override readonly name = "CircuitCompileError";
  readonly report: string;
  constructor(main: string, report: string) {
    super(`circom could not compile ${main}:\n${report}`);
    this.report = report;
  }
}

export function circomVersion(): string {
  const { version } = JSON.parse(readFileSync(require.resolve("circom2/package.json"), "utf8")) as { version: string };
  return version;
}

/**
 * Compiles to `circuit.r1cs`, `circuit.wasm` and `circuit.sym` in an existing folder below `root`.
 * @throws CircuitCompileError
 */
export async function compileCircuit(
  root: string,
  main: string,
  optimization: Optimization,
  folder: string,
): Promise<CompileNotes> {
  const circom = require.resolve("circom2/cli.js");
  const libraries = INCLUDE_FOLDERS.flatMap((library) => ["-l", library]);
  const output = relative(root, folder);
  const flags = ["--r1cs", "--wasm", "--sym", `--${optimization}`, ...libraries, "-o", output];
  const { code, text } = await run([circom, main, ...flags], root);
  const report = text.replace(new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, "g"), "").trim();
  if (code !== 0) throw new CircuitCompileError(main, report);
  const name = basename(main, ".circom");
  renameSync(join(folder, `${name}_js`, `${name}.wasm`), join(folder, "circuit.wasm"));
  rmSync(join(folder, `${name}_js`), { recursive: true });
  for (const type of ["r1cs", "sym"]) renameSync(join(folder, `${name}.${type}`), join(folder, `circuit.${type}`));
  const count = (label: string) => Number(new RegExp(`^${label} constraints: (\\d+)`, "m").exec(report)?.[1] ?? 0);
  return { nonLinearConstraints: count("non-linear"), linearConstraints: count("linear") };
}

function run(commandLine: string[], root: string): Promise<{ code: number | null; text: string }> {
  return new Promise((resolve, reject) => {
    // The WASI shim warns on stderr; those lines are only shown when the compilation fails.
    const child = spawn(process.execPath, ["--no-warnings", ...commandLine], {
      cwd: root,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let text = "";
    child.stdout.on("data", (chunk: Buffer) => (text += chunk));
    child.stderr.on("data", (chunk: Buffer) => (text += chunk));
    const stop = () => child.kill();
    process.once("exit", stop);
    child.on("error", reject);
    child.on("close", (code) => {
      process.removeListener("exit", stop);
      resolve({ code, text });
    });
  });
}
