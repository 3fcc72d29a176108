/**
 * The shared vectors (`tests/vectors/README.md`) through the package's public API. Runs in a page as in Node.
 *
 * @typedef {{ file: string, name: string, result: "valid" | "invalid", code?: string } & Record<string, any>} Case
 * @typedef {{ ran: number, beyond: number, failures: string[] }} Outcome `beyond` counts cases that say something of
 *   what the package keeps to itself, such as a scope's secret
 */

/**
 * @param {typeof import("fortress-sdk")} fortress
 * @param {typeof import("fortress-sdk/grants")} grants
 * @param {(file: string) => Promise<{ cases: Case[] }>} load
 * @param {readonly string[]} files in any order; keyrings are opened first
 * @returns {Promise<Outcome>}
 */
export async function runVectors(fortress, grants, load, files) {
  const keyrings = await openKeyrings(fortress, (await load("keyrings.json")).cases);
  const outcome = { ran: 0, beyond: 0, failures: [] };
  for (const file of files) {
    const family = families[file.split("/").at(-1)];
    if (family === undefined) throw new Error(`nobody here reads ${file}`);
    for (const each of (await load(file)).cases) {
      const checks = family(fortress, each, keyrings, grants);
      if (checks === undefined) {
        outcome.beyond += 1;
        continue;
      }
      outcome.ran += 1;
      for (const [how, action] of Object.entries(checks)) {
        const problem = await judge(each, action);
        if (problem) outcome.failures.push(`${file}, ${each.name}, ${how}: ${problem}`);
      }
    }
  }
  for (const keyring of keyrings.values()) keyring.free();
  return outcome;
}

/** Actions of a case by name, for each file. Each throws, or gives whether what came out is what should. */
export const families = {
  "keyrings.json": ({ Keyring }, { sealed, passphrase, ...expected }) => ({
    async open() {
      const keyring = await Keyring.open(unhex(sealed), { passphrase });
      const { profile, path, primary } = keyring;
      const versions = keyring.versions.map(({ id, state, created }) => ({ id, state, created: created.getTime() }));
      keyring.free();
      return same({ profile, path, primary }, { profile: expected.profile, path: expected.path, primary: expected.primary })
        // The last second that the format has is later than the last of a Date, and an invalid Date here.
        && same(versions, expected.versions.map(({ id, state, created }) => ({ id, state, created: new Date(created * 1000).getTime() })));
    },
  }),

  "scopes.json": (_, { result, path }, keyrings) => (result === "valid" ? undefined : { scope: () => keyrings.get("main").scope(...path) }),

  "contexts.json": (_, { context }, keyrings) => ({
    encrypt() {
      const keyring = keyrings.get("main");
      return keyring.decryptText(keyring.encrypt("value", context), context) === "value";
    },
  }),

  "tokens.json": (_, { keyring, scope, context, token, value }, keyrings) => ({
    decrypt: () => within(keyrings.get(keyring), scope, (scoped) => hex(scoped.decrypt(token, context)) === value),
  }),

  // Members of any context come as columns, in either layout.
  "groups.json": (_, { keyring, scope, context, member_context, member, header, value }, keyrings) => ({
    decryptColumn: () =>
      within(keyrings.get(keyring), scope, (scoped) => {
        const [bytes] = scoped.decryptColumn([member], { context, contexts: [member_context], ...(header === undefined ? {} : { header }) });
        return hex(bytes) === value;
      }),
  }),

  "rows.json": (_, { keyring, scope, context, fields, header, values }, keyrings) => ({
    decryptRow: () =>
      within(keyrings.get(keyring), scope, (scoped) => {
        const row = scoped.decryptRow(header === undefined ? fields : { header, fields }, context);
        return same(Object.fromEntries(Object.entries(row).map(([name, bytes]) => [name, hex(bytes)])), values);
      }),
  }),

  "envelopes.json": (fortress, vector, keyrings) => {
    const { passphrase, keyring, scope } = vector;
    return readings(fortress, vector, passphrase === undefined ? scoped(keyrings.get(keyring), scope) : { passphrase });
  },

  "shared-envelopes.json": (fortress, vector) =>
    readings(fortress, vector, vector.identity === undefined ? { shares: vector.shares } : fortress.Identity.fromSecret(vector.identity)),

  "external-envelopes.json": (fortress, vector) => readings(fortress, vector, madeUpKey(vector)),

  "identities.json": (fortress, { id, public: text, secret }) => ({
    ...(text === undefined ? {} : { publicIdentity: () => fortress.publicIdentity(text) === text }),
    ...(secret === undefined ? {} : {
      async fromSecret() {
        const identity = await fortress.Identity.fromSecret(secret);
        return same([identity.id, identity.publicIdentity, identity.exposeSecret()], [id, text, secret]);
      },
    }),
  }),

  "scope-identities.json": ({ scopeIdentity }, { identity, keyring, scope, result }, keyrings) => ({
    scopeIdentity: () => scopeIdentity(identity) === identity,
    ...(result === "valid" ? { of: () => within(keyrings.get(keyring), scope, (scoped) => scoped.scopeIdentity() === identity) } : {}),
  }),

  "scope-envelopes.json": (fortress, vector, keyrings) => readings(fortress, vector, scoped(keyrings.get(vector.keyring), vector.scope)),

  "signing-keys.json": (_, { id, verifying, signing }, __, { SigningKey, verifyingKey }) => ({
    ...(verifying === undefined ? {} : { verifyingKey: () => verifyingKey(verifying) === verifying }),
    ...(signing === undefined ? {} : {
      async fromSecret() {
        const key = await SigningKey.fromSecret(signing);
        return same([key.id, key.verifyingKey, key.exposeSecret()], [id, verifying, signing]);
      },
    }),
  }),

  "grants.json": ({ Identity }, { grant: sealed, identity, trusted, now, terms, token, value, scope_identity }, _, { Grant }) => ({
    async open() {
      // The format has later times than a Date.
      const at = new Date(Math.min(now * 1000, 8.64e15));
      const grant = await Grant.open(unhex(sealed), { identity: await Identity.fromSecret(identity), trusted, now: at });
      const said = [grant.granter.id, grant.path, grant.actions, grant.from.getTime(), grant.until.getTime(), grant.purpose, grant.granterName, grant.recipientName];
      const expected = [terms.granter, terms.path, terms.actions, terms.from * 1000, terms.until * 1000, terms.purpose, terms.granter_name, terms.recipient_name];
      const held = token === undefined ? grant.scopeIdentity(at) === scope_identity : hex(grant.keyring(at).decrypt(token)) === value;
      return held && same(said, expected);
    },
  }),

  "held-shares.json": ({ Identity }, { identity, envelope, held }) => ({
    exposeHeldShares: async () => same(await (await Identity.fromSecret(identity)).exposeHeldShares(unhex(envelope)), held),
  }),
};

