// A worker in workerd, as `wrangler` would bundle it.
import * as fields from "fortress-sdk/fields";
import { fieldsScenario } from "./scenario.mjs";

export default {
  async fetch() {
    try {
      return Response.json({ written: await fieldsScenario(fields) });
    } catch (error) {
      return Response.json({ failed: String(error.stack ?? error) }, { status: 500 });
    }
  },
};
