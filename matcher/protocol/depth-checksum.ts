/**
 * Checksum of a market's depth, so that a reader of the feed can tell that its copy is right.
 *
 * CRC-32 (IEEE 802.3, reflected, as in zlib) over the ASCII text of the levels, bids then asks, each side best first:
 * "priceTicks:quantityLots" joined by ",", the two sides joined by "|". An empty book is "|".
 */
export function depthChecksum(bids: readonly ChecksumLevel[], asks: readonly ChecksumLevel[]): number {
  let crc = 0xffffffff;
  crc = addSide(crc, bids);
  crc = addText(crc, "|");
  crc = addSide(crc, asks);
  return ~crc >>> 0;
}

/** What the checksum covers of a price level. */
export interface ChecksumLevel {
  priceTicks: number;
  quantityLots: number;
}

const POLYNOMIAL = 0xedb88320;

const TABLE: Uint32Array = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = (value & 1) === 1 ? (value >>> 1) ^ POLYNOMIAL : value >>> 1;
  return value >>> 0;
});

function addSide(crc: number, levels: readonly ChecksumLevel[]): number {
  let next = crc;
  for (let i = 0; i < levels.length; i++) {
    const level = levels[i] as ChecksumLevel;
    if (i > 0) next = addText(next, ",");
    next = addText(next, `${level.priceTicks}:${level.quantityLots}`);
  }
  return next;
}

function addText(crc: number, text: string): number {
  let next = crc;
  for (let i = 0; i < text.length; i++) {
    next = (TABLE[(next ^ text.charCodeAt(i)) & 0xff] as number) ^ (next >>> 8);
  }
  return next;
}
