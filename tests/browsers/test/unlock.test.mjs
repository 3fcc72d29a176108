/** Passkeys, this device's key and the store of the built npm package: in real browsers, across reloads and tabs. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { engines, launch, serve } from "@fortress-tests/browsers";

const dist = fileURLToPath(new URL("../../../packages/npm/dist", import.meta.url));
const site = fileURLToPath(new URL("../unlock", import.meta.url));

before(() => assert.ok(existsSync(`${dist}/unlock.js`), "packages/npm/dist is not there: run `cargo xtask build`"));

/** Starts a browser and gives a function that opens a page, at a name that passkeys can belong to. */
function inBrowser(engine) {
  const context = {};
  before(async () => {
    context.server = await serve({ "/": site, "/package/": dist });
    context.browser = await launch(engine);
    context.open = async () => {
      const page = await context.browser.open(context.server.url.replace("127.0.0.1", "localhost"));
      await page.waitFor("'steps' in globalThis");
      return page;
    };
  });
  after(async () => {
    await context.browser?.close();
    await context.server?.close();
  });
  return context;
}

const step = (page, name, ...args) => page.evaluate((called, given) => globalThis.steps[called](...given), name, args);

describe("a full disk in chromium", () => {
  const context = inBrowser("chromium");

  test("is an error, and nothing is half stored", async () => {
    const page = await context.open();
    // Before anything is stored: what is free is not asked for at every write.
    await page.limitStorage(1000);
    assert.deepEqual(await step(page, "fill", "full", 500_000), { code: "storage_full", left: 0 });
  });
});

describe("passkeys in chromium", () => {
  const context = inBrowser("chromium");
  const withAuthenticator = async (options) => {
    const page = await context.open();
    return { page, authenticator: await page.virtualAuthenticator(options) };
  };

  test("one opens a keyring after a reload", async () => {
    const { page, authenticator } = await withAuthenticator();
    const { sealed, primary, references } = await step(page, "sealForPasskeys");
    assert.match(references[0], /^webauthn:localhost\/[\w-]{22,}$/);
    await page.goto(context.server.url.replace("127.0.0.1", "localhost"));
    await page.waitFor("'steps' in globalThis");
    assert.equal(await step(page, "openByPasskey", sealed), primary);
    assert.equal(await step(page, "openByPassphrase", sealed), primary);
    assert.deepEqual(await step(page, "openAndSealAgain", sealed), { questions: 2, same: true, forgotten: true });
    assert.equal((await authenticator.credentials()).length, 1);
    assert.deepEqual(await step(page, "openChanged", sealed), Array(7).fill("authentication_failed"));
    await authenticator.remove();
  });

  test("any of several opens, and the one that is left", async () => {
    const { page, authenticator } = await withAuthenticator();
    const { sealed, primary, references } = await step(page, "sealForPasskeys", 3);
    assert.equal(new Set(references).size, 3);
    for (const { credentialId } of (await authenticator.credentials()).slice(0, 2)) {
      await authenticator.removeCredential(credentialId);
      assert.equal(await step(page, "openByPasskey", sealed), primary);
    }
    const [last] = await authenticator.credentials();
    await authenticator.removeCredential(last.credentialId);
    await assert.rejects(step(page, "openByPasskey", sealed), { code: "passkey_cancelled" });
    assert.equal(await step(page, "openByPassphrase", sealed), primary, "the passphrase is still there");
    await authenticator.remove();
  });

  test("an authenticator without the PRF extension is refused", async () => {
    const { page, authenticator } = await withAuthenticator({ hasPrf: false });
    await assert.rejects(step(page, "sealForPasskeys"), { code: "passkey_unsupported", operation: "enrolPasskey" });
    await authenticator.remove();
  });

  test("who does not prove to be the user opens nothing", async () => {
    const { page, authenticator } = await withAuthenticator();
    const { sealed } = await step(page, "sealForPasskeys");
    await authenticator.verify(false);
    await assert.rejects(step(page, "openByPasskey", sealed), { code: "passkey_cancelled" });
    await assert.rejects(step(page, "sealForPasskeys"), { code: "passkey_cancelled" });
    await authenticator.remove();
  });

  test("nobody answers: the time-out and the signal end it", async () => {
    const { page, authenticator } = await withAuthenticator();
    const { sealed, primary } = await step(page, "sealForPasskeys");
    await authenticator.present(false);
    await assert.rejects(step(page, "openByPasskey", sealed, { timeout: 100 }), { code: "passkey_timeout", operation: "passkeys" });
    await assert.rejects(step(page, "sealForPasskeys", 1, { timeout: 100 }), { code: "passkey_timeout", operation: "enrolPasskey" });
    assert.equal(await step(page, "abortPasskey", sealed), "the user left");
    assert.equal(await step(page, "enrolAborted"), "before");
    await authenticator.present(true);
    assert.equal(await step(page, "openByPasskey", sealed), primary);
    await authenticator.remove();
  });

  test("an authenticator makes no second passkey beside one that is excluded", async () => {
    const { page, authenticator } = await withAuthenticator();
    const { references } = await step(page, "sealForPasskeys");
    await assert.rejects(step(page, "sealForPasskeys", 1, { exclude: references }), { code: "passkey_exists" });
    const strangers = ["webauthn:example.org/AAAA", "device:AAAA", "webauthn:localhost/A", "webauthn:localhost/", "", "webauthn:localhost/AB="];
    assert.equal((await step(page, "sealForPasskeys", 1, { exclude: strangers })).references.length, 1);
    await authenticator.remove();
  });

  test("a passkey of another site is neither made nor asked for", async () => {
    const { page, authenticator } = await withAuthenticator();
    await assert.rejects(step(page, "sealForPasskeys", 1, { relyingParty: "example.org" }), { code: "passkey_unsupported" });
    const { sealed } = await step(page, "sealForPasskeys");
    await assert.rejects(step(page, "openByPasskey", sealed, { relyingParty: "example.org" }), { code: "wrong_recipient" });
    await authenticator.remove();
  });

  test("two questions at once do not harm each other", async () => {
    const { page, authenticator } = await withAuthenticator();
    const { sealed, primary } = await step(page, "sealForPasskeys");
    for (const answer of await step(page, "askTwice", sealed)) assert.ok([primary, "passkey_failed", "passkey_cancelled"].includes(answer), answer);
    assert.equal(await step(page, "openByPasskey", sealed), primary);
    await authenticator.remove();
  });
});

