// The files that `require` gets where it cannot load ESM: entries know one another there as they do elsewhere.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { describe, test } from "node:test";

const require = createRequire(import.meta.url);
const dist = new URL("../dist/", import.meta.url);
const wasm = (name) => readFileSync(new URL(`${name}.wasm`, dist));
const passphrase = "correct horse battery staple";

describe("CommonJS", () => {
  test("/fields/slim and /grants/slim say which module of which entry is missing, and find it once it is brought", async () => {
    const [fields, slim, grants] = ["fields-slim", "slim", "grants-slim"].map((name) => require(`../dist/${name}.cjs`));
    const missing = (entry, file) => ({ code: "not_initialised", message: new RegExp(`: fortress-sdk/${entry} does not bring its WebAssembly module, ${file}:.* of fortress-sdk/${entry} first`) });
    assert.throws(() => fields.inspect("x"), missing("fields/slim", "fields.wasm"));
    assert.throws(() => slim.inspect("x"), missing("slim", "fortress.wasm"));
    await assert.rejects(fields.Keyring.generate(), missing("fields/slim", "fields.wasm"));
    await assert.rejects(grants.SigningKey.generate(), missing("grants/slim", "signatures.wasm"));
    await fields.init(wasm("fields"));
    const keyring = await fields.Keyring.generate();
    await assert.rejects(keyring.seal({ passphrase }), missing("slim", "fortress.wasm"));
    await slim.init(wasm("fortress"));
    const sealed = await keyring.seal({ passphrase });
    assert.equal((await fields.Keyring.open(sealed, { passphrase })).primary, keyring.primary);
  });

  test("a library's keyring, by /slim, is the application's, and so are errors, and what /unlock throws", async () => {
    const [whole, slim, unlock, grants] = ["node", "slim", "unlock", "grants-node"].map((name) => require(`../dist/${name}.cjs`));
    assert.equal(slim.Keyring, whole.Keyring);
    for (const entry of [slim, unlock, grants]) assert.equal(entry.FortressError, whole.FortressError);
    const keyring = await whole.Keyring.generate();
    const envelope = await slim.encryptBlob(new Blob(["x"]), { recipients: keyring });
    assert.equal(await (await whole.decryptBlob(envelope, { identity: keyring })).text(), "x");
    await assert.rejects(unlock.deviceKey(), whole.FortressError);
    for (const [name, entry] of Object.entries({ "fortress-sdk": whole, "fortress-sdk/slim": slim, "fortress-sdk/unlock": unlock, "fortress-sdk/grants": grants })) {
      assert.deepEqual(Object.keys(entry).sort(), Object.keys(await import(name)).sort(), name);
    }
  });

  test("keyrings of /fields are recipients of the whole package", async () => {
    const [fields, whole] = ["fields-node", "node"].map((name) => require(`../dist/${name}.cjs`));
    const keyring = await fields.Keyring.generate();
    const envelope = await whole.encryptBlob(new Blob(["x"]), { recipients: keyring });
    assert.equal(await (await whole.decryptBlob(envelope, { identity: keyring })).text(), "x");
    assert.deepEqual(Object.keys(fields).sort(), Object.keys(await import("fortress-sdk/fields")).sort());
  });
});