/** What values, rows and columns need. */
export const fieldsFamilies = ["keyrings.json", "scopes.json", "contexts.json", "tokens.json", "groups.json", "rows.json"];

/** Knows one answer, and says of all else that it is not authentic. */
function madeUpKey({ reference, wrapped, associated, file_key: fileKey }) {
  return {
    reference,
    async unwrap(...asked) {
      if (asked.map(hex).join() !== [wrapped, associated].join()) throw Object.assign(new Error("not what it wrapped"), { code: "authentication_failed" });
      return unhex(fileKey);
    },
  };
}

/** Every way to read an envelope. `opener` may be a promise. */
function readings(fortress, { envelope, context, plaintext_length, metadata }, opener) {
  const bytes = unhex(envelope);
  return {
    decryptBlob: async () => isPlaintext(await (await fortress.decryptBlob(bytes, { identity: await opener, context })).arrayBuffer(), plaintext_length),
    decryptStream: async () =>
      isPlaintext(await bytesOf(pieces(bytes, 1000).pipeThrough(fortress.decryptStream({ identity: await opener, context }))), plaintext_length),
    async openSource() {
      const file = await fortress.openSource(new Blob([bytes]), { identity: await opener, context });
      const whole = isPlaintext(await file.read(), plaintext_length) && file.size === plaintext_length;
      const rightMetadata = same(Object.entries(file.metadata).sort(), Object.entries(metadata ?? {}).sort());
      file.free();
      return whole && rightMetadata;
    },
  };
}

async function openKeyrings({ Keyring }, cases) {
  const keyrings = new Map();
  for (const { name, result, sealed, passphrase } of cases) {
    if (result === "valid") keyrings.set(name, await Keyring.open(unhex(sealed), { passphrase }));
  }
  return keyrings;
}

/** What is wrong with a case, or nothing. */
async function judge({ result, code }, action) {
  let good;
  try {
    good = await action();
  } catch (error) {
    // By its code and not its class: what a key of the caller's throws passes through as it is.
    if (typeof error?.code !== "string") return `threw ${error?.stack ?? error}`;
    if (result === "valid") return `refused with ${error.code}: ${error.message}`;
    return error.code === code ? undefined : `refused with ${error.code} instead of ${code}`;
  }
  if (result !== "valid") return `accepted instead of refused with ${code}`;
  return good ? undefined : "gave something else";
}

/** The empty scope is the keyring itself. */
function scoped(keyring, scope) {
  return scope.length === 0 ? keyring : keyring.scope(...scope);
}

function within(keyring, scope, action) {
  const narrowed = scoped(keyring, scope);
  try {
    return action(narrowed);
  } finally {
    if (narrowed !== keyring) narrowed.free();
  }
}

function isPlaintext(buffer, length) {
  const bytes = new Uint8Array(buffer.buffer ?? buffer);
  return bytes.length === length && bytes.every((byte, i) => byte === i % 251);
}

function pieces(bytes, length) {
  let offset = 0;
  return new ReadableStream({
    pull(controller) {
      if (offset < bytes.length) controller.enqueue(bytes.slice(offset, (offset += length)));
      else controller.close();
    },
  });
}

/** By a reader: a `Response` hides the stream's own error from its caller in Chromium. */
async function bytesOf(stream) {
  const reader = stream.getReader();
  const parts = [];
  for (let part = await reader.read(); !part.done; part = await reader.read()) parts.push(part.value);
  return new Blob(parts).arrayBuffer();
}

function same(a, b) {
  return JSON.stringify(a) === JSON.stringify(b);
}

function hex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function unhex(text) {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}
