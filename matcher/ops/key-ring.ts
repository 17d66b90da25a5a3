import { type KeyRole, keyVariable } from "./key-role.ts";
import { Keystore } from "./keystore.ts";
import { KeyRefused, readPrivateFile } from "./private-file.ts";
import { Secrets } from "./secrets.ts";

export interface KeyRingOptions {
  /** Folder of encrypted keys. */
  readonly keystore?: string | undefined;
  readonly keystorePasswordFile?: string | undefined;
  /** A devnet's file of plain keys. */
  readonly keys: string;
  readonly allowOpenKeyFiles: boolean;
  /** What is taken from it is removed: processes that are started later inherit it. */
  readonly env: Record<string, string | undefined>;
  /** Learns every key and password that is read. */
  readonly secrets?: Secrets;
}

export const PASSWORD_VARIABLE = "CLEARBOOK_KEYSTORE_PASSWORD";
const PRIVATE_KEY = /^0x[0-9a-fA-F]{64}$/;

/** The keys of this process: from the environment, else from the keystore, else from a devnet's file of plain keys. */
export class KeyRing {
  readonly #options: KeyRingOptions;
  readonly #secrets: Secrets;
  /** Out of the environment at once, whether they are asked for or not. */
  readonly #fromEnvironment = new Map<string, string>();

  constructor(options: KeyRingOptions) {
    this.#options = options;
    this.#secrets = options.secrets ?? new Secrets();
    for (const variable of Object.keys(options.env)) {
      if (variable !== PASSWORD_VARIABLE && !/^CLEARBOOK_\w+_KEY$/.test(variable)) continue;
      const value = options.env[variable] ?? "";
      delete options.env[variable];
      this.#secrets.add(value);
      this.#fromEnvironment.set(variable, value);
    }
  }

  /** @throws KeyRefused in one sentence that names the place and never the key */
  privateKey(role: KeyRole): string {
    const key = this.#fromVariable(role) ?? this.#encrypted(role) ?? this.#plain(role);
    this.#secrets.add(key);
    return key;
  }

  /** A key that must be in the environment. @throws KeyRefused when it is not */
  named(role: KeyRole): string {
    const key = this.#fromVariable(role);
    if (key === undefined) throw new KeyRefused(`${keyVariable(role)} is not set.`);
    return key;
  }

  #fromVariable(role: KeyRole): string | undefined {
    const key = this.#fromEnvironment.get(keyVariable(role));
    if (key === undefined || PRIVATE_KEY.test(key)) return key;
    throw new KeyRefused(`${keyVariable(role)} needs a private key: 0x and 64 hexadecimal digits.`);
  }

  #encrypted(role: KeyRole): string | undefined {
    const { keystore, allowOpenKeyFiles: allowOpen } = this.#options;
    // Whoever names a keystore means it: there is no way back to plain keys.
    return keystore === undefined
      ? undefined
      : new Keystore({ folder: keystore, allowOpen }).privateKey(role, this.password());
  }

  /** @throws KeyRefused when nobody has said it */
  password(): string {
    const { keystorePasswordFile: path, allowOpenKeyFiles: allowOpen } = this.#options;
    const said = this.#fromEnvironment.get(PASSWORD_VARIABLE);
    const remedy = `name yours with --keystore-password-file, or set ${PASSWORD_VARIABLE}`;
    const text =
      said ?? (path === undefined ? "" : readPrivateFile(path, { what: "password file", allowOpen, remedy }));
    const password = text.split(/\r?\n/, 1)[0] ?? "";
    if (password === "") throw new KeyRefused(`The keystore needs a password: ${remedy}.`);
    this.#secrets.add(password);
    return password;
  }

  #plain(role: KeyRole): string {
    const { keys: path, allowOpenKeyFiles: allowOpen } = this.#options;
    const remedy = "deploy first, or name yours with --keys";
    const text = readPrivateFile(path, { what: "key file", allowOpen, remedy });
    try {
      const key = (JSON.parse(text) as Partial<Record<KeyRole, unknown>>)[role];
      if (typeof key === "string" && PRIVATE_KEY.test(key)) return key;
    } catch {
      // A file that is no JSON has no key either.
    }
    throw new KeyRefused(`The key file ${path} has no usable "${role}" key: deploy again, or name yours with --keys.`);
  }
}
