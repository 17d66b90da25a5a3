import { bytesToNumberBE } from "@noble/curves/utils.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { utf8ToBytes } from "@noble/hashes/utils.js";
import { FIELD_ORDER, SUBGROUP_ORDER } from "../../matcher/protocol/spec.ts";

/** Random-looking values that are the same in every run. */
export class Seeded {
  readonly #seed: string;
  #count = 0;

  constructor(seed: string) {
    this.#seed = seed;
  }

  bytes64(): Uint8Array {
    return sha512(utf8ToBytes(`${this.#seed} ${this.#count++}`));
  }

  bytes32(): Uint8Array {
    return this.bytes64().slice(0, 32);
  }

  field(): bigint {
    return bytesToNumberBE(this.bytes64()) % FIELD_ORDER;
  }

  scalar(): bigint {
    return (bytesToNumberBE(this.bytes64()) % (SUBGROUP_ORDER - 1n)) + 1n;
  }

  /** 0 ≤ x < limit. */
  integer(limit: number): number {
    return Number(bytesToNumberBE(this.bytes64()) % BigInt(limit));
  }
}
