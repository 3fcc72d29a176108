import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { engines, launch, serve } from "@fortress-tests/browsers";

const site = new URL("site", import.meta.url).pathname;
let server, folder;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "fortress-browsers-test-"));
  server = await serve({ "/": site, "/data.bin": { body: "saved bytes" } }, { csp: "script-src 'self' 'wasm-unsafe-eval'", coop: true });
});

after(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

for (const engine of engines) {
  describe(engine, () => {
    let browser, page;

    before(async () => {
      browser = await launch(engine, { width: 900, height: 700, acceptDownloads: true });
      page = await browser.open(server.url);
    });

    after(async () => {
      const { downloads } = browser;
      await browser.close();
      assert.ok(!existsSync(downloads), "the profile is gone");
    });

    test("names its version", () => assert.match(browser.version, /^\w+\/\d+\.\d+/));

    test("evaluates functions and expressions, asynchronous ones too", async () => {
      assert.deepEqual(await page.evaluate((a, b) => ({ sum: a + b, title: document.title }), 2, 3), { sum: 5, title: "A page to drive" });
      assert.equal(await page.evaluate(async () => (await fetch("data.bin")).text()), "saved bytes");
      assert.equal(await page.evaluate("await Promise.resolve('awaited')"), "awaited");
      assert.equal(await page.evaluate("undefined"), undefined);
      assert.equal(await page.evaluate((text) => text, "\u2028 \u{1F3F0} \""), "\u2028 \u{1F3F0} \"");
    });

    test("gives the page's own errors", async () => {
      const failing = () => {
        throw Object.assign(new RangeError("too far"), { code: "out-of-range" });
      };
      await assert.rejects(page.evaluate(failing), (error) => error.name === "RangeError" && error.message === "too far" && error.code === "out-of-range" && /in the page/.test(error.stack));
    });

    test("isolates the page under the headers it was served with", async () => {
      assert.equal(await page.evaluate("crossOriginIsolated"), true);
    });

    test("fills, clicks, presses, types and reads", async () => {
      await page.fill("#name", "Ada");
      await page.click("#greet");
      assert.equal(await page.text("#output"), "Hello Ada");
      await page.click("#name");
      await page.press("Shift+End");
      assert.equal(await page.evaluate("document.title"), "Shift+End");
      await page.press("End");
      await page.type(" L+");
      await page.click("#greet");
      assert.equal(await page.text("#output"), "Hello Ada L+");
    });

    test("uploads a file", async () => {
      const path = join(folder, "note.txt");
      writeFileSync(path, "from a file");
      await page.upload("#file", path);
      await page.waitFor(() => document.querySelector("#output").textContent === "note.txt: from a file");
    });

    test("resizes down to a phone and takes a picture", async () => {
      assert.deepEqual(await page.evaluate("[innerWidth, innerHeight]"), [900, 700]);
      await page.resize(360, 640);
      assert.deepEqual(await page.evaluate("[innerWidth, innerHeight]"), [360, 640]);
      const picture = join(folder, `${engine}.png`);
      await page.screenshot(picture);
      assert.deepEqual([...readFileSync(picture).subarray(1, 4)], [...Buffer.from("PNG")]);
      assert.equal(readFileSync(picture).readUInt32BE(16), 360, "width in the PNG's header");
    });

    test("downloads a file", async () => {
      await page.click("#download");
      const path = join(browser.downloads, "saved.bin");
      for (let tries = 0; !(existsSync(path) && readFileSync(path, "utf8")) && tries < 100; tries += 1) await new Promise((resolve) => setTimeout(resolve, 50));
      assert.equal(readFileSync(path, "utf8"), "saved bytes");
    });

    test("shares storage with a second tab and keeps both apart", async () => {
      await page.evaluate(() => localStorage.setItem("shared", "yes"));
      const second = await page.newTab(server.url);
      assert.equal(await second.evaluate("localStorage.getItem('shared')"), "yes");
      await second.evaluate(() => (document.title = "second"));
      assert.notEqual(await page.evaluate("document.title"), "second");
      assert.equal(await second.evaluate("document.visibilityState"), "visible");
      await second.close();
    });

    test("opens a page after the last was closed", async () => {
      await page.close();
      page = await browser.open(server.url);
      assert.deepEqual(await page.evaluate("[innerWidth, innerHeight, document.visibilityState]"), [900, 700, "visible"]);
    });

    test("tells of errors in the page", async () => {
      await page.evaluate(() => void setTimeout(() => {
        throw new Error("thrown later");
      }));
      for (let tries = 0; page.consoleErrors().length === 0 && tries < 40; tries += 1) await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 50)));
      assert.match(page.consoleErrors().join("\n"), /thrown later/);
    });

    test("says what it waited for", async () => {
      await assert.rejects(page.waitFor(() => window.neverThere, { timeout: 200 }), /waited 200 ms in vain for .*neverThere[^]*last value: undefined/);
    });
  });
}

test("an unknown browser is refused by name", async () => {
  await assert.rejects(launch("netscape"), /no browser is called "netscape"/);
});

test("a browser that is not there is named with its package", async () => {
  process.env.FORTRESS_CHROMIUM = "/nowhere/chromium";
  try {
    await assert.rejects(launch("chromium"), /no \/nowhere\/chromium: install Debian's package chromium/);
  } finally {
    delete process.env.FORTRESS_CHROMIUM;
  }
});

for (const signal of ["SIGTERM", "SIGKILL"]) {
  test(`no browser outlives a test ended by ${signal}`, async () => {
    const program = `
      import { engines, launch } from "@fortress-tests/browsers";
      for (const engine of engines) await (await launch(engine)).open("about:blank");
      process.kill(process.pid, "${signal}");
      setInterval(() => {}, 1000);`;
    // Whatever the browsers start has this variable in its environment.
    const mark = `FORTRESS_TEST_MARK=${process.pid}${signal}`;
    const ended = spawnSync(process.execPath, ["--input-type=module", "--eval", program], {
      cwd: new URL(".", import.meta.url).pathname,
      env: { ...process.env, TMPDIR: folder, [mark.split("=")[0]]: mark.split("=")[1] },
      encoding: "utf8",
    });
    assert.ok(ended.signal === signal || ended.status === 143, ended.stderr);
    // Crash reporters leave the group to outlive a crash; they end by themselves once the browser is gone.
    let left;
    for (let tries = 0; (left = processesWith(mark)).length > 0 && tries < 100; tries += 1) await new Promise((resolve) => setTimeout(resolve, 50));
    assert.deepEqual(left.map((line) => line.slice(0, 100)), []);
  });
}

function processesWith(mark) {
  return readdirSync("/proc").filter((name) => /^\d+$/.test(name)).flatMap((pid) => {
    try {
      const isMarked = readFileSync(`/proc/${pid}/environ`, "latin1").includes(`${mark}\0`);
      return isMarked ? [readFileSync(`/proc/${pid}/cmdline`, "latin1").replaceAll("\0", " ")] : [];
    } catch {
      return []; // it has just ended
    }
  });
}
