// The shared vectors of tests/vectors/, run through the public API. Knows no platform: `fortress` is the exports of a CommonJS copy,
// `read` gives a file's text by its name.

import { collect, equal, fromHex, streamOf, toHex } from "./bytes.mjs";

const FAMILIES = ["tokens", "groups", "rows", "envelopes"];
const SHARING = ["identities", "shared-envelopes", "held-shares", "external-envelopes", "scope-identities", "scope-envelopes", "signing-keys", "grants"];
const FOLDERS = ["", "python/"];

/** Runs all; returns how many held, and what did not. */
export async function runVectors(fortress, read) {
  const outcome = { held: 0, failures: [] };
  const keyrings = new Map();
  const load = async (name) => JSON.parse(await read(`${name}.json`)).cases;
  const check = async (family, vector, body) => {
    const failure = await judge(vector, body);
    if (failure === undefined) outcome.held += 1;
    else outcome.failures.push(`${family}: ${vector.name}: ${failure}`);
  };

  for (const folder of FOLDERS) {
    for (const vector of await load(`${folder}keyrings`)) {
      await check("keyrings", vector, async () => {
        const keyring = await fortress.Keyring.open(fromHex(vector.sealed), { passphrase: vector.passphrase });
        if (folder === "") keyrings.set(vector.name, keyring);
        const versions = keyring.versions.map(({ id, created, state }) => ({ created: created.getTime() / 1000, id, state }));
        return same({ profile: keyring.profile, path: keyring.path, primary: keyring.primary, versions }, vector, ["profile", "path", "primary", "versions"]);
      });
    }
  }
  for (const folder of FOLDERS) {
    for (const family of folder === "" ? [...FAMILIES, ...SHARING] : FAMILIES) {
      for (const vector of await load(folder + family)) {
        const root = keyrings.get(vector.keyring);
        const keyring = root !== undefined && vector.scope?.length > 0 ? root.scope(...vector.scope) : root;
        await check(folder + family, vector, () => RUNNERS[family](vector, keyring, fortress));
      }
    }
  }
  return outcome;
}

const RUNNERS = {
  tokens: (vector, keyring) => expectBytes(keyring.decrypt(vector.token, vector.context), vector.value),

  groups(vector, keyring) {
    const { context, header } = vector;
    const [value] = keyring.decryptColumn([vector.member], { context, contexts: [vector.member_context], ...(header === undefined ? {} : { header }) });
    return expectBytes(value, vector.value);
  },

  rows(vector, keyring) {
    const row = vector.header === undefined ? vector.fields : { header: vector.header, fields: vector.fields };
    const values = Object.fromEntries(Object.entries(keyring.decryptRow(row, vector.context)).map(([name, value]) => [name, toHex(value)]));
    return same({ values }, vector, ["values"]);
  },

  envelopes: (vector, keyring, fortress) => expectPlaintext(vector, keyring ?? { passphrase: vector.passphrase }, fortress),

  "shared-envelopes": async (vector, _, fortress) =>
    expectPlaintext(vector, vector.identity === undefined ? { shares: vector.shares } : await fortress.Identity.fromSecret(vector.identity), fortress),

  "external-envelopes": (vector, _, fortress) => expectPlaintext(vector, madeUpKey(vector), fortress),

  "scope-envelopes": (vector, keyring, fortress) => expectPlaintext(vector, keyring, fortress),

  "scope-identities": ({ identity }, keyring, fortress) => {
    if (fortress.scopeIdentity(identity) !== identity) return "another text";
    return keyring.scopeIdentity() === identity ? undefined : "not the keyring's";
  },

  async "signing-keys"({ verifying, signing, id }, _, { grants: { SigningKey, verifyingKey } }) {
    if (verifying !== undefined && verifyingKey(verifying) !== verifying) return "another text";
    if (signing === undefined) return undefined;
    const key = await SigningKey.fromSecret(signing);
    return same({ id: key.id, verifying: key.verifyingKey, signing: key.exposeSecret() }, { id, verifying, signing }, ["id", "verifying", "signing"]);
  },

  async grants(vector, _, { Identity, grants: { Grant } }) {
    // The format has later times than a Date.
    const now = new Date(Math.min(vector.now * 1000, 8.64e15));
    const grant = await Grant.open(fromHex(vector.grant), { identity: await Identity.fromSecret(vector.identity), trusted: vector.trusted, now });
    const { granter, path, actions, from, until, purpose, granterName, recipientName } = grant;
    const terms = { granter: granter.id, path, actions, from: from.getTime() / 1000, until: until.getTime() / 1000, purpose, granter_name: granterName, recipient_name: recipientName };
    if (vector.token === undefined) return same({ terms, identity: grant.scopeIdentity(now) }, { terms: vector.terms, identity: vector.scope_identity }, ["terms", "identity"]);
    return same({ terms }, vector, ["terms"]) ?? expectBytes(grant.keyring(now).decrypt(vector.token), vector.value);
  },

  async identities(vector, _, fortress) {
    const { public: text, secret, id } = vector;
    if (text !== undefined && fortress.publicIdentity(text) !== text) return "another text";
    if (secret === undefined) return undefined;
    const identity = await fortress.Identity.fromSecret(secret);
    return same({ id: identity.id, public: identity.publicIdentity, secret: identity.exposeSecret() }, { id, public: text, secret }, ["id", "public", "secret"]);
  },

  async "held-shares"(vector, _, fortress) {
    const identity = await fortress.Identity.fromSecret(vector.identity);
    return same({ held: await identity.exposeHeldShares(fromHex(vector.envelope)) }, vector, ["held"]);
  },
};

