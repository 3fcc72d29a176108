/** AES-256-GCM of `node:crypto`, which in Node is cheaper by the call than WebCrypto. Imported by the Node entry only. */

import { createCipheriv, createDecipheriv, createSecretKey } from "node:crypto";
import type { SyncHostKey } from "./host-aes.js";

const TAG_LENGTH = 16;

export function nodeKey(bytes: Uint8Array): SyncHostKey {
  const key = createSecretKey(bytes);
  return {
    sync: true,
    seal(nonce, plaintext, out, at) {
      const cipher = createCipheriv("aes-256-gcm", key, nonce);
      out.set(cipher.update(plaintext), at);
      cipher.final();
      out.set(cipher.getAuthTag(), at + plaintext.length);
    },
    open(nonce, ciphertext, out, at) {
      const body = ciphertext.length - TAG_LENGTH;
      const decipher = createDecipheriv("aes-256-gcm", key, nonce, { authTagLength: TAG_LENGTH });
      decipher.setAuthTag(ciphertext.subarray(body));
      const plaintext = decipher.update(ciphertext.subarray(0, body));
      decipher.final();
      out.set(plaintext, at);
    },
  };
}