describe("the guide's examples, as they stand", () => {
  const context = inBrowser("chromium");

  for (const name of ["passkeys.md", "this-device.md"]) {
    const text = readFileSync(new URL(`../../../docs/guide/${name}`, import.meta.url), "utf8");
    let heading = name;
    for (const [, title, code] of text.matchAll(/(?:^|\n)##* ([^\n]+)|\n```js\n([\s\S]*?)```/g)) {
      if (title !== undefined) heading = title;
      if (code === undefined) continue;
      test(`${name}: ${heading}`, async () => {
        const page = await context.browser.open(`${context.server.url.replace("127.0.0.1", "localhost")}example.html`);
        const authenticator = await page.virtualAuthenticator();
        // As a module: that it has run to its end says the last line.
        await page.evaluate((module) => {
          globalThis.failed = undefined;
          globalThis.addEventListener("error", ({ message }) => (globalThis.failed = message));
          globalThis.addEventListener("unhandledrejection", ({ reason }) => (globalThis.failed = String(reason)));
          const script = Object.assign(document.createElement("script"), { type: "module", textContent: `${module}\nglobalThis.ran = true;` });
          document.head.append(script);
        }, code);
        const outcome = await page.waitFor(() => globalThis.failed ?? (globalThis.ran && "ran"));
        assert.equal(outcome, "ran");
        assert.deepEqual(page.consoleErrors(), []);
        await page.evaluate(() => new Promise((done) => (indexedDB.deleteDatabase("fortress").onsuccess = done)));
        await authenticator.remove();
        await page.close();
      });
    }
  }
});

for (const engine of engines) {
  describe(`this device and the store in ${engine}`, () => {
    const context = inBrowser(engine);
    let page;
    before(async () => (page = await context.open()));

    test("options that cannot be used", async () => {
      const codes = await step(page, "badPasskeyOptions");
      assert.deepEqual(codes, Array(codes.length).fill("invalid_argument"));
    });

    test("a reload opens a keyring without a question", async () => {
      const kept = await step(page, "keep", "ada", "reload");
      assert.deepEqual(kept, { ...kept, dates: [true, true], kinds: ["external", "passphrase"], metadata: { owner: "ada" } });
      assert.equal(await step(page, "openKept", "ada", "reload"), kept.primary);
      const other = await context.open();
      assert.equal(await step(other, "openKept", "ada", "reload"), kept.primary);
      await other.close();
      await page.goto(context.server.url.replace("127.0.0.1", "localhost"));
      await page.waitFor("'steps' in globalThis");
      assert.equal(await step(page, "openKept", "ada", "reload"), kept.primary);
    });

    test("no script gets the key's bytes, and it can be forgotten", async () => {
      const { primary } = await step(page, "keep", "ada", "theft");
      assert.deepEqual(await step(page, "theft", "theft"), { extractable: false, thrown: ["InvalidAccessError", "InvalidAccessError"] });
      assert.equal(await step(page, "openKept", "ada", "theft"), primary);
      await page.evaluate(() => globalThis.unlock.forgetDeviceKey({ database: "theft" }));
      await assert.rejects(step(page, "openKept", "ada", "theft"), { code: "wrong_recipient" });
    });

    test("a secret besides is needed where it was given", async () => {
      assert.deepEqual(await step(page, "withSecret", "secret"), [true, ...Array(3).fill("authentication_failed")]);
    });

    test("tabs that ask for a key at once get one", async () => {
      const other = await context.open();
      const references = (await Promise.all([page, other].map((tab) => step(tab, "deviceReferences", "together", 8)))).flat();
      assert.equal(new Set(references).size, 1);
      assert.match(references[0], /^device:[\w-]{22}$/);
      await other.close();
    });

    test("saves, conflicts and deletions", async () => {
      const results = await step(page, "savesAndConflicts", "saves");
      assert.deepEqual(results, {
        taken: "store_conflict", older: "store_conflict", stillTwo: true, createdStays: true, versionsDiffer: true, absent: "store_conflict",
        listed: ["ring"], deleteOlder: "store_conflict", deleteIt: "done", deleteAgain: "done", openGone: "not_stored",
        afterwards: "store_conflict", blob: "done", notSealed: results.notSealed, empty: results.empty, cut: "truncated", file: "wrong_content", names: "done",
        openedAgain: "done",
      });
      for (const code of [results.notSealed, results.empty]) assert.match(code, /^(not_fortress|truncated|unknown_version)$/);
    });

    test("a damaged entry is listed, hides no other, and can be replaced and deleted", async () => {
      const { opened, ...rest } = await step(page, "damaged", "damaged");
      assert.deepEqual(rest, {
        listed: [["a whole one", 1, "ada"], ["cut", 0, ""], ["flipped", 1, "ada"], ["no bytes", 0, ""], ["noise", 0, ""], ["other version", 0, ""]],
        loaded: 40, replaced: true, left: 0,
      });
      assert.deepEqual(opened, {
        "a whole one": true, cut: "FormatError truncated", flipped: "AuthenticationError authentication_failed", "no bytes": "FormatError truncated",
        noise: "FormatError not_fortress", "other version": "FormatError unknown_version",
      });
    });

    test("of tabs that save at once, one wins", async () => {
      const other = await context.open();
      const outcomes = (await Promise.all([page, other].map((tab) => step(tab, "race", "race", 6)))).flat();
      assert.deepEqual(outcomes.sort(), [...Array(11).fill("store_conflict"), "won"]);
      await other.close();
    });

    test("it gives way to a newer version, and says so afterwards", async () => {
      assert.equal(await step(page, "codeOf", "list", "newer"), "done");
      const other = await context.open();
      assert.equal(await step(other, "upgrade", "newer"), 2);
      assert.equal(await step(page, "codeOf", "list", "newer"), "StorageError storage_unavailable");
      await other.close();
    });

    test("a database of something else is not taken for it", async () => {
      assert.equal(await step(page, "holdOpen", "foreign"), 1);
      assert.equal(await step(page, "codeOf", "list", "foreign"), "StorageError storage_unavailable");
    });

    test("storage that is denied", async () => {
      const [none, security, state, unknown] = [0, 3, 6, 9];
      const codes = await step(page, "denied");
      for (const at of [none, security, state]) assert.deepEqual(codes.slice(at, at + 3), Array(3).fill("storage_unavailable"));
      assert.deepEqual(codes.slice(unknown), [...Array(3).fill("storage_failed"), "done"]);
    });

    if (engine !== "chromium") {
      test("a passkey that cannot be had is an error that says so", async () => {
        // Neither has an authenticator here; both have a page that asks.
        await assert.rejects(step(page, "sealForPasskeys", 1, { timeout: 500 }), (error) => /^passkey_/.test(error.code));
      });
    }
  });
}
