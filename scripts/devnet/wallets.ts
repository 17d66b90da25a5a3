import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { HDNodeWallet, Mnemonic } from "ethers";

/** Hardhat's public test mnemonic: its accounts are rich on every simulated chain, and worthless everywhere else. */
const MNEMONIC = "test test test test test test test test test test test junk";

/** Who does what on a devnet, by the index of its account. Traders come after them. */
const ROLES = {
  owner: 0,
  operator: 1,
  oracleSigner: 2,
  insuranceOwner: 3,
  faucet: 4,
  oracleSigner2: 5,
  oracleSigner3: 6,
  receipts: 8,
} as const;

/** Whose price reports count. */
export const ORACLE_ROLES = ["oracleSigner", "oracleSigner2", "oracleSigner3"] as const;

/** Index of the first account that is nobody's role. */
export const FIRST_TRADER_WALLET = 10;

/** Private keys of a devnet's services. PUBLIC KNOWLEDGE: for development chains only. */
export type DevnetKeys = Readonly<Record<keyof typeof ROLES, string>>;

export function devnetWallet(index: number): HDNodeWallet {
  return HDNodeWallet.fromMnemonic(Mnemonic.fromPhrase(MNEMONIC), `m/44'/60'/0'/0/${index}`);
}

export function devnetKeys(): DevnetKeys {
  const entries = Object.entries(ROLES).map(([role, index]) => [role, devnetWallet(index).privateKey]);
  return Object.fromEntries(entries) as DevnetKeys;
}

/** The phrase that the bots' wallets come from. */
export function writeTradersFile(path: string): void {
  writePrivately(path, `${MNEMONIC}\n`);
}

export function writeKeys(path: string, keys: DevnetKeys): void {
  writePrivately(path, `${JSON.stringify({ insecureDevKeys: true, ...keys }, null, 2)}\n`);
}

function writePrivately(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text, { mode: 0o600 });
  // A file that was there keeps its mode.
  chmodSync(path, 0o600);
}
