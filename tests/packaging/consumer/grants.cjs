// Node (require).
const fortress = require("fortress-sdk");
const grants = require("fortress-sdk/grants");

import("./scenario.mjs")
  .then(({ grantsScenario }) => grantsScenario(fortress, grants))
  .then((written) => console.log(JSON.stringify(written)));
