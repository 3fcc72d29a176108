// A worker in workerd, as `wrangler` would bundle it.
import * as fortress from "fortress-sdk";
import * as grants from "fortress-sdk/grants";
import { grantsScenario } from "./scenario.mjs";

export default {
  async fetch() {
    try {
      return Response.json({ written: await grantsScenario(fortress, grants) });
    } catch (error) {
      return Response.json({ failed: String(error.stack ?? error) }, { status: 500 });
    }
  },
};
