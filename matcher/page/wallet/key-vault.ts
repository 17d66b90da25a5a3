/**
 * A trading key on this device, encrypted: AES-256-GCM under a key that PBKDF2 makes of a passphrase. Whoever reads the storage must guess
 * the passphrase, 600,000 hashes a guess. The place is part of what is authenticated, so that no entry can be put in another's place.
 */

const ITERATIONS = 600_000;
const SALT_BYTES = 16;
const NONCE_BYTES = 12;
const SCALAR_BYTES = 32;
export const PASSPHRASE_LENGTH_MIN = 10;

/** Whose key, for where. */
export interface VaultPlace {
  readonly chainId: number;
  readonly exchange: string;
  readonly owner: string;
}

interface Entry {
  readonly version: 1;
  readonly iterations: number;
  readonly salt: string;
  readonly nonce: string;
  readonly sealed: string;
}

/** The passphrase is another, or the entry was changed. */
export class VaultRefused extends Error {
  constructor() {
    super("That is not the passphrase, or what is stored here was damaged. Sign in with the wallet instead.");
    this.name = "VaultRefused";
  }
}

export class KeyVault {
  private readonly storage: Storage;

  constructor(storage: Storage) {
    this.storage = storage;
  }

  has(place: VaultPlace): boolean {
    return this.entry(place) !== null;
  }

  /** @throws RangeError for a passphrase that is too short to protect anything */
  async keep(place: VaultPlace, scalar: bigint, passphrase: string): Promise<void> {
    if (passphrase.length < PASSPHRASE_LENGTH_MIN) {
      throw new RangeError(`The passphrase needs at least ${PASSPHRASE_LENGTH_MIN} characters.`);
    }
    const salt = crypto.getRandomValues(new Uint8Array(SALT_BYTES));
    const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
    const plain = bytesOf(scalar.toString(16).padStart(2 * SCALAR_BYTES, "0"));
    const key = await keyOf(passphrase, salt, ITERATIONS);
    const sealed = await crypto.subtle.encrypt(sealing(nonce, place), key, plain);
    plain.fill(0);
    const entry: Entry = {
      version: 1,
      iterations: ITERATIONS,
      salt: hexOf(salt),
      nonce: hexOf(nonce),
      sealed: hexOf(new Uint8Array(sealed)),
    };
    this.storage.setItem(nameOf(place), JSON.stringify(entry));
  }

  /** @throws VaultRefused; RangeError when there is nothing */
  async open(place: VaultPlace, passphrase: string): Promise<bigint> {
    const entry = this.entry(place);
    if (entry === null) throw new RangeError("No key is kept on this device.");
    const key = await keyOf(passphrase, bytesOf(entry.salt), entry.iterations);
    try {
      const plain = await crypto.subtle.decrypt(sealing(bytesOf(entry.nonce), place), key, bytesOf(entry.sealed));
      return BigInt(`0x${hexOf(new Uint8Array(plain))}`);
    } catch {
      throw new VaultRefused();
    }
  }

  forget(place: VaultPlace): void {
    this.storage.removeItem(nameOf(place));
  }

  private entry(place: VaultPlace): Entry | null {
    try {
      const found = JSON.parse(this.storage.getItem(nameOf(place)) ?? "null") as Partial<Entry> | null;
      const texts = [found?.salt, found?.nonce, found?.sealed];
      const isSound = found?.version === 1 && texts.every((text) => /^([0-9a-f]{2})+$/.test(text ?? ""));
      return isSound && (found.iterations ?? 0) >= ITERATIONS ? (found as Entry) : null;
    } catch {
      return null;
    }
  }
}

function nameOf({ chainId, exchange, owner }: VaultPlace): string {
  return `clearbook.key.${chainId}.${exchange.toLowerCase()}.${owner.toLowerCase()}`;
}

function sealing(iv: Uint8Array<ArrayBuffer>, place: VaultPlace): AesGcmParams {
  return { name: "AES-GCM", iv, additionalData: new TextEncoder().encode(nameOf(place)) };
}

async function keyOf(passphrase: string, salt: Uint8Array<ArrayBuffer>, iterations: number): Promise<CryptoKey> {
  const material = new TextEncoder().encode(passphrase.normalize("NFKC"));
  const base = await crypto.subtle.importKey("raw", material, "PBKDF2", false, ["deriveKey"]);
  const derivation = { name: "PBKDF2", hash: "SHA-256", salt, iterations };
  return crypto.subtle.deriveKey(derivation, base, { name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function bytesOf(hex: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}
