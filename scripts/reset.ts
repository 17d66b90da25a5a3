/**
 * Clears what Clearbook made, so that the next command starts from the sources.
 *
 *   npm run reset                 what runs left behind, contracts, circuits and keys
 *   npm run reset -- --state      only what runs left behind: the next start reuses contracts, circuits and keys
 *   npm run reset -- --all        the installed dependencies as well
 */
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { cacheFolder } from "./circuits/cache-folder.ts";

const stateFolders = [".clearbook"];
// Of the cache only what is ours by name: the folder may be one that its owner chose and keeps other things in.
const builtFolders = ["build", "artifacts", "cache", "coverage", join(cacheFolder(), "circuits")];

const options = new Command("reset")
  .option("--state", "clear only what runs left behind", false)
  .option("--all", "clear the installed dependencies as well", false)
  .parse()
  .opts<{ state: boolean; all: boolean }>();

const folders = options.state ? stateFolders : [...stateFolders, ...builtFolders];
if (options.all) folders.push("node_modules");

const present = folders.filter((folder) => existsSync(folder));
for (const folder of present) rmSync(folder, { recursive: true, force: true });
console.log(present.length === 0 ? "Nothing to clear." : `Cleared ${present.join(", ")}.`);
