import { expect } from "chai";
import fc from "fast-check";
import { type FieldsOf, layoutBits, pack, unpack } from "../../matcher/protocol/packing.ts";
import {
  ACCOUNT_WORD,
  COUNTERS_WORD,
  EPOCH_WORD,
  FIELD_ORDER,
  type Layout,
  LIQUIDATION_TERMS_WORD,
  LIQUIDATION_WORD,
  MARKET_WORD,
  MESSAGE_WORD,
  QUEUE_CURSOR_WORD,
  QUEUE_HEAD_WORD,
  ROW_WORD,
  SLOT_WORD,
  WITHDRAWAL_WORD,
} from "../../matcher/protocol/spec.ts";

const LAYOUTS: [name: string, layout: Layout, bits: number][] = [
  ["message", MESSAGE_WORD, 215],
  ["counters", COUNTERS_WORD, 80],
  ["slot", SLOT_WORD, 88],
  ["queue head", QUEUE_HEAD_WORD, 86],
  ["epoch", EPOCH_WORD, 180],
  ["queue cursor", QUEUE_CURSOR_WORD, 74],
  ["market", MARKET_WORD, 243],
  ["liquidation terms", LIQUIDATION_TERMS_WORD, 130],
  ["liquidation", LIQUIDATION_WORD, 132],
  ["withdrawal", WITHDRAWAL_WORD, 232],
  ["row", ROW_WORD, 225],
  ["account", ACCOUNT_WORD, 196],
];

describe("packing", () => {
  for (const [name, layout, bits] of LAYOUTS) {
    it(`keeps every field of the ${name} word apart, and the word below the field's order`, () => {
      expect(layoutBits(layout)).to.equal(bits);
      expect(2n ** BigInt(bits) < FIELD_ORDER).to.equal(true);
      const zeros = Object.fromEntries(layout.map(([field]) => [field, 0n])) as FieldsOf<Layout>;
      let shift = 0n;
      for (const [field, width] of layout) {
        const largest = 2n ** BigInt(width) - 1n;
        expect(pack(layout, { ...zeros, [field]: largest })).to.equal(largest << shift);
        expect(unpack(layout, largest << shift)).to.deep.equal({ ...zeros, [field]: largest });
        expect(() => pack(layout, { ...zeros, [field]: largest + 1n })).to.throw(RangeError, field);
        expect(() => pack(layout, { ...zeros, [field]: -1n })).to.throw(RangeError, field);
        shift += BigInt(width);
      }
      expect(() => unpack(layout, 1n << shift)).to.throw(RangeError);
    });

    it(`reads back any ${name} word`, () => {
      const word = fc.bigInt({ min: 0n, max: 2n ** BigInt(bits) - 1n });
      fc.assert(
        fc.property(word, (value) => {
          expect(pack(layout, unpack(layout, value))).to.equal(value);
        }),
        { numRuns: 200, seed: 11 },
      );
    });
  }
});
