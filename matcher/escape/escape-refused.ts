/** What keeps the escape from going on, in a sentence that a user can act on. */
export class EscapeRefused extends Error {
  override readonly name = "EscapeRefused";
}
