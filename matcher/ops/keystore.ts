import { linkSync, mkdirSync, readdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { decryptKeystoreJsonSync, encryptKeystoreJsonSync, getAddress, isKeystoreJson, Wallet } from "ethers";
import { KEY_ROLES, type KeyRole } from "./key-role.ts";
import { KeyRefused, readPrivateFile } from "./private-file.ts";

export interface KeystoreOptions {
  readonly folder: string;
  readonly allowOpen: boolean;
  /** Rounds of scrypt for new files; ethers' 2^17 unless told otherwise. */
  readonly scryptN?: number;
}

/** One key as it can be shown. */
export interface KeystoreEntry {
  readonly role: KeyRole;
  readonly address: string;
  readonly path: string;
}

/**
 * A folder of encrypted keys in the JSON format of Ethereum wallets (version 3, scrypt): <role>.json each. A key that was replaced stays
 * beside it as <role>.<address>.json, because what it signed may still have to be shown to be its.
 */
export class Keystore {
  readonly #options: KeystoreOptions;

  constructor(options: KeystoreOptions) {
    this.#options = options;
  }

  pathOf(role: KeyRole): string {
    return join(this.#options.folder, `${role}.json`);
  }

  has(role: KeyRole): boolean {
    return this.#names().includes(`${role}.json`);
  }

  /** The roles that have a key. Nothing is decrypted: the file names its address. */
  list(): KeystoreEntry[] {
    const names = this.#names();
    return (Object.keys(KEY_ROLES) as KeyRole[])
      .filter((role) => names.includes(`${role}.json`))
      .map((role) => ({
        role,
        address: this.#addressIn(this.#read(role), this.pathOf(role)),
        path: this.pathOf(role),
      }));
  }

  /** @throws KeyRefused when there is none, it is damaged, or the password is another's */
  privateKey(role: KeyRole, password: string): string {
    const text = this.#read(role);
    try {
      return decryptKeystoreJsonSync(text, password).privateKey;
    } catch {
      // What ethers says may quote what it was given.
      throw new KeyRefused(
        `The keystore file ${this.pathOf(role)} does not open: the password is wrong, or it is damaged.`,
      );
    }
  }

  /**
   * Writes a role's first key.
   * @returns its address
   * @throws KeyRefused when there is one: keys are replaced by {@link rotate} only
   */
  create(role: KeyRole, password: string, privateKey = Wallet.createRandom().privateKey): string {
    if (this.has(role)) {
      throw new KeyRefused(`There is a key for ${role} in ${this.#options.folder} already: rotate it to replace it.`);
    }
    return this.#write(role, password, privateKey);
  }

  /** Puts a new key in the place of a role's, which is kept under its address. */
  rotate(
    role: KeyRole,
    password: string,
    privateKey = Wallet.createRandom().privateKey,
  ): { before: string; now: string } {
    const path = this.pathOf(role);
    const before = this.#addressIn(this.#read(role), path);
    if (new Wallet(privateKey).address === before)
      throw new KeyRefused(`The new key for ${role} is the one that is there.`);
    // At every moment there is a key under the role's name: a second name for the old one first, then the new one over the first.
    linkSync(path, join(this.#options.folder, `${role}.${before}.json`));
    return { before, now: this.#write(role, password, privateKey) };
  }

  #names(): string[] {
    try {
      return readdirSync(this.#options.folder);
    } catch {
      return [];
    }
  }

  #read(role: KeyRole): string {
    const { folder, allowOpen } = this.#options;
    const remedy = `make one with npm run keys -- create ${role} --keystore ${folder}`;
    const text = readPrivateFile(this.pathOf(role), { what: "keystore file", allowOpen, remedy });
    if (!isKeystoreJson(text)) throw new KeyRefused(`${this.pathOf(role)} is no keystore file of version 3.`);
    return text;
  }

  #addressIn(text: string, path: string): string {
    try {
      return getAddress(String((JSON.parse(text) as { address?: unknown }).address));
    } catch {
      throw new KeyRefused(`The keystore file ${path} names no address.`);
    }
  }

  #write(role: KeyRole, password: string, privateKey: string): string {
    const { folder, scryptN } = this.#options;
    const { address } = new Wallet(privateKey);
    const scrypt = scryptN === undefined ? {} : { scrypt: { N: scryptN } };
    const text = encryptKeystoreJsonSync({ address, privateKey }, password, scrypt);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    // Never a half-written key, never one that others could read for a moment.
    const path = this.pathOf(role);
    writeFileSync(`${path}.new`, `${text}\n`, { mode: 0o600, flag: "wx" });
    renameSync(`${path}.new`, path);
    return address;
  }
}
