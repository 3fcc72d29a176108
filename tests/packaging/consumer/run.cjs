// Node (require).
const fortress = require("fortress-sdk");

const [files] = process.argv.slice(2);
import("./scenario.mjs")
  .then(({ scenario }) => scenario(fortress, { files }))
  .then((written) => console.log(JSON.stringify(written)));
