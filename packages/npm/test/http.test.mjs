import assert from "node:assert/strict";
import { createServer } from "node:http";
import { gzipSync } from "node:zlib";
import { after, before, describe, test } from "node:test";
import { Keyring } from "fortress-sdk";
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
