import { readFileSync } from "node:fs";
import { HDNodeWallet, Mnemonic, Wallet } from "ethers";

/** A file with a wallet's secret is missing or holds something else. */
export class WalletFileError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "WalletFileError";
  }
}

/**
 * Reads a wallet from a file that holds a private key in hexadecimal, or a mnemonic phrase of which `index` picks the address
 * m/44'/60'/0'/0/index.
 * @throws WalletFileError in one sentence; it never shows what the file holds
 */
export function readWallet(path: string, index = 0): Wallet | HDNodeWallet {
  let text: string;
  try {
    text = readFileSync(path, "utf8").trim();
  } catch {
    throw new WalletFileError(
      `The key file ${path} is missing or cannot be read: create it, or pass another --key-file.`,
    );
  }
  try {
    return walletFrom(text, index);
  } catch {
    throw new WalletFileError(
      `The key file ${path} holds neither a private key of 64 hexadecimal digits nor a mnemonic phrase.`,
    );
  }
}

/** @throws Error for a text that is neither key nor phrase */
export function walletFrom(secret: string, index: number): Wallet | HDNodeWallet {
  if (/^(0x)?[0-9a-fA-F]{64}$/.test(secret)) return new Wallet(secret.startsWith("0x") ? secret : `0x${secret}`);
  return HDNodeWallet.fromMnemonic(Mnemonic.fromPhrase(secret), `m/44'/60'/0'/0/${index}`);
}
