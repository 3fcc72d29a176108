// A worker in workerd, as `wrangler` would bundle it.
import * as fortress from "fortress-sdk";
import { scenario } from "./scenario.mjs";

export default {
  async fetch(request) {
    try {
      const files = new URL(request.url).searchParams.get("files");
      return Response.json({ written: await scenario(fortress, { files }) });
    } catch (error) {
      return Response.json({ failed: String(error.stack ?? error) }, { status: 500 });
    }
  },
};
