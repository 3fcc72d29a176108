// Identities, share sets, and recipients that stay.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  decryptBlob,
  decryptRange,
  decryptStream,
  encryptBlob,
  FormatError,
  Identity,
  InputError,
  inspect,
  Keyring,
  KeyError,
  publicIdentity,
  rewrap,
  ShareSet,
} from "fortress-sdk";
import { bytesOf, pattern } from "./support/bytes.mjs";

/** The least that a writer accepts. */
const quick = (passphrase) => ({ passphrase, argon2: { passes: 1, memoryKiB: 8192, lanes: 1 } });
const data = pattern(40_000);
const code = (code) => (error) => error.code === code;

describe("identities", () => {
  test("what is encrypted for the public text, the identity decrypts", async () => {
    const ada = await Identity.generate();
    assert.match(ada.publicIdentity, /^fortress1[0-9a-z]{1952}$/);
    assert.match(ada.id, /^[0-9a-f]{16}$/);
    assert.equal(`${ada}`, ada.publicIdentity);
    for (const recipients of [ada.publicIdentity, [ada], [publicIdentity(ada.publicIdentity), quick("also")]]) {
      const sealed = await encryptBlob(data, { recipients, context: { to: "ada" } });
      assert.deepEqual(await bytesOf(await decryptBlob(sealed, { identity: ada, context: { to: "ada" } })), data);
      assert.deepEqual(await decryptRange(sealed, { identity: [quick("other"), ada], start: 5, end: 20_000, context: { to: "ada" } }), data.slice(5, 20_000));
      const stream = sealed.stream().pipeThrough(decryptStream({ identity: ada, context: { to: "ada" } }));
      assert.deepEqual(new Uint8Array(await new Response(stream).arrayBuffer()), data);
    }
  });

  test("a keyring is sealed for a colleague", async () => {
    const [keyring, ada] = [await Keyring.generate(), await Identity.generate()];
    const sealed = await keyring.scope("acme").seal([ada.publicIdentity, quick("mine")]);
    const opened = await Keyring.open(sealed, ada);
    assert.equal(opened.primary, keyring.primary);
    assert.deepEqual(opened.path, ["acme"]);
    assert.deepEqual(inspect(sealed).header.recipients[0], { kind: "identity", id: ada.id });
    await assert.rejects(Keyring.open(sealed, await Identity.generate()), code("wrong_recipient"));
  });

  test("the secret leaves by its own method, and brings the identity back", async () => {
    const ada = await Identity.generate();
    const secret = ada.exposeSecret();
    assert.match(secret, /^FORTRESS-SECRET-KEY-1[0-9A-Z]{58}$/);
    assert.equal((await Identity.fromSecret(secret)).publicIdentity, ada.publicIdentity);
    assert.ok(!JSON.stringify(ada).includes(secret) && !`${Object.values(ada)}`.includes(secret));
    ada.free();
    ada.free();
    assert.throws(() => ada.exposeSecret(), code("freed"));
    await assert.rejects(encryptBlob(data, { recipients: [ada] }), code("freed"));
    const again = await encryptBlob(data, { recipients: ada.publicIdentity });
    assert.equal(again.size > data.length, true);
  });

  test("what is no identity is refused, and says what it is", async () => {
    const ada = await Identity.generate();
    const [text, secret] = [ada.publicIdentity, ada.exposeSecret()];
    for (const wrong of [text.slice(0, -1), `${text}q`, text.toUpperCase(), text.replace(/.$/, (last) => (last === "q" ? "p" : "q")), "correct horse", ""]) {
      assert.throws(() => publicIdentity(wrong), (error) => error instanceof InputError && error.code === "invalid_identity");
      await assert.rejects(encryptBlob(data, { recipients: [wrong] }), code("invalid_identity"));
    }
    assert.throws(() => publicIdentity(secret), (error) => error.code === "invalid_identity" && /secret/.test(error.message) && !error.message.includes(secret));
    await assert.rejects(Identity.fromSecret(text), (error) => error.code === "invalid_identity" && /public/.test(error.message));
    for (const wrong of [undefined, null, 7, {}]) {
      assert.throws(() => publicIdentity(wrong), code("invalid_argument"));
      await assert.rejects(Identity.fromSecret(wrong), code("invalid_argument"));
    }
    const sealed = await encryptBlob(data, { recipients: text });
    await assert.rejects(decryptBlob(sealed, { identity: text }), code("invalid_identity"));
    for (const [Class, name] of [[Identity, "Identity"], [ShareSet, "ShareSet"], [Keyring, "Keyring"]]) assert.equal(Class.name, name);
    assert.throws(() => new Identity(), code("invalid_argument"));
    assert.throws(() => new ShareSet(), code("invalid_argument"));
    assert.throws(() => new Keyring(), code("invalid_argument"));
  });
});

