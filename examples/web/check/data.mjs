// The page's own modules in Node, against the storage server: what must hold between two tabs, and when
// the server refuses half of something. `fetch` is the server's, and a step can make it fail.

import { fileURLToPath } from "node:url";
import { Keyring } from "fortress-sdk";
import { createServer } from "vite";
import { start } from "../server/start.mjs";

const PASSPHRASE = "correct horse battery staple";
const ADA = { name: "Ada", email: "ada@example.org", phone: "", notes: "" };

export async function dataSteps(check) {
  const server = await start({ root: process.env.FORTRESS_DEMO_DIST });
  const vite = await createServer({
    root: fileURLToPath(new URL("..", import.meta.url)),
    logLevel: "error",
    appType: "custom",
    server: { middlewareMode: true, hmr: false, ws: false, watch: null },
    // One SDK for the page's modules and for this check.
    ssr: { external: ["fortress-sdk"] },
  });
  const network = intercept(server.url);
  const keyrings = watchKeyrings();
  try {
    const load = (name) => vite.ssrLoadModule(`/src/data/${name}.ts`);
    await inTwoTabs(check, network, keyrings, { ...(await load("session")), ...(await load("records")), ...(await load("migrate")), files: await load("files") });
  } finally {
    keyrings.restore();
    network.restore();
    await vite.close();
    await server.close();
  }
}

async function inTwoTabs(check, network, keyrings, { Session, saveRecord, loadRecords, migrate, oldData, isNeeded, files }) {
  const stored = async (session) => ({ records: await loadRecords(session), files: await files.loadFiles(session) });
  let one, other;

  await check.step("two tabs create at once: one wins, and the other's keys are wiped", async () => {
    const [first, second] = await Promise.allSettled([Session.create(PASSPHRASE, "balanced"), Session.create(PASSPHRASE, "balanced")]);
    const [won, lost] = first.status === "fulfilled" ? [first, second] : [second, first];
    one = won.value;
    check.equal(lost.reason?.code, "exists");
    check.equal(keyrings.live(), [one.keyring]);
  });

  await check.step("a rotation that the server refuses leaves no keys behind", async () => {
    network.refuse = (method, path) => method === "PUT" && path === "/api/objects/keyring";
    check.equal(await codeOf(one.rotate(PASSPHRASE)), "refused");
    network.refuse = undefined;
    check.equal(keyrings.live(), [one.keyring]);
  });

  await check.step("a rotation that ends after the tab was locked leaves no keys behind", async () => {
    const session = await Session.unlock(PASSPHRASE);
    const rotated = session.rotate(PASSPHRASE);
    session.lock();
    check.equal(await codeOf(rotated), "This tab was locked meanwhile.");
    check.equal(keyrings.live(), [one.keyring]);
    await one.reopen(PASSPHRASE);
  });

  await check.step("after a rotation in one tab, another writes nothing under the old key, and is told", async () => {
    other = await Session.unlock(PASSPHRASE);
    await saveRecord(other, ADA);
    const told = new Promise((resolve) => other.addEventListener("outdated", () => resolve("told"), { once: true }));
    const before = other.keyring.primary;
    await one.rotate(PASSPHRASE);
    const holdings = await list();
    check.equal(await codeOf(saveRecord(other, ADA)), "other_changed");
    check.equal(await codeOf(files.uploadFile(other, new File(["text"], "a.txt"))), "other_changed");
    check.equal(await list(), holdings);
    check.equal(await told, "told");
    check.equal(await other.isCurrent(), false);
    check.equal(other.keyring.primary, before);
    await other.reopen(PASSPHRASE);
    check.equal([await other.isCurrent(), other.keyring.primary], [true, one.keyring.primary]);
  });

  await check.step("a file that is on its way while its own tab rotates is refused, and leaves nothing", async () => {
    const holdings = await list();
    const slow = new File(["x".repeat(100_000)], "slow.txt");
    network.before = async (method, path) => {
      if (method !== "POST" || !path.includes("/finish")) return;
      network.before = undefined;
      await one.rotate(PASSPHRASE);
    };
    check.equal(await codeOf(files.uploadFile(one, slow)), "other_changed");
    check.equal(await one.isCurrent(), true);
    check.equal((await list()).length, holdings.length);
    await other.reopen(PASSPHRASE);
  });

  await check.step("a record with one field under an older key is an old record", async () => {
    const id = await saveRecord(one, ADA);
    const tokens = JSON.parse(await (await fetch(`/api/objects/records/${id}`)).text());
    await one.rotate(PASSPHRASE);
    const changed = { ...tokens, ...one.records.encryptRow({ name: "Ada Lovelace" }, { record: id }) };
    await fetch(`/api/objects/records/${id}`, { method: "PUT", body: JSON.stringify(changed) });
    const holdings = await stored(one);
    const [record] = holdings.records.filter((candidate) => candidate.id === id);
    check.equal([record.keyIds.length, record.result.fields?.name], [2, "Ada Lovelace"]);
    check.ok(oldData(one, holdings).records.includes(record), "it is among what is to be moved");
    check.ok(record.keyIds.every((key) => isNeeded(key, holdings)), "both of its keys are needed");
  });

  await check.step("a migration that stops half-way leaves a file plainly old, and the next one finishes it", async () => {
    const id = await files.uploadFile(one, new File(["the text of it"], "half.txt", { type: "text/plain" }));
    const old = one.keyring.primary;
    await one.rotate(PASSPHRASE);
    for (const [method, folder] of [["PUT", "labels"], ["PATCH", "files"]]) {
      network.refuse = (asked, path) => asked === method && path.startsWith(`/api/objects/${folder}/${id}`);
      check.equal(await codeOf(migrate(one)), "refused");
      network.refuse = undefined;
      const holdings = await stored(one);
      check.ok(isNeeded(old, holdings) && oldData(one, holdings).files.some((file) => file.id === id), `the old key is still needed after a failed ${method}`);
    }
    check.equal((await migrate(one)).files, 1);
    const after = await stored(one);
    check.equal([isNeeded(old, after), oldData(one, after)], [false, { records: [], files: [] }]);
    check.equal(await (await files.decryptFileToBlob(one, id, "text/plain")).text(), "the text of it");
  });

  await check.step("a key is needed as long as anything does not tell its own", async () => {
    const { id } = (await stored(one)).files[0];
    await fetch(`/api/tamper/files/${id}`, { method: "POST", body: JSON.stringify({ flip: 0 }) });
    check.ok(isNeeded("00000000", await stored(one)), "a file whose header is unreadable may need any");
    await fetch(`/api/tamper/files/${id}`, { method: "POST", body: JSON.stringify({ undo: true }) });
    check.equal(isNeeded("00000000", await stored(one)), false);
  });

  await check.step("two tabs migrate at once, and what one of them edits meanwhile is kept", async () => {
    const edited = await saveRecord(one, ADA);
    await files.uploadFile(one, new File(["x".repeat(50_000)], "both.bin"));
    await one.rotate(PASSPHRASE);
    await other.reopen(PASSPHRASE);
    network.before = async (method, path) => {
      if (method !== "PUT" || path !== `/api/objects/records/${edited}`) return;
      network.before = undefined;
      await saveRecord(other, { ...ADA, notes: "edited" }, { id: edited });
      await migrate(other);
    };
    await migrate(one);
    const holdings = await stored(one);
    check.equal(holdings.records.find(({ id }) => id === edited).result.fields?.notes, "edited");
    check.equal(oldData(one, holdings), { records: [], files: [] });
    for (const file of holdings.files) check.equal((await files.decryptFileToBlob(one, file.id, "")).size > 0, true);
  });
}

