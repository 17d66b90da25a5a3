import { homedir } from "node:os";
import { join, resolve } from "node:path";

/** Where everything lives that takes long to make and can be made again; the same folder as the bootstrap's. */
export function cacheFolder(environment: NodeJS.ProcessEnv = process.env): string {
  const { CLEARBOOK_CACHE, XDG_CACHE_HOME } = environment;
  return resolve(CLEARBOOK_CACHE || join(XDG_CACHE_HOME || join(homedir(), ".cache"), "clearbook"));
}
