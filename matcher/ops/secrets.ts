const REDACTED = "[redacted]";
/** What looks like a private key, wherever it stands. A transaction's hash does, too: for sentences about settings only. */
const KEY_LIKE = /(0x)?[0-9a-fA-F]{64}/g;
/** Shorter passwords would blot out words that happen to hold them. */
const SCRUBBED_LENGTH_MIN = 6;

/** A text without anything that could be a private key. */
export function withoutKeys(text: string): string {
  return text.replace(KEY_LIKE, REDACTED);
}

/**
 * The secrets that this process knows. Nothing hands them to a log on purpose; this takes them out of every line all the same, because
 * an error of somebody else's library may quote what it was given.
 */
export class Secrets {
  readonly #texts: string[] = [];

  add(secret: string): void {
    const text = secret.startsWith("0x") ? secret.slice(2) : secret;
    if (text.length < SCRUBBED_LENGTH_MIN) return;
    for (const form of new Set([text, text.toLowerCase(), text.toUpperCase()])) this.#texts.push(form);
  }

  scrubbed(line: string): string {
    let out = line;
    for (const text of this.#texts) out = out.replaceAll(text, REDACTED);
    return out;
  }
}