describe("share sets", () => {
  test("any k of n open, and fewer do not", async () => {
    const [keyring, set] = [await Keyring.generate(), await ShareSet.generate({ shares: 4, threshold: 3 })];
    const sealed = await keyring.seal([quick("mine"), set]);
    const shares = set.exposeShares();
    assert.equal(shares.length, 4);
    for (const share of shares) assert.match(share, /^FORTRESS-SHARE-1[0-9A-Z]{74}$/);
    for (const chosen of [[0, 1, 2], [3, 1, 0], [2, 3, 0, 1]]) {
      const recovered = await Keyring.recover(sealed, chosen.map((index) => shares[index]));
      assert.equal(recovered.primary, keyring.primary);
    }
    assert.deepEqual(inspect(sealed).header.recipients[1], { kind: "shares", set: set.id, threshold: 3, count: 4 });
    await assert.rejects(Keyring.recover(sealed, shares.slice(0, 2)), (error) => error instanceof KeyError && error.code === "not_enough_shares");
    await assert.rejects(Keyring.recover(sealed, [shares[0], shares[0], shares[0]]), code("not_enough_shares"));
    await assert.rejects(Keyring.recover(sealed, []), code("not_enough_shares"));
    const file = await encryptBlob(data, { recipients: set });
    assert.deepEqual(await bytesOf(await decryptBlob(file, { identity: { shares: shares.slice(1) } })), data);
    set.free();
    assert.throws(() => set.exposeShares(), code("freed"));
  });

  test("holders find theirs in the header", async () => {
    const keyring = await Keyring.generate();
    const [ada, grace] = [await Identity.generate(), await Identity.generate()];
    const set = await ShareSet.generate({ shares: 3, threshold: 2 });
    const sealed = await keyring.seal({ shares: set, holders: [ada.publicIdentity, grace] });
    const held = [...(await ada.exposeHeldShares(sealed)), ...(await grace.exposeHeldShares(sealed))];
    assert.deepEqual(held, set.exposeShares().slice(0, 2));
    assert.equal((await Keyring.recover(sealed, held)).primary, keyring.primary);
    await assert.rejects((await Identity.generate()).exposeHeldShares(sealed), code("wrong_recipient"));
    await assert.rejects(keyring.seal({ shares: set, holders: [ada, grace, ...(await Promise.all([Identity.generate(), Identity.generate()]))] }), code("invalid_share_set"));
    await assert.rejects(keyring.seal({ shares: set, holders: [ada, ada] }), { code: "invalid_share_set", message: new RegExp(`${ada.id} would hold two shares`) });
  });

  test("sets that cannot be, and shares that do not fit, are refused", async () => {
    for (const options of [{ shares: 3, threshold: 1 }, { shares: 2, threshold: 3 }, { shares: 256, threshold: 2 }, { shares: 2.5, threshold: 2 }, { shares: "3", threshold: 2 }, { shares: 3 }]) {
      await assert.rejects(ShareSet.generate(options), code("invalid_share_set"));
    }
    const [one, other] = [await ShareSet.generate({ shares: 2, threshold: 2 }), await ShareSet.generate({ shares: 2, threshold: 2 })];
    const sealed = await (await Keyring.generate()).seal(one);
    const [first, second] = one.exposeShares();
    await assert.rejects(Keyring.recover(sealed, [first, other.exposeShares()[1]]), code("different_share_sets"));
    await assert.rejects(Keyring.recover(sealed, other.exposeShares()), code("wrong_recipient"));
    await assert.rejects(Keyring.recover(sealed, [first, second.slice(1)]), (error) => error.code === "invalid_share" && !error.message.includes(second.slice(1)));
    await assert.rejects(Keyring.recover(sealed, first), code("invalid_argument"));
    await assert.rejects(Keyring.recover(sealed, [first, 7]), code("invalid_argument"));
    await assert.rejects(Keyring.open(sealed, one), code("invalid_argument"));
    await assert.rejects(encryptBlob(data, { recipients: [{ shares: [first, second] }] }), code("invalid_argument"));
    await assert.rejects(encryptBlob(data, { recipients: [{ shares: one, holders: "fortress1" }] }), code("invalid_argument"));
    await assert.rejects(encryptBlob(data, { recipients: [{ shares: one, holder: [] }] }), code("invalid_argument"));
  });
});

