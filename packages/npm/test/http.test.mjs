import assert from "node:assert/strict";
import { createServer } from "node:http";
import { gzipSync } from "node:zlib";
import { after, before, describe, test } from "node:test";
import { inspect } from "node:util";
import { decryptRange, inspectSource, Keyring } from "fortress-sdk";
import { bytesOf, collect, equal, pattern } from "./support/bytes.mjs";

const data = pattern(2_000_000);
let keyring;
let file;
let server;
let base;
/** How the server answers; each test sets its own. */
let behave;
let requests;

/** A server that does Range requests as RFC 9110 says. */
function honest(request, response, { body = file, etag = '"1"', headers = {} } = {}) {
  const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "");
  if (range === null) {
    response.writeHead(200, { "content-length": body.length, etag, ...headers }).end(body);
    return;
  }
  const start = Number(range[1]);
  const end = Math.min(Number(range[2]) + 1, body.length);
  if (start >= body.length) {
    response.writeHead(416, { "content-range": `bytes */${body.length}` }).end();
    return;
  }
  response.writeHead(206, { "content-range": `bytes ${start}-${end - 1}/${body.length}`, "content-length": end - start, etag, ...headers });
  response.end(body.subarray(start, end));
}

before(async () => {
  keyring = await Keyring.generate();
  file = await bytesOf(await keyring.encryptBlob(data));
  server = createServer((request, response) => {
    requests.push(request.headers.range);
    behave(request, response);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  base = `http://127.0.0.1:${server.address().port}/file`;
});

after(() => {
  server.closeAllConnections();
  server.close();
});

function serving(behaviour, body) {
  return async () => {
    behave = behaviour;
    requests = [];
    await body();
  };
}

const range = { start: 1_000_000, end: 1_000_100 };

describe("a file on a server", () => {
  test(
    "is read in parts, and no more of it than holds them",
    serving(honest, async () => {
      for (const source of [base, new URL(base)]) {
        requests = [];
        assert.ok(equal(await keyring.decryptRange(source, range), data.subarray(range.start, range.end)));
        assert.equal(requests.length, 2);
        const asked = requests.map((header) => header.match(/\d+/g).map(Number)).map(([from, to]) => to - from + 1);
        assert.deepEqual(asked, [4096, 16_400]);
      }
      const opened = await keyring.openSource(base);
      assert.equal(opened.size, data.length);
      requests = [];
      assert.ok(equal(await collect(opened.stream(500_000)), data.subarray(500_000)));
      assert.ok(equal(await opened.read(0, 1), data.subarray(0, 1)));
      assert.equal(requests.length, 2);
    }),
  );

  test(
    "is decrypted whole without Range requests",
    serving(
      (request, response) => honest({ headers: {} }, response),
      async () => {
        assert.ok(equal(await bytesOf(await keyring.decryptBlob(base)), data));
        assert.deepEqual(requests, [undefined]);
      },
    ),
  );

  test(
    "is decrypted whole with its size in the progress, where the server tells it",
    serving(
      (request, response) => honest({ headers: {} }, response),
      async () => {
        const totals = async () => {
          const seen = [];
          await keyring.decryptBlob(base, { onProgress: (progress) => seen.push(progress) });
          assert.equal(seen.at(-1).processed, file.length);
          return [...new Set(seen.map(({ total }) => total))];
        };
        assert.deepEqual(await totals(), [file.length]);
        behave = (request, response) => response.writeHead(200, { "transfer-encoding": "chunked" }).end(file);
        assert.deepEqual(await totals(), [undefined]);
        // What is announced of a compressed body is what travels.
        const compressed = gzipSync(file);
        behave = (request, response) => response.writeHead(200, { "content-encoding": "gzip", "content-length": compressed.length }).end(compressed);
        assert.deepEqual(await totals(), [undefined]);
      },
    ),
  );

  const refusals = {
    "ignores Range": [(request, response) => honest({ headers: {} }, response), "range_unsupported", /ignores Range/],
    "has no such file": [(request, response) => response.writeHead(404).end(), "source_failed", /status 404/],
    "has no Content-Range": [
      (request, response) => honest(request, { writeHead: (status, headers) => response.writeHead(status, { ...headers, "content-range": [] }), end: (body) => response.end(body) }),
      "range_unsupported",
      /Access-Control-Expose-Headers/,
    ],
    "answers with another range": [(request, response) => honest({ headers: { range: "bytes=7-4102" } }, response), "source_failed", /asked for 0 to 4095/],
    "compresses": [(request, response) => honest(request, response, { headers: { "content-encoding": "gzip" } }), /range_unsupported|source_failed/, /./],
    "knows no size": [
      (request, response) => response.writeHead(206, { "content-range": "bytes 0-4095/*", "content-length": 4096 }).end(file.subarray(0, 4096)),
      "range_unsupported",
      /Content-Range/,
    ],
    "sends less than it announced": [
      (request, response) => {
        response.writeHead(206, { "content-range": `bytes 0-4095/${file.length}`, "transfer-encoding": "chunked" });
        response.end(file.subarray(0, 1000));
      },
      "source_failed",
      /announced 4096 bytes and sent 1000/,
    ],
    "sends more than it announced": [
      (request, response) => {
        response.writeHead(206, { "content-range": `bytes 0-4095/${file.length}`, "transfer-encoding": "chunked" });
        response.end(file.subarray(0, 5000));
      },
      "source_failed",
      /announced 4096 bytes and sent 5000/,
    ],
    "breaks off": [
      (request, response) => {
        response.writeHead(206, { "content-range": `bytes 0-4095/${file.length}`, "content-length": 4096 });
        response.write(file.subarray(0, 1000), () => response.destroy());
      },
      "source_failed",
      /could not be loaded/,
    ],
    "has an empty file": [(request, response) => honest(request, response, { body: Buffer.alloc(0) }), "source_changed", /shorter/],
  };
  for (const [what, [behaviour, expected, text]] of Object.entries(refusals)) {
    test(
      `whose server ${what}`,
      serving(behaviour, async () => {
        await assert.rejects(keyring.decryptRange(base, range), (error) => {
          assert.match(error.code, new RegExp(`^(${expected.source ?? expected})$`));
          assert.match(error.message, text);
          assert.equal(error.operation, "decryptRange");
          assert.equal(error.name, "SourceError");
          return true;
        });
      }),
    );
  }

  for (const [what, changed] of Object.entries({ "another ETag": { etag: '"2"' }, "another size": { body: pattern(1_999_000) } })) {
    test(
      `that changes between two requests: ${what}`,
      serving(
        (request, response) => honest(request, response, requests.length > 1 ? changed : {}),
        async () => {
          await assert.rejects(keyring.decryptRange(base, range), { code: "source_changed" });
        },
      ),
    );
  }

  test(
    "that changes its bytes and not its name is not authentic",
    serving(
      (request, response) => honest(request, response, requests.length > 1 ? { body: pattern(file.length) } : {}),
      async () => {
        await assert.rejects(keyring.decryptRange(base, range), { code: "authentication_failed" });
      },
    ),
  );

  test("on a server that is not there", async () => {
    await assert.rejects(keyring.decryptRange("http://127.0.0.1:1/", range), { code: "source_failed" });
    await assert.rejects(keyring.decryptBlob("http://127.0.0.1:1/"), { code: "source_failed" });
  });

  test(
    "is not read on once aborted",
    serving(honest, async () => {
      const reason = new Error("enough");
      await assert.rejects(keyring.decryptRange(base, { ...range, signal: AbortSignal.abort(reason) }), reason);
      const controller = new AbortController();
      behave = (request, response) => {
        if (requests.length > 1) controller.abort(reason);
        else honest(request, response);
      };
      await assert.rejects(keyring.decryptRange(base, { ...range, signal: controller.signal }), reason);
    }),
  );

  test(
    "is loaded by the caller's own fetch",
    serving(
      (request, response) => (request.headers.authorization === "Bearer 1" ? honest(request, response) : response.writeHead(401).end()),
      async () => {
        await assert.rejects(keyring.decryptRange(base, range), /status 401/);
        const own = (url, init) => fetch(url, { ...init, headers: { ...init.headers, authorization: "Bearer 1" } });
        const expected = data.subarray(range.start, range.end);
        assert.ok(equal(await keyring.decryptRange(base, { ...range, fetch: own }), expected));
        assert.ok(equal(await decryptRange(base, { ...range, identity: keyring, fetch: own }), expected));
        assert.ok(equal(await bytesOf(await keyring.decryptBlob(base, { fetch: own })), data));
        assert.equal((await inspectSource(base, { fetch: own })).kind, "envelope");
        const opened = await keyring.openSource(base, { fetch: own });
        assert.equal(opened.size, data.length);
        opened.free();
        await assert.rejects(keyring.decryptRange(base, { ...range, fetch: "fetch" }), { code: "invalid_argument" });
        await assert.rejects(keyring.decryptRange(base, { ...range, fetch: () => { throw new Error("no network today"); } }), { code: "source_failed", message: /no network today/ });
        // It would do nothing there.
        await assert.rejects(keyring.encryptBlob(data, { fetch: own }), { code: "invalid_argument" });
      },
    ),
  );

  test(
    "whose server goes on and on is not read on",
    serving(
      (request, response) => {
        response.writeHead(206, { "content-range": `bytes 0-4095/${file.length}`, "transfer-encoding": "chunked" });
        const more = () => {
          while (response.write(file.subarray(0, 65_536)));
        };
        response.on("drain", more);
        more();
      },
      async () => {
        await assert.rejects(keyring.decryptRange(base, range), { code: "source_failed", message: /announced 4096 bytes and sent \d+ or more/ });
      },
    ),
  );

  test(
    "whose server stops answering can be cancelled and freed",
    serving(honest, async () => {
      for (const end of ["cancel", "free", "signal"]) {
        behave = honest;
        const controller = new AbortController();
        const opened = await keyring.openSource(base);
        let asked;
        let closed;
        const stalled = new Promise((resolve) => {
          asked = resolve;
        });
        const left = new Promise((resolve) => {
          closed = resolve;
        });
        behave = (request, response) => {
          response.on("close", closed);
          response.writeHead(206, { "content-range": `bytes ${request.headers.range.slice(6)}/${file.length}`, etag: '"1"' });
          response.flushHeaders();
          asked();
        };
        const reader = opened.stream(0, 100_000, { signal: controller.signal }).getReader();
        const reading = reader.read();
        const outcome = reading.then(({ done }) => done, (error) => error);
        await stalled;
        const reason = new Error("enough");
        if (end === "cancel") await reader.cancel(reason);
        else if (end === "free") opened.free();
        else controller.abort(reason);
        const got = await outcome;
        if (end === "cancel") assert.equal(got, true);
        else if (end === "free") assert.equal(got.code, "freed");
        else assert.equal(got, reason);
        // The connection is given back.
        await left;
        opened.free();
      }
    }),
  );

  test(
    "is named without what may be secret in its address",
    serving(
      (request, response) => response.writeHead(403).end(),
      async () => {
        const signed = base.replace("//", "//user:word@") + "?signature=hidden#hidden";
        for (const url of [signed, base + "?signature=hidden", "http://127.0.0.1:1/?signature=hidden", "http://%/?signature=hidden"]) {
          for (const call of [() => keyring.decryptRange(url, range), () => keyring.decryptBlob(url), () => inspectSource(url)]) {
            await assert.rejects(call, (error) => {
              assert.equal(error.code, "source_failed");
              assert.doesNotMatch(error.message, /hidden|word/);
              return true;
            });
          }
        }
      },
    ),
  );

  test("is named so too where the engine writes the address in another way", async () => {
    const url = "HTTP://user:word@Example.org:80/a/../$&/file name?signature=hid den";
    const elsewhere = "https://user:word@elsewhere.example/file?signature=hidden";
    for (const text of [url, new URL(url).href, `redirected to "${elsewhere}"`]) {
      const failing = async () => {
        throw new TypeError(`no answer from ${text}`, { cause: new Error(`refused: ${text}`) });
      };
      for (const call of [() => keyring.decryptRange(url, { ...range, fetch: failing }), () => keyring.decryptBlob(url, { fetch: failing })]) {
        await assert.rejects(call, (error) => {
          assert.equal(error.code, "source_failed");
          assert.match(error.message, /no answer from .+: refused: /);
          assert.doesNotMatch(inspect(error, { depth: 9, showHidden: true }), /hid(%20| )?den|word/);
          return true;
        });
      }
    }
  });

  test("whose fetch is none, or gives no Response", async () => {
    const wrong = { name: "InputError", code: "invalid_argument" };
    for (const answer of [undefined, null, 5, {}, file, { status: 206, headers: {}, body: null }, { status: 206, headers: new Headers(), body: {} }]) {
      const own = async () => answer;
      for (const call of [keyring.decryptRange(base, { ...range, fetch: own }), keyring.decryptBlob(base, { fetch: own }), inspectSource(base, { fetch: own })]) {
        await assert.rejects(call, { ...wrong, message: /expected a Response from the option fetch, got / });
      }
    }
    for (const source of [file, new Blob([file]), base]) {
      for (const call of [keyring.decryptRange(source, { ...range, fetch: 5 }), keyring.decryptBlob(source, { fetch: 5 }), inspectSource(source, { fetch: 5 })]) {
        await assert.rejects(call, { ...wrong, message: /a function as the option fetch, got a number/ });
      }
    }
  });

  test("that claims to be larger than memory", async () => {
    // The start of a true file, and then nothing but the claim.
    const total = 2 ** 45;
    const claiming = (body) => async (url, { headers }) => {
      const [start, end] = /bytes=(\d+)-(\d+)/.exec(headers.range).slice(1).map(Number);
      const last = Math.min(end, total - 1);
      const answer = { status: 206, headers: { "content-range": `bytes ${start}-${last}/${total}` } };
      return new Response(body.subarray(start, Math.min(body.length, last + 1)), answer);
    };
    const huge = { start: 0, end: 2 ** 44 };
    await assert.rejects(keyring.decryptRange(base, { ...huge, fetch: claiming(file) }), { code: "value_too_large", name: "LimitError", operation: "decryptRange" });
    const changed = file.slice();
    changed[20_000] ^= 1;
    changed[1000] ^= 1;
    await assert.rejects(keyring.decryptRange(base, { ...huge, fetch: claiming(changed) }), { code: "authentication_failed" });
  });

  test(
    "with a header longer than the first read",
    serving(
      (request, response) => honest(request, response, { body: long }),
      async () => {
        long = await bytesOf(await keyring.encryptBlob(data, { metadata: { note: "x".repeat(20_000) } }));
        assert.ok(equal(await keyring.decryptRange(base, range), data.subarray(range.start, range.end)));
        assert.equal(requests.length, 3);
      },
    ),
  );
  let long;
});
