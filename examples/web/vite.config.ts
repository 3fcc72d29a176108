import { defineConfig } from "vite";

const SERVICE_WORKER = "service-worker";

export default defineConfig({
  build: {
    // Browsers from 2024 on: they know light-dark(), which the styles are written with.
    target: ["chrome123", "firefox120", "safari17.5"],
    // Everything is a file of its own: the content security policy allows no data: fonts or scripts.
    assetsInlineLimit: 0,
    rolldownOptions: {
      input: { page: "index.html", share: "share.html", [SERVICE_WORKER]: "src/player/service-worker.ts" },
      output: {
        // A service worker serves the addresses beside and below its own, so it lies at the root.
        entryFileNames: ({ name }) => (name === SERVICE_WORKER ? "[name].js" : "assets/[name]-[hash].js"),
      },
    },
  },
});