describe("recipients that stay", () => {
  test("of files: others, all, by place", async () => {
    const [keyring, ada, grace] = [await Keyring.generate(), await Identity.generate(), await Identity.generate()];
    const sealed = await keyring.encryptBlob(data, { recipients: [ada] });
    const kinds = async (blob) => inspect(await bytesOf(blob)).header.recipients.map(({ kind, id }) => id ?? kind);

    const added = await rewrap(sealed, { identity: ada, context: {}, keep: "all", recipients: grace.publicIdentity });
    assert.deepEqual(await kinds(added), ["keyring", ada.id, grace.id]);
    const handedOn = await rewrap(added, { identity: ada, context: {}, keep: "others" });
    assert.deepEqual(await kinds(handedOn), ["keyring", grace.id]);
    await assert.rejects(decryptBlob(handedOn, { identity: ada }), code("wrong_recipient"));
    const chosen = await rewrap(added, { identity: keyring, context: {}, keep: [2, 0] });
    assert.deepEqual(await kinds(chosen), ["keyring", grace.id]);
    const replaced = await rewrap(added, { identity: keyring, context: {}, recipients: ada });
    assert.deepEqual(await kinds(replaced), [ada.id]);
    for (const [blob, identity] of [[added, grace], [handedOn, grace], [chosen, keyring], [replaced, ada]]) {
      assert.deepEqual(await bytesOf(await decryptBlob(blob, { identity })), data);
    }
    await assert.rejects(rewrap(added, { identity: ada, keep: [3] }), code("no_such_recipient"));
    await assert.rejects(rewrap(added, { identity: ada }), code("no_recipient"));
    for (const keep of ["everybody", 1, [1.5], [-1], ["0"], null]) await assert.rejects(rewrap(added, { identity: ada, keep }), code("invalid_argument"));
  });

  test("of sealed keyrings, and by whoever opens them", async () => {
    const [keyring, ada] = [await Keyring.generate(), await Identity.generate()];
    const sealed = await keyring.seal(quick("old"));
    const both = await Keyring.rewrap(sealed, { identity: quick("old"), keep: "all", recipients: ada });
    assert.equal((await Keyring.open(both, ada)).primary, keyring.primary);
    const changed = await Keyring.rewrap(both, { identity: { passphrase: "old" }, keep: "others", recipients: quick("new") });
    assert.equal((await Keyring.open(changed, { passphrase: "new" })).primary, keyring.primary);
    assert.equal((await Keyring.open(changed, ada)).primary, keyring.primary);
    await assert.rejects(Keyring.open(changed, { passphrase: "old" }), code("wrong_passphrase"));
    await assert.rejects(rewrap(sealed, { identity: quick("old"), recipients: ada }), (error) => error instanceof FormatError && error.code === "wrong_content");
  });
});
