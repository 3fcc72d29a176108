// Node (require).
const fields = require("fortress-sdk/fields");

import("./scenario.mjs")
  .then(({ fieldsScenario }) => fieldsScenario(fields))
  .then((written) => console.log(JSON.stringify(written)));
