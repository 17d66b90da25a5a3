import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { Refusal } from "../supervisor/refusal.ts";

const require = createRequire(import.meta.url);

/** Runs `hardhat build`, which caches by itself. @throws Refusal with the compiler's words. */
export function compileContracts(root: string): Promise<void> {
  const hardhat = require.resolve("hardhat/package.json").replace("package.json", "dist/src/cli.js");
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ["--no-warnings", hardhat, "build", "--no-tests"], {
      cwd: root,
      env: { ...process.env, HARDHAT_DISABLE_TELEMETRY: "true" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const stop = () => child.kill();
    process.once("exit", stop);
    let output = "";
    child.stdout.on("data", (chunk: Buffer) => (output += chunk));
    child.stderr.on("data", (chunk: Buffer) => (output += chunk));
    child.on("error", reject);
    child.on("close", (code) => {
      process.removeListener("exit", stop);
      if (code === 0) resolve();
      else reject(new Refusal(`${output.trim()}\nThe contracts do not compile; what the compiler said is above.`));
    });
  });
}
