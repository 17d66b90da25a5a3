import type { OrderBook } from "../book/order-book.ts";
import { NIL } from "../book/order-pool.ts";
import type { OrderMessage, Signed } from "../protocol/message.ts";
import { readWide, WIDE_WORDS, writeWide } from "../state/wide-words.ts";

const SIGNATURE_WORDS = 3 * WIDE_WORDS;
const BLOCK_SHIFT = 10;
const BLOCK_NODES = 1 << BLOCK_SHIFT;

/** What the book does not keep of so many orders. */
interface Block {
  readonly signatures: BigUint64Array;
  /** Low bits of the orders' sequences: they tell whether the node has had another order since. */
  readonly sequenceBits: Int32Array;
  readonly maxFeesPpm: Int32Array;
}

/** What the book does not keep of an order. */
export type SignedPart = Pick<Signed<OrderMessage>, "maxFeePpm" | "signature">;

/**
 * The signed messages of the resting orders, which fills are made of. The book has all of an order but its signature and its highest
 * fee: those stand here by the book's node, 104 bytes an order, and the message is put together when somebody asks. Nothing has to be
 * let go of: an order that is gone from the book is gone from here.
 */
export class SignedOrders {
  readonly #book: OrderBook;
  readonly #blocks: (Block | undefined)[] = [];
  /** The one put together last: a fill is checked, then applied, and a large order is met again and again. */
  #last: Signed<OrderMessage> | undefined;

  constructor(book: OrderBook) {
    this.#book = book;
  }

  get bytesAllocated(): number {
    return this.#blocks.length * BLOCK_NODES * (SIGNATURE_WORDS * 8 + 8);
  }

  /** @throws Error unless the order is in the book */
  keep(order: Signed<OrderMessage>): void {
    const node = this.#book.live(order.account, order.slot);
    if (node === NIL || this.#book.pool.sequence(node) !== order.sequence) {
      throw new Error(`order ${order.account}/${order.slot}/${order.sequence} does not rest`);
    }
    const block = this.#blockOf(node);
    const place = node & (BLOCK_NODES - 1);
    const at = place * SIGNATURE_WORDS;
    writeWide(block.signatures, at, order.signature.r8x);
    writeWide(block.signatures, at + WIDE_WORDS, order.signature.r8y);
    writeWide(block.signatures, at + 2 * WIDE_WORDS, order.signature.s);
    block.sequenceBits[place] = order.sequence;
    block.maxFeesPpm[place] = order.maxFeePpm;
  }

  /** The signed message of a live order. */
  get(account: number, slot: number): Signed<OrderMessage> | undefined {
    const node = this.#book.live(account, slot);
    if (node === NIL) return undefined;
    const last = this.#last;
    const sequence = this.#book.pool.sequence(node);
    if (last !== undefined && last.account === account && last.slot === slot && last.sequence === sequence) return last;
    const block = this.#blocks[node >> BLOCK_SHIFT];
    const place = node & (BLOCK_NODES - 1);
    // Set aside by whoever puts an order into the book and keeps no message.
    if (block === undefined || block.sequenceBits[place] !== (sequence | 0)) return undefined;
    const { filledLots: _, remainingLots: __, ...terms } = this.#book.pool.read(node);
    this.#last = { kind: "order", ...terms, ...signedPart(block, place) };
    return this.#last;
  }

  /** What stands here at this moment, by the book's node, however much later it is asked for. */
  copy(): (node: number) => SignedPart {
    const blocks = this.#blocks.map((block) =>
      block === undefined ? undefined : { signatures: block.signatures.slice(), maxFeesPpm: block.maxFeesPpm.slice() },
    );
    return (node) => {
      const block = blocks[node >> BLOCK_SHIFT];
      if (block === undefined) throw new Error(`the live order at node ${node} has no signed message`);
      return signedPart(block, node & (BLOCK_NODES - 1));
    };
  }

  #blockOf(node: number): Block {
    const number = node >> BLOCK_SHIFT;
    let block = this.#blocks[number];
    if (block === undefined) {
      block = {
        signatures: new BigUint64Array(BLOCK_NODES * SIGNATURE_WORDS),
        sequenceBits: new Int32Array(BLOCK_NODES),
        maxFeesPpm: new Int32Array(BLOCK_NODES),
      };
      this.#blocks[number] = block;
    }
    return block;
  }
}

function signedPart({ signatures, maxFeesPpm }: Pick<Block, "signatures" | "maxFeesPpm">, place: number): SignedPart {
  const at = place * SIGNATURE_WORDS;
  const signature = {
    r8x: readWide(signatures, at),
    r8y: readWide(signatures, at + WIDE_WORDS),
    s: readWide(signatures, at + 2 * WIDE_WORDS),
  };
  return { maxFeePpm: maxFeesPpm[place] as number, signature };
}
