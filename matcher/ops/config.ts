import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { Value } from "typebox/value";
import { CONFIG_SCHEMA, type Config, needsOf, SETTINGS, type Setting, type SettingName } from "./config-schema.ts";
import { withoutKeys } from "./secrets.ts";

/** A configuration that nobody may start with. One sentence. */
export class ConfigRefused extends Error {
  override readonly name = "ConfigRefused";
}

/** Where a value came from: a flag, a variable, the file, or "default". */
export type Origins = Readonly<Record<SettingName, string>>;

export interface EffectiveConfig {
  readonly config: Config;
  readonly origins: Origins;
  readonly printConfig: boolean;
  readonly help: boolean;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** Variables with our prefix that are for other programs of ours. */
const OTHER_VARIABLES: ReadonlySet<string> = new Set([
  "CLEARBOOK_CACHE",
  "CLEARBOOK_RANDOM_RUNS",
  "CLEARBOOK_ATTACK_RECORD",
]);
const PREFIX = "CLEARBOOK_";
const FILE_FLAG = "--config";
const FILE_VARIABLE = `${PREFIX}CONFIG`;

/** A value that was given, with the words that a refusal names it by. */
interface Given {
  readonly setting: Setting;
  readonly value: unknown;
  readonly source: string;
}

/**
 * The matcher's settings: the command line before the environment before the file before the defaults.
 * @throws ConfigRefused for a name that is unknown or a value that is not allowed, in one sentence
 */
export function readConfig(args: readonly string[], env: Environment): EffectiveConfig {
  const line = fromCommandLine(args);
  const file = line.file ?? env[FILE_VARIABLE];
  // The file first: what comes later takes the place of what came before.
  const given = [...(file === undefined ? [] : fromFile(file)), ...fromEnvironment(env), ...line.given];
  const config: Record<string, unknown> = {};
  const origins: Record<string, string> = {};
  for (const { name, byDefault } of SETTINGS) {
    origins[name] = "default";
    if (byDefault !== undefined) config[name] = byDefault;
  }
  for (const { setting, value, source } of given) {
    if (!Value.Check(setting.schema, value)) throw unfit(setting, value, source);
    config[setting.name] = value;
    origins[setting.name] = source;
  }
  Value.Assert(CONFIG_SCHEMA, config);
  return { config, origins: origins as Origins, printConfig: line.printConfig, help: line.help };
}

/** Every setting with its value and where it came from; of a secret, only whether it is there. */
export function configText({ config, origins }: EffectiveConfig): string {
  const rows = SETTINGS.map(({ name, secret, defaultText }) => {
    const value = config[name];
    const shown = value === undefined ? (defaultText ?? "-") : secret ? "[redacted]" : String(value);
    return [name, withoutKeys(shown), origins[name]] as const;
  });
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => (row[column] as string).length)));
  const line = ([name, value, origin]: (typeof rows)[number]) =>
    `${name.padEnd(widths[0] as number)}  ${value.padEnd(widths[1] as number)}  ${origin}`;
  return rows.map(line).join("\n");
}

/** Answer to --help. */
export function usageText(): string {
  const lines = SETTINGS.filter(({ secret }) => !secret).map((setting) => {
    return `  ${setting.flag.padEnd(26)} ${setting.description} It needs ${needsOf(setting)}.`;
  });
  return ["node matcher/main.ts [--config <file>] [--print-config] [settings]", "", ...lines].join("\n");
}

function unfit(setting: Setting, value: unknown, source: string): ConfigRefused {
  const shown = setting.secret ? "" : `, not ${withoutKeys(JSON.stringify(value) ?? "nothing")}`;
  return new ConfigRefused(`${source} needs ${needsOf(setting)}${shown}.`);
}

/** A text as the setting's kind; what is not of the kind stays a text, and the check refuses it. */
function typedValue({ kind }: Setting, text: string): unknown {
  if (kind === "whole number" && /^-?\d{1,15}$/.test(text)) return Number(text);
  if (kind === "switch" && (text === "true" || text === "false")) return text === "true";
  return text;
}

interface CommandLine {
  readonly given: Given[];
  readonly file: string | undefined;
  readonly printConfig: boolean;
  readonly help: boolean;
}

