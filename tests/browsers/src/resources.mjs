/**
 * Processes and folders that must not outlive a test, however it ends. Processes are ended by their own
 * process group, so that a browser somebody else runs on the machine is never touched.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { rm } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** An empty folder, removed by `remove()` or else when this process exits. */
export function temporaryFolder(prefix) {
  const path = mkdtempSync(join(tmpdir(), prefix));
  // A browser may still be writing while it ends, hence the retries.
  const options = { recursive: true, force: true, maxRetries: 10, retryDelay: 100 };
  const forget = atExit(() => rmSync(path, options));
  return {
    path,
    async remove() {
      await rm(path, options);
      forget();
    },
  };
}

/**
 * Starts a program as the leader of its own process group and gathers what it prints. What it writes to
 * descriptor 3 can be read from `child.stdio[3]`.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {{ env?: NodeJS.ProcessEnv, cwd?: string }} [options]
 */
export function startProcess(command, args, options = {}) {
  const child = spawn(command, args, { ...options, stdio: ["ignore", "pipe", "pipe", "pipe"], detached: true });
  let output = "";
  const gather = (chunk) => (output = (output + chunk).slice(-8000));
  child.stdout.on("data", gather);
  child.stderr.on("data", gather);
  const ended = new Promise((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("exit", (code, signal) => resolve(signal ?? `exit code ${code}`));
  });
  const release = child.pid === undefined ? () => {} : boundToUs(child.pid);
  return {
    child,
    /** Resolves with the reason once the process has ended. */
    ended,
    output: () => output.trim(),
    async stop() {
      signalGroup(child.pid, "SIGTERM");
      const killing = setTimeout(() => signalGroup(child.pid, "SIGKILL"), 3000);
      await ended;
      clearTimeout(killing);
      signalGroup(child.pid, "SIGKILL"); // what the leader left behind in its group
      release();
    },
  };
}

/**
 * Ends a process group when this process ends, however that happens.
 *
 * @param {number} pid the group's leader
 * @returns {() => void} call it when the group has ended by itself
 */
export function boundToUs(pid) {
  // SIGKILL runs no handler, but it closes this pipe.
  const guard = spawn("/bin/sh", ["-c", `cat; kill -s KILL -- -${pid}`], { stdio: ["pipe", "ignore", "ignore"], detached: true });
  guard.unref();
  guard.stdin.unref();
  const forget = atExit(() => signalGroup(pid, "SIGKILL"));
  return () => {
    signalGroup(guard.pid, "SIGKILL");
    forget();
  };
}

/** Waits until `probe` gives something, or `stopped` tells that it never will. */
export async function until(probe, { what, timeout = 20_000, stopped }) {
  const deadline = Date.now() + timeout;
  let reason;
  stopped?.then((why) => (reason = why));
  for (;;) {
    const value = await probe();
    if (value) return value;
    if (reason) throw new Error(`${what} ended early (${reason})`);
    if (Date.now() > deadline) throw new Error(`${what} was not ready after ${timeout / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, 40));
  }
}

/** A port of 127.0.0.1 that nobody listens on. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** Does somebody listen on this port of 127.0.0.1? */
export function listens(port) {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.destroy();
      resolve(true);
    }).once("error", () => resolve(false));
  });
}

function signalGroup(pid, signal) {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if (error.code !== "ESRCH") throw error;
  }
}

const exitActions = new Set();

function atExit(action) {
  if (exitActions.size === 0) installExitHandlers();
  exitActions.add(action);
  return () => exitActions.delete(action);
}

let installed = false;

function installExitHandlers() {
  if (installed) return;
  installed = true;
  process.once("exit", () => {
    // Newest first: processes go before the folders they write to.
    for (const action of [...exitActions].reverse()) action();
  });
  // A signal ends Node without "exit" unless somebody turns it into one.
  for (const [signal, number] of [["SIGHUP", 1], ["SIGINT", 2], ["SIGTERM", 15]]) {
    process.once(signal, () => process.exit(128 + number));
  }
}
