import type { KeyTableCache } from "../protocol/key-table-cache.ts";
import type { PublicKey } from "../protocol/keys.ts";
import type { Signed, Statement } from "../protocol/message.ts";
import { messageHash } from "../protocol/message-hash.ts";
import { verify } from "../protocol/signature.ts";
import type { Poseidon } from "../protocol/signing-poseidon.ts";

/** What speeds verification up; neither changes an answer. */
export interface VerifyMessageOptions {
  hash?: Poseidon;
  tables?: KeyTableCache;
}

/** What checking a signature gave. */
export interface Verification {
  signed: boolean;
  /** What the signature should be of; worked out on the way. */
  messageHash: bigint;
}

/**
 * Whether a message is signed by an account's trading key, for this exchange and chain (the domain).
 * @throws RangeError when a field of the message does not fit its width: shape is checked before signatures are.
 */
export function verifyMessage(
  message: Signed<Statement>,
  accountKey: PublicKey,
  domain: bigint,
  options: VerifyMessageOptions = {},
): boolean {
  return checkSignature(message, accountKey, domain, options).signed;
}

/** {@link verifyMessage} with the hash. @throws RangeError likewise */
export function checkSignature(
  message: Signed<Statement>,
  accountKey: PublicKey,
  domain: bigint,
  options: VerifyMessageOptions = {},
): Verification {
  const hash = messageHash(message, domain, options.hash);
  return { signed: verify(accountKey, hash, message.signature, options), messageHash: hash };
}