function fromCommandLine(args: readonly string[]): CommandLine {
  const byFlag = new Map(SETTINGS.map((setting) => [setting.flag, setting]));
  const switches = ["print-config", "help", ...SETTINGS.filter(isSwitch).map(({ flag }) => flag.slice(2))];
  const options = Object.fromEntries([
    ...["config", ...SETTINGS.filter((setting) => !isSwitch(setting)).map(({ flag }) => flag.slice(2))].map(
      (name) => [name, { type: "string" }] as const,
    ),
    ...switches.map((name) => [name, { type: "boolean" }] as const),
  ]);
  const { tokens } = parseArgs({ args: [...args], options, strict: false, tokens: true, allowPositionals: true });
  const given: Given[] = [];
  let file: string | undefined;
  const asked = new Set<string>();
  for (const token of tokens) {
    if (token.kind !== "option") {
      throw new ConfigRefused(
        `The matcher takes flags only, not "${token.kind === "positional" ? withoutKeys(token.value) : "--"}".`,
      );
    }
    const flag = token.rawName;
    const setting = byFlag.get(flag);
    if (setting?.secret === true) {
      throw new ConfigRefused(
        `${flag} is not taken from the command line, which other programs can read: set ${setting.variable}, or use a keystore.`,
      );
    }
    if (flag === "--print-config" || flag === "--help") asked.add(flag);
    else if (setting !== undefined && isSwitch(setting))
      given.push({ setting, value: switched(token.value), source: flag });
    else if (setting === undefined && flag !== FILE_FLAG) {
      throw new ConfigRefused(`${withoutKeys(flag)} is no setting: docs/configuration.md has them all.`);
    } else if (token.value === undefined) throw new ConfigRefused(`${flag} needs a value after it.`);
    else if (setting === undefined) file = token.value;
    else given.push({ setting, value: typedValue(setting, token.value), source: flag });
  }
  return { given, file, printConfig: asked.has("--print-config"), help: asked.has("--help") };
}

function isSwitch({ kind }: Setting): boolean {
  return kind === "switch";
}

/** A switch alone is on; --switch=false is off. */
function switched(text: string | undefined): unknown {
  return text === undefined ? true : text === "true" ? true : text === "false" ? false : text;
}

function fromEnvironment(env: Environment): Given[] {
  const byVariable = new Map(SETTINGS.map((setting) => [setting.variable, setting]));
  return Object.entries(env).flatMap(([variable, text]) => {
    if (!variable.startsWith(PREFIX) || OTHER_VARIABLES.has(variable) || variable === FILE_VARIABLE) return [];
    const setting = byVariable.get(variable);
    if (setting === undefined) {
      throw new ConfigRefused(
        `The environment's ${variable} is no setting of the matcher: docs/configuration.md has them all.`,
      );
    }
    return text === undefined ? [] : [{ setting, value: typedValue(setting, text), source: variable }];
  });
}

function fromFile(file: string): Given[] {
  const content = jsonOf(file);
  if (typeof content !== "object" || content === null || Array.isArray(content)) {
    throw new ConfigRefused(`The configuration ${file} is not a JSON object of settings.`);
  }
  return Object.entries(content).map(([name, value]) => {
    const setting = SETTINGS.find((candidate) => candidate.name === name);
    const source = `"${name}" in ${file}`;
    if (setting === undefined) {
      throw new ConfigRefused(`${withoutKeys(source)} is no setting: docs/configuration.md has them all.`);
    }
    if (setting.secret) {
      throw new ConfigRefused(
        `${source} is a secret and not taken from there: set ${setting.variable}, or use a keystore.`,
      );
    }
    return { setting, value, source };
  });
}

function jsonOf(file: string): unknown {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    const { code = "unreadable" } = error as NodeJS.ErrnoException;
    throw new ConfigRefused(`The configuration ${withoutKeys(file)} cannot be read (${code}).`);
  }
  try {
    return JSON.parse(text);
  } catch {
    // What the parser says may quote the file.
    throw new ConfigRefused(`The configuration ${file} is not JSON.`);
  }
}
