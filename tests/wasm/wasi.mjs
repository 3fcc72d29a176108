/**
 * The system interface (WASI, preview 1) for a test binary in a worker: it has arguments, a clock and randomness, and it may write. Whatever
 * else it asks for does not exist.
 */
self.onmessage = async ({ data: { binary, args } }) => {
  try {
    const module = await WebAssembly.compileStreaming(fetch(binary));
    self.postMessage(await run(module, [binary, ...args]));
  } catch (error) {
    self.postMessage({ code: -1, output: String(error?.stack ?? error) });
  }
};

/** @returns {Promise<{ code: number, output: string }>} what the program exits with, and all that it has written */
async function run(module, args) {
  let instance, output = "";
  const view = () => new DataView(instance.exports.memory.buffer);
  const words = args.map((arg) => new TextEncoder().encode(`${arg}\0`));
  const system = {
    args_sizes_get(count, size) {
      view().setUint32(count, words.length, true);
      view().setUint32(size, words.reduce((sum, word) => sum + word.length, 0), true);
      return SUCCESS;
    },
    args_get(pointers, place) {
      for (const [index, word] of words.entries()) {
        view().setUint32(pointers + 4 * index, place, true);
        new Uint8Array(instance.exports.memory.buffer).set(word, place);
        place += word.length;
      }
      return SUCCESS;
    },
    environ_sizes_get(count, size) {
      view().setUint32(count, 0, true);
      view().setUint32(size, 0, true);
      return SUCCESS;
    },
    environ_get: () => SUCCESS,
    clock_time_get(clock, precision, time) {
      view().setBigUint64(time, BigInt(Math.round(performance.now() * 1e6)), true);
      return SUCCESS;
    },
    random_get(place, length) {
      crypto.getRandomValues(new Uint8Array(instance.exports.memory.buffer, place, length));
      return SUCCESS;
    },
    fd_write(file, pieces, count, written) {
      let total = 0;
      for (let piece = pieces; piece < pieces + 8 * count; piece += 8) {
        const [place, length] = [view().getUint32(piece, true), view().getUint32(piece + 4, true)];
        output += new TextDecoder().decode(new Uint8Array(instance.exports.memory.buffer, place, length));
        total += length;
      }
      view().setUint32(written, total, true);
      return SUCCESS;
    },
    sched_yield: () => SUCCESS,
    proc_exit(code) {
      throw new Exit(code);
    },
  };
  const imports = WebAssembly.Module.imports(module).map(({ name }) => [name, system[name] ?? (() => NOT_THERE)]);
  instance = await WebAssembly.instantiate(module, { wasi_snapshot_preview1: Object.fromEntries(imports) });
  try {
    instance.exports._start();
  } catch (error) {
    if (!(error instanceof Exit)) return { code: -1, output: `${output}\n${error?.stack ?? error}` };
    return { code: error.code, output };
  }
  return { code: 0, output };
}

class Exit {
  constructor(code) {
    this.code = code;
  }
}

/** What a call answers: that it is done, or that there is no such file. */
const SUCCESS = 0;
const NOT_THERE = 8;
