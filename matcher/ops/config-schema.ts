import { type Static, type TSchema, Type } from "typebox";
import { DEVNET_INTEREST_8H_PPM } from "../protocol/devnet-markets.ts";
import { TIERS } from "../protocol/spec.ts";

/** What the page says of a setting beside its JSON schema. */
interface Words {
  description: string;
  unit?: string;
  /** Said in place of a default that depends on the machine. */
  defaultText?: string;
  /** Said in place of a pattern. */
  needs?: string;
  /** Comes from the environment only, and is never shown. */
  secret?: boolean;
}

const path = (words: Words & { default?: string }) => Type.String({ minLength: 1, maxLength: 4_096, ...words });
const count = (minimum: number, maximum: number, words: Words & { default?: number }) =>
  Type.Integer({ minimum, maximum, ...words });
const PRIVATE_KEY = { pattern: "^0x[0-9a-fA-F]{64}$", needs: "a private key: 0x and 64 hexadecimal digits" };

const HOUR_MS = 3_600_000;
const tierNames = TIERS.map(({ name }) => name);
const tierList = `^(${tierNames.join("|")})(,(${tierNames.join("|")}))*$`;

/**
 * Every setting of the matcher, once: its name here is its name in the file, `port` is --port and CLEARBOOK_PORT, `cutAfterMs` is
 * --cut-after-ms and CLEARBOOK_CUT_AFTER_MS. docs/configuration.md is written from it.
 */
export const CONFIG_SCHEMA = Type.Object(
  {
    deployment: path({
      default: "build/devnet/deployment.json",
      description: "File that says where the contracts are.",
    }),
    circuits: path({ default: "build/circuits", description: "Folder with a folder of circuit and keys per tier." }),
    tiers: Type.String({
      pattern: tierList,
      needs: `some of ${tierNames.join(", ")}, separated by commas`,
      default: "small,large",
      description: "Circuit sizes that batches may use.",
    }),
    page: path({
      default: "build/page",
      description: "Folder of the trading page, which the API serves at `/`; without the folder there is no page.",
    }),
    journal: Type.Optional(
      path({
        description:
          "Folder for commands, batches and snapshots: a start goes on where it ends. Without it nothing is kept.",
      }),
    ),
    history: Type.Optional(
      path({
        description: "File of orders, fills, payments and candles of the past.",
        defaultText: "history.db in the journal's folder",
      }),
    ),
    snapshotEvery: count(1, 1_000_000_000, {
      default: 20_000,
      unit: "commands",
      description: "Commands between two snapshots of the journal.",
    }),
    port: count(0, 65_535, { default: 0, description: "Port of the traders' API; 0 for any free one." }),
    operatorPort: count(0, 65_535, {
      default: 0,
      description: "Port of the operator's door (price reports, metrics); 0 for any free one.",
    }),

    corsOrigins: Type.Optional(
      path({ description: "Origins whose pages may ask the API, separated by commas.", defaultText: "all" }),
    ),
    trustedProxies: Type.Optional(
      path({
        description: "Addresses or networks of proxies whose X-Forwarded-For is believed, separated by commas.",
        defaultText: "none",
      }),
    ),
    verifyThreads: Type.Optional(
      count(1, 256, { description: "Threads that check signatures.", defaultText: "by the machine's processors" }),
    ),

    keystore: Type.Optional(
      path({ description: "Folder of encrypted keys, one <role>.json each: see `npm run keys`." }),
    ),
    keystorePasswordFile: Type.Optional(path({ description: "File whose first line is the keystore's password." })),
    keys: path({
      default: "build/devnet/keys.json",
      description:
        "File of plain keys, for a devnet; not looked at for a role that the environment or the keystore has.",
    }),
    allowOpenKeyFiles: Type.Boolean({
      default: false,
      description: "Take key and password files that group or others may read.",
    }),

    confirmations: count(0, 10_000, {
      default: 2,
      unit: "blocks",
      description: "Blocks above an event before it counts.",
    }),
    provers: count(1, 64, { default: 1, description: "Processes that prove." }),
    proverThreads: Type.Optional(
      count(1, 1_024, { description: "Threads of each of them.", defaultText: "as many as the machine has" }),
    ),
    proverNiceness: count(0, 19, {
      default: 19,
      description:
        "How far they give way to everything else on the machine: 19 always, 0 not at all. On a machine that is never idle, 19 starves them.",
    }),
    cutAfterMs: count(0, HOUR_MS, {
      default: 2_000,
      unit: "ms",
      description: "How long a batch stays open after its first step while a prover is free.",
    }),
    growFromQueued: count(0, 100_000, {
      default: 4,
      unit: "batches",
      description: "Batches that wait for a prover before larger tiers are used.",
    }),
    unprovenRows: count(1, 10_000_000, {
      default: 120,
      unit: "rows",
      description: "Unproven rows from which on orders that could trade are refused with BACKLOG_FULL.",
    }),
    epochMs: count(1, HOUR_MS, { default: 15_000, unit: "ms", description: "Least time between two epochs." }),
    idleEpochMs: count(1, 24 * HOUR_MS, {
      default: 60_000,
      unit: "ms",
      description: "Time between two epochs while nothing is done and no price moves.",
    }),
    silentMs: count(1, HOUR_MS, {
      default: 30_000,
      unit: "ms",
      description: "Without a usable price round for this long, epochs are opened with the prices that L1 has.",
    }),
    moveBoundPpm: count(0, 1_000_000, {
      default: 5_000,
      unit: "ppm",
      description: "A price that moved by this much opens an epoch before the idle time.",
    }),
    interestPpm: count(-10_000, 10_000, {
      default: DEVNET_INTEREST_8H_PPM,
      unit: "ppm in 8 h",
      description:
        "The interest part of funding. It belongs to the rules of the exchange: the same after every restart.",
    }),

    staleEpochMs: count(1_000, 24 * HOUR_MS, {
      default: 180_000,
      unit: "ms",
      description: "Without a new epoch for this long, GET /ready says that the exchange is not ready.",
    }),
    settleGraceMs: count(0, HOUR_MS, {
      default: 20_000,
      unit: "ms",
      description: "How long a stop waits for batches that are being proven or settled.",
    }),
    logLevel: Type.Enum(["debug", "info", "warn", "error"], {
      default: "info",
      description: "Least level that is logged.",
    }),
    logFile: Type.Optional(path({ description: "File that log lines are added to; without it they go to stderr." })),

    operatorKey: Type.Optional(
      Type.String({
        ...PRIVATE_KEY,
        secret: true,
        description: "Key of the Exchange's operator, which settles batches.",
      }),
    ),
    receiptsKey: Type.Optional(Type.String({ ...PRIVATE_KEY, secret: true, description: "Key that signs receipts." })),
    keystorePassword: Type.Optional(
      Type.String({ minLength: 1, maxLength: 1_024, secret: true, description: "Password of the keystore." }),
    ),
  },
  { additionalProperties: false },
);