/** Knows one answer, and says of all else that it is not authentic. */
function madeUpKey({ reference, wrapped, associated, file_key: fileKey }) {
  return {
    reference,
    async unwrap(...asked) {
      if (asked.map(toHex).join() !== [wrapped, associated].join()) throw Object.assign(new Error("not what it wrapped"), { code: "authentication_failed" });
      return fromHex(fileKey);
    },
  };
}

async function expectPlaintext(vector, identity, fortress) {
  const { context } = vector;
  const envelope = fromHex(vector.envelope);
  const expected = Uint8Array.from({ length: vector.plaintext_length ?? 0 }, (_, index) => index % 251);
  // Every way to read it comes to the same.
  const streamed = await attempt(() => collect(streamOf(envelope, 1000).pipeThrough(fortress.decryptStream({ identity, context }))));
  const whole = await attempt(async () => new Uint8Array(await (await fortress.decryptBlob(new Blob([envelope]), { identity, context })).arrayBuffer()));
  if (streamed.code !== whole.code) return `as a stream ${streamed.code}, as a Blob ${whole.code}`;
  if (streamed.error !== undefined) throw streamed.error;
  if (!equal(streamed.value, expected) || !equal(whole.value, expected)) return "another plaintext";
  const file = await fortress.openSource(envelope, { identity, context });
  try {
    if (!equal(await file.read(), expected)) return "another plaintext by random access";
    return same({ metadata: file.metadata }, { metadata: vector.metadata ?? {} }, ["metadata"]);
  } finally {
    file.free();
  }
}

/** Does what happens agree with what the vector expects? Returns what does not. */
async function judge(vector, body) {
  const { value: wrong, code, error } = await attempt(body);
  if (vector.result === "valid") return error === undefined ? wrong : `refused with ${code}: ${error.message}`;
  if (error === undefined) return `accepted, expected ${vector.code}`;
  return code === vector.code ? undefined : `refused with ${code}, expected ${vector.code}`;
}

async function attempt(body) {
  try {
    return { value: await body() };
  } catch (error) {
    return { error, code: error.code ?? String(error) };
  }
}

function expectBytes(bytes, hex) {
  return toHex(bytes) === hex ? undefined : "another value";
}

function same(got, expected, keys) {
  for (const key of keys) {
    const [a, b] = [canonical(got[key]), canonical(expected[key])];
    if (a !== b) return `${key} is ${a}, expected ${b}`;
  }
  return undefined;
}

function canonical(value) {
  return JSON.stringify(value, (_, inner) => (inner !== null && typeof inner === "object" && !Array.isArray(inner) ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1))) : inner));
}
