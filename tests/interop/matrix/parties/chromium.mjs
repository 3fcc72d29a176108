/** The npm package in a page of Chromium. */
import { json } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { launch, serve } from "@fortress-tests/browsers";

const plan = await json(process.stdin);
const page = `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>A party</title><link rel="icon" href="data:,">
<script type="module">
  import * as fortress from "/package/web.js";
  import * as grants from "/package/grants.js";
  import { carryOut } from "/parties/web.mjs";

  const ok = (response) => {
    if (!response.ok) throw new Error(response.status + " " + response.url);
    return response;
  };
  const blob = async (path) => ok(await fetch(path)).blob();
  globalThis.carryOut = (plan) => carryOut({ ...fortress, ...grants }, plan, {
    read: (name) => blob("/folder/" + name),
    plain: (length) => blob("/plain/" + length),
    write: async (name, body) => void ok(await fetch("/folder/" + name, { method: "PUT", body })),
  });
</script>
</html>`;
const folderOf = (path) => fileURLToPath(new URL(path, import.meta.url));
const server = await serve(
  { "/": { body: page, type: "text/html; charset=utf-8" }, "/parties/": folderOf("."), "/package/": folderOf("../../../../packages/npm/dist"), "/folder/": plan.folder, "/plain/": plan.plain },
  { uploads: "/folder/" },
);
const browser = await launch("chromium");
try {
  const tab = await browser.open(server.url);
  await tab.waitFor("'carryOut' in globalThis");
  process.stdout.write(JSON.stringify(await tab.evaluate((asked) => globalThis.carryOut(asked), plan)));
} finally {
  await browser.close();
  await server.close();
}
