/** A message's hash as the wire has it. */
export function hashText(messageHash: bigint | null): string {
  return `0x${(messageHash ?? 0n).toString(16).padStart(64, "0")}`;
}