/** Relative addresses are the server's; a step refuses requests, or does something before them. */
function intercept(url) {
  const { fetch: real, location } = globalThis;
  const network = { refuse: undefined, before: undefined, restore: () => Object.assign(globalThis, { fetch: real, location }) };
  globalThis.location = { href: url };
  globalThis.fetch = async (input, init = {}) => {
    const address = new URL(input instanceof Request ? input.url : input, url);
    const method = init.method ?? "GET";
    await network.before?.(method, address.pathname);
    if (network.refuse?.(method, address.pathname)) return Response.json({ error: "refused", message: "Refused by the check." }, { status: 500 });
    // A connection each: the server closes one that is idle, which it is for long while a slow machine derives a key in between.
    return real(address, { ...init, headers: { ...Object.fromEntries(new Headers(init.headers)), connection: "close" } });
  };
  return network;
}

/** Which of the keyrings that were generated or opened still hold keys. */
function watchKeyrings() {
  const { generate, open } = Keyring;
  const seen = [];
  const noted = async (keyring) => {
    seen.push(await keyring);
    return keyring;
  };
  Keyring.generate = (...options) => noted(generate.apply(Keyring, options));
  Keyring.open = (...options) => noted(open.apply(Keyring, options));
  const isLive = (keyring) => {
    try {
      return keyring.primary !== undefined;
    } catch {
      return false;
    }
  };
  return { live: () => seen.filter(isLive), restore: () => Object.assign(Keyring, { generate, open }) };
}

async function list() {
  return (await (await fetch("/api/objects")).json()).map(({ name, etag }) => name + etag);
}

/** A refusal's code, or what an error without one says. */
function codeOf(promise) {
  return promise.then(
    () => "no error",
    (error) => error.code ?? error.message,
  );
}
