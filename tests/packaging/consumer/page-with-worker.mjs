globalThis.outcome = new Promise((resolve, reject) => {
  const worker = new Worker(new URL("./worker.mjs", import.meta.url), { type: "module" });
  worker.onerror = (event) => reject(new Error(`the worker failed: ${event.message}`));
  worker.onmessage = ({ data }) => (data.failed ? reject(new Error(data.failed)) : resolve(data.written));
});
