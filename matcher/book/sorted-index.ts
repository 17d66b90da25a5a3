import { NIL } from "./order-pool.ts";

const BLOCK_CAPACITY = 128;
const HALF = BLOCK_CAPACITY / 2;

interface Block {
  readonly keys: Uint32Array;
  readonly ids: Int32Array;
  count: number;
}

/**
 * A map from 32-bit keys to ids, sorted by key, with the greatest key in O(1).
 *
 * Blocks of at most 128 keys under a sorted directory: work happens near the greatest key, where an insert moves a few
 * words inside the last block and a removal is a pop. Adjacent blocks together always hold more than 64 keys, so that
 * memory stays within 32 bytes a key and, at 100,000 keys, the directory within 3,200 entries whatever a client does.
 */
export class SortedIndex {
  private readonly blocks: Block[] = [];
  private spare: Block | null = null;
  size = 0;

  get bytesAllocated(): number {
    return this.blocks.length * BLOCK_CAPACITY * 8;
  }

  /** Id of the greatest key, or NIL when empty. */
  top(): number {
    const block = this.blocks[this.blocks.length - 1];
    return block === undefined ? NIL : (block.ids[block.count - 1] as number);
  }

  /** Id of the key, or NIL. */
  find(key: number): number {
    const block = this.blocks[this.blockOf(key)];
    if (block === undefined) return NIL;
    const position = lowerBound(block, key);
    return position < block.count && block.keys[position] === key ? (block.ids[position] as number) : NIL;
  }

  /** Id of the greatest key that is less than the given one, or NIL. */
  below(key: number): number {
    let at = this.blockOf(key);
    let block = this.blocks[at];
    if (block === undefined) return NIL;
    let position = lowerBound(block, key);
    if (position === 0) {
      at -= 1;
      block = this.blocks[at];
      if (block === undefined) return NIL;
      position = block.count;
    }
    return block.ids[position - 1] as number;
  }

  /** Adds a key that is not there yet. */
  insert(key: number, id: number): void {
    this.size += 1;
    if (this.blocks.length === 0) this.blocks.push(this.newBlock());
    let at = this.blockOf(key);
    let block = this.blocks[at] as Block;
    let position = lowerBound(block, key);
    if (block.count === BLOCK_CAPACITY) {
      this.split(at);
      if (position > HALF) {
        at += 1;
        block = this.blocks[at] as Block;
        position -= HALF;
      }
    }
    block.keys.copyWithin(position + 1, position, block.count);
    block.ids.copyWithin(position + 1, position, block.count);
    block.keys[position] = key;
    block.ids[position] = id;
    block.count += 1;
  }

  /** Removes a key that is there. */
  remove(key: number): void {
    const at = this.blockOf(key);
    const block = this.blocks[at] as Block;
    const position = lowerBound(block, key);
    if (block.keys[position] !== key || position >= block.count) throw new Error(`key ${key} is not in the index`);
    this.size -= 1;
    block.count -= 1;
    if (position < block.count) {
      block.keys.copyWithin(position, position + 1, block.count + 1);
      block.ids.copyWithin(position, position + 1, block.count + 1);
    }
    if (block.count === 0) this.drop(at);
    else if (block.count < HALF) this.mergeAround(at);
  }

  /** Position of the block that holds, or would hold, the key: the last one whose first key is not greater. */
  private blockOf(key: number): number {
    let low = 0;
    let high = this.blocks.length - 1;
    const last = this.blocks[high];
    if (last === undefined) return 0;
    if ((last.keys[0] as number) <= key) return high;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (((this.blocks[middle] as Block).keys[0] as number) <= key) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  private split(at: number): void {
    const block = this.blocks[at] as Block;
    const upper = this.newBlock();
    upper.keys.set(block.keys.subarray(HALF));
    upper.ids.set(block.ids.subarray(HALF));
    upper.count = BLOCK_CAPACITY - HALF;
    block.count = HALF;
    this.blocks.splice(at + 1, 0, upper);
  }

  private mergeAround(at: number): void {
    if (at + 1 < this.blocks.length) this.mergeWithNext(at);
    if (at > 0) this.mergeWithNext(at - 1);
  }

  private mergeWithNext(at: number): void {
    const lower = this.blocks[at] as Block;
    const upper = this.blocks[at + 1];
    if (upper === undefined || lower.count + upper.count > HALF) return;
    lower.keys.set(upper.keys.subarray(0, upper.count), lower.count);
    lower.ids.set(upper.ids.subarray(0, upper.count), lower.count);
    lower.count += upper.count;
    this.drop(at + 1);
  }

  private drop(at: number): void {
    this.spare = this.blocks[at] as Block;
    if (at === this.blocks.length - 1) this.blocks.pop();
    else this.blocks.splice(at, 1);
  }

  private newBlock(): Block {
    const spare = this.spare;
    if (spare === null) {
      return { keys: new Uint32Array(BLOCK_CAPACITY), ids: new Int32Array(BLOCK_CAPACITY), count: 0 };
    }
    this.spare = null;
    spare.count = 0;
    return spare;
  }
}

/** First position whose key is not less than the given one. */
function lowerBound(block: Block, key: number): number {
  const keys = block.keys;
  let low = 0;
  let high = block.count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((keys[middle] as number) < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
