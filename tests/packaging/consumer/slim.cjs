const { readFileSync } = require("node:fs");
const fortress = require("fortress-sdk/slim");

const [files] = process.argv.slice(2);
import("./scenario.mjs")
  .then(async ({ beforeInit, scenario }) => {
    await beforeInit(fortress);
    await fortress.init(readFileSync(require.resolve("fortress-sdk/fortress.wasm")));
    return scenario(fortress, { files });
  })
  .then((written) => console.log(JSON.stringify(written)));