export type Config = Static<typeof CONFIG_SCHEMA>;
export type SettingName = keyof Config & string;

/** One setting as config and page look at it. */
export interface Setting extends Omit<Words, "secret"> {
  readonly name: SettingName;
  readonly flag: string;
  readonly variable: string;
  readonly schema: TSchema;
  readonly kind: "whole number" | "switch" | "text" | "choice";
  readonly minimum: number | undefined;
  readonly maximum: number | undefined;
  readonly choices: readonly string[];
  readonly byDefault: string | number | boolean | undefined;
  readonly secret: boolean;
}

interface PlainSchema extends Words {
  type?: string;
  minimum?: number;
  maximum?: number;
  enum?: readonly string[];
  default?: string | number | boolean;
}

function settingOf(name: SettingName, schema: TSchema): Setting {
  const plain = schema as TSchema & PlainSchema;
  const words = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  const choices = plain.enum ?? [];
  const kinds: Record<string, Setting["kind"]> = { integer: "whole number", boolean: "switch" };
  return {
    name,
    flag: `--${words}`,
    variable: `CLEARBOOK_${words.replaceAll("-", "_").toUpperCase()}`,
    schema,
    kind: choices.length > 0 ? "choice" : (kinds[plain.type ?? ""] ?? "text"),
    minimum: plain.minimum,
    maximum: plain.maximum,
    choices,
    byDefault: plain.default,
    secret: plain.secret === true,
    description: plain.description,
    ...(plain.unit === undefined ? {} : { unit: plain.unit }),
    ...(plain.needs === undefined ? {} : { needs: plain.needs }),
    ...(plain.defaultText === undefined ? {} : { defaultText: plain.defaultText }),
  };
}

/** In the order of the schema. */
export const SETTINGS: readonly Setting[] = Object.entries(CONFIG_SCHEMA.properties).map(([name, schema]) =>
  settingOf(name as SettingName, schema),
);

/** What a setting takes, as the end of "needs …". */
export function needsOf({ kind, needs, minimum, maximum, unit, choices }: Setting): string {
  if (needs !== undefined) return needs;
  if (kind === "whole number") {
    return `a whole number from ${minimum} to ${maximum}${unit === undefined ? "" : ` (${unit})`}`;
  }
  if (kind === "switch") return "true or false";
  if (kind === "choice") return `one of ${choices.join(", ")}`;
  return "a text that is not empty";
}
