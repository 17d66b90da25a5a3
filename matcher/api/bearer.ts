/** The token of an Authorization header, or undefined when it holds none of ours. */
export function bearerOf(header: string | undefined): string | undefined {
  return /^Bearer ([0-9a-f]{64})$/i.exec(header ?? "")?.[1]?.toLowerCase();
}
