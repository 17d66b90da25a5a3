import type { PublicKey } from "../protocol/keys.ts";
import type { Signed, Statement } from "../protocol/message.ts";
import { messageHashInputs } from "../protocol/message-hash.ts";
import type { Verification } from "./verify-message.ts";

/** A number of 256 bits. */
const NUMBER_WORDS = 4;
/** Tag, word, R8x, R8y, S, Ax, Ay. */
const JOB_NUMBERS = 7;
/** The message's hash, and one more word: 1 for a right signature. */
const ANSWER_WORDS = NUMBER_WORDS + 1;
const NUMBER_BITS = 256n;
/** No S is as large: it stands where something does not fit. */
const NO_SCALAR = (1n << NUMBER_BITS) - 1n;

/** Signatures to check as a thread gets them: plain words, which cost a quarter of copied objects, and no names of fields. */
export type VerifyBatch = BigUint64Array<ArrayBuffer>;

/** One signature of a batch. */
export interface VerifyJob {
  /** First and last input of the message's hash; the domain between them is the thread's. */
  tag: bigint;
  word: bigint;
  r8x: bigint;
  r8y: bigint;
  s: bigint;
  ax: bigint;
  ay: bigint;
}

/** @throws RangeError when a field of the message does not fit its width: shape is checked before signatures are */
export function verifyJob({ signature, ...message }: Signed<Statement>, { ax, ay }: PublicKey): VerifyJob {
  const [tag, , word] = messageHashInputs(message, 0n);
  const { r8x, r8y, s } = signature;
  const fits = [r8x, r8y, s, ax, ay].every((value) => value >= 0n && value >> NUMBER_BITS === 0n);
  // Cut to 256 bits a wrong number could become a right one.
  return { tag, word, r8x, r8y, s: fits ? s : NO_SCALAR, ax, ay };
}

function writeNumber(words: BigUint64Array, at: number, value: bigint): void {
  words[at] = value; // the array keeps the low 64 bits
  words[at + 1] = value >> 64n;
  words[at + 2] = value >> 128n;
  words[at + 3] = value >> 192n;
}

function readNumber(words: BigUint64Array, at: number): bigint {
  const [a, b, c, d] = [words[at], words[at + 1], words[at + 2], words[at + 3]] as [bigint, bigint, bigint, bigint];
  return a | (b << 64n) | (c << 128n) | (d << 192n);
}

export function packJobs(jobs: readonly VerifyJob[]): VerifyBatch {
  const words = new BigUint64Array(jobs.length * JOB_NUMBERS * NUMBER_WORDS);
  jobs.forEach(({ tag, word, r8x, r8y, s, ax, ay }, job) => {
    [tag, word, r8x, r8y, s, ax, ay].forEach((value, i) => {
      writeNumber(words, (job * JOB_NUMBERS + i) * NUMBER_WORDS, value);
    });
  });
  return words;
}

export function unpackJobs(words: VerifyBatch): VerifyJob[] {
  const number = (job: number, i: number) => readNumber(words, (job * JOB_NUMBERS + i) * NUMBER_WORDS);
  return Array.from({ length: words.length / (JOB_NUMBERS * NUMBER_WORDS) }, (_, job) => ({
    tag: number(job, 0),
    word: number(job, 1),
    r8x: number(job, 2),
    r8y: number(job, 3),
    s: number(job, 4),
    ax: number(job, 5),
    ay: number(job, 6),
  }));
}

/** Answers, in the order of the jobs. */
export function packAnswers(answers: readonly Verification[]): VerifyBatch {
  const words = new BigUint64Array(answers.length * ANSWER_WORDS);
  answers.forEach(({ signed, messageHash }, i) => {
    writeNumber(words, i * ANSWER_WORDS, messageHash);
    words[i * ANSWER_WORDS + NUMBER_WORDS] = signed ? 1n : 0n;
  });
  return words;
}

export function unpackAnswers(words: VerifyBatch): Verification[] {
  return Array.from({ length: words.length / ANSWER_WORDS }, (_, i) => ({
    signed: words[i * ANSWER_WORDS + NUMBER_WORDS] === 1n,
    messageHash: readNumber(words, i * ANSWER_WORDS),
  }));
}
