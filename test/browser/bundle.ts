import { fileURLToPath } from "node:url";
import { build, type Rolldown } from "vite";

/** A script for a browser, and whatever it imports. @throws when it imports something that only Node has */
export async function bundle(entry: string): Promise<string> {
  const result = await build({
    configFile: false,
    root: fileURLToPath(new URL(".", import.meta.url)),
    logLevel: "error",
    build: {
      write: false,
      target: "es2022",
      lib: { entry, formats: ["iife"], name: "clearbook", fileName: "page" },
      rolldownOptions: {
        // How long something took on a busy machine is nothing that is wrong with the script.
        checks: { pluginTimings: false },
        // An import of Node's is replaced by an empty module, with no more than a warning: here it is an error.
        onwarn: (warning) => {
          throw new Error(warning.message);
        },
      },
    },
  });
  const [output] = (Array.isArray(result) ? result : [result]) as Rolldown.RolldownOutput[];
  return output!.output[0].code;
}
