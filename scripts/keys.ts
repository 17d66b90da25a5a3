/**
 * Makes, lists and replaces the keys of a keystore: one encrypted file a role (JSON keystore version 3, scrypt).
 *
 *   npm run keys -- create <role> [--keystore <folder>] [--keystore-password-file <file>] [--from-environment]
 *   npm run keys -- rotate <role> [the same]
 *   npm run keys -- list [--keystore <folder>]
 *
 * Roles: operator, receipts, oracleSigner, oracleSigner2, oracleSigner3. The password comes from the file or from CLEARBOOK_KEYSTORE_PASSWORD.
 * A key is made at random, or taken from the role's variable (CLEARBOOK_OPERATOR_KEY …) with --from-environment. No key is ever shown.
 */
import { Command } from "commander";
import { KeyRing } from "../matcher/ops/key-ring.ts";
import { KEY_ROLES, type KeyRole } from "../matcher/ops/key-role.ts";
import { Keystore } from "../matcher/ops/keystore.ts";
import { Refusal, runCommand } from "./supervisor/refusal.ts";

interface Options {
  keystore: string;
  keystorePasswordFile?: string;
  allowOpenKeyFiles?: true;
  fromEnvironment?: true;
}

/** What makes a new key count. */
const NEXT: Readonly<Record<KeyRole, string>> = {
  operator: "role operatorNaming names the new address with setOperator, then restart the matcher",
  receipts: "restart the matcher, and publish the new address beside the old one",
  oracleSigner: "role oracle names the new address with setSigners, then restart the feed and the matcher",
  oracleSigner2: "role oracle names the new address with setSigners, then restart the feed and the matcher",
  oracleSigner3: "role oracle names the new address with setSigners, then restart the feed and the matcher",
};

function roleOf(name: string): KeyRole {
  if (Object.hasOwn(KEY_ROLES, name)) return name as KeyRole;
  throw new Refusal(`There is no role "${name}": there are ${Object.keys(KEY_ROLES).join(", ")}.`);
}

function opened(role: KeyRole, options: Options) {
  const { keystore: folder, keystorePasswordFile, allowOpenKeyFiles = false, fromEnvironment } = options;
  // No keystore: with it, the ring would look there for the very key that is being made.
  const ring = new KeyRing({ keystorePasswordFile, keys: "", allowOpenKeyFiles, env: process.env });
  const keystore = new Keystore({ folder, allowOpen: allowOpenKeyFiles });
  return { keystore, password: ring.password(), privateKey: fromEnvironment ? ring.named(role) : undefined };
}

const program = new Command("keys").description("keys of the operator's roles, encrypted");

function command(name: string, description: string): Command {
  return program
    .command(name)
    .description(description)
    .option("--keystore <folder>", "where the keys are", "keystore")
    .option("--allow-open-key-files", "take files that group or others may read");
}

function changing(name: string, description: string): Command {
  return command(name, description)
    .argument("<role>", Object.keys(KEY_ROLES).join(", "))
    .option("--keystore-password-file <file>", "file whose first line is the password")
    .option("--from-environment", "take the key from the role's variable instead of making one");
}

changing("create", "make a role's first key").action((name: string, options: Options) => {
  const role = roleOf(name);
  const { keystore, password, privateKey } = opened(role, options);
  const address = keystore.create(role, password, privateKey);
  console.log(`${role} ${address} in ${keystore.pathOf(role)}`);
});

changing("rotate", "replace a role's key; the old one is kept beside it").action((name: string, options: Options) => {
  const role = roleOf(name);
  const { keystore, password, privateKey } = opened(role, options);
  const { before, now } = keystore.rotate(role, password, privateKey);
  console.log(`${role} ${now} in the place of ${before}; next: ${NEXT[role]}`);
});

command("list", "which roles have a key, and its address").action((options: Options) => {
  const { keystore: folder, allowOpenKeyFiles = false } = options;
  const entries = new Keystore({ folder, allowOpen: allowOpenKeyFiles }).list();
  if (entries.length === 0)
    throw new Refusal(`There is no key in ${folder}: make one with npm run keys -- create <role>.`);
  for (const { role, address, path } of entries) console.log(`${role} ${address} in ${path}`);
});

await runCommand(async () => {
  await program.parseAsync();
  return undefined;
});
