import { readFileSync, statSync } from "node:fs";

/** A key that nobody may start with. One sentence, without the key. */
export class KeyRefused extends Error {
  override readonly name = "KeyRefused";
}

const OTHERS = 0o077;

export interface PrivateFileOptions {
  /** Begins the sentences: "key file". */
  readonly what: string;
  /** Takes files that group or others may read. */
  readonly allowOpen: boolean;
  /** Ends the sentence about a missing file. */
  readonly remedy: string;
}

/**
 * The text of a file that only its owner should be able to read.
 * @throws KeyRefused when it is missing, is no file, or others may read or write it
 */
export function readPrivateFile(path: string, { what, allowOpen, remedy }: PrivateFileOptions): string {
  let mode: number;
  try {
    mode = statSync(path).mode;
  } catch {
    throw new KeyRefused(`The ${what} ${path} is missing: ${remedy}.`);
  }
  if (!allowOpen && (mode & OTHERS) !== 0) {
    const octal = (mode & 0o777).toString(8).padStart(4, "0");
    throw new KeyRefused(
      `The ${what} ${path} is open to others (mode ${octal}): run chmod 600 ${path}, or pass --allow-open-key-files.`,
    );
  }
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const { code = "unreadable" } = error as NodeJS.ErrnoException;
    throw new KeyRefused(`The ${what} ${path} cannot be read (${code}).`);
  }
}
