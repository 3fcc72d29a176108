/** What signs grants, as the whole module knows it: the algorithms are in a module of their own. */

import type { Bytes } from "../types.js";

/** A key that signs. */
export interface Signer {
  /** What others verify by, as bytes. */
  readonly verifyingKey: Bytes;
  /** The signature of a message that lies in another module's memory. */
  sign(message: Uint8Array, operation: string): Bytes;
}

/** The signers behind `SigningKey` objects. */
export const signers = new WeakMap<object, Signer>();
