// Playing: sound that a script made and a video that the browser recorded, decrypted as far as played.

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileCalled, picture, press } from "./lib.mjs";

const SOUND_SECONDS = 120;

export async function mediaSteps(world) {
  const { check, engine, page, scratch } = world;
  const wav = tone(SOUND_SECONDS);

  await check.step("an encrypted sound plays and seeks", async () => {
    const name = `tone ${engine}.wav`;
    await writeFile(join(scratch, name), wav);
    await page.upload("#file-input", join(scratch, name));
    const id = (world.sound = await fileCalled(page, name));
    await press(page, `[data-file="${id}"]`, "Play");
    const seconds = await page.waitFor((css) => document.querySelector(`${css} audio`)?.duration || undefined, { args: [`[data-file="${id}"]`] });
    check.ok(Math.abs(seconds - SOUND_SECONDS) < 0.1, `it lasts ${seconds} seconds`);
    await playFrom(page, `[data-file="${id}"] audio`, SOUND_SECONDS - 20);
  });

  await check.step("any range of it is answered as plaintext, by the service worker", async () => {
    const answer = await page.evaluate(async (id) => {
      const response = await fetch(`/play/${id}`, { headers: { range: "bytes=1000000-1000099" } });
      return { status: response.status, range: response.headers.get("content-range"), type: response.headers.get("content-type"), bytes: [...new Uint8Array(await response.arrayBuffer())] };
    }, world.sound);
    check.ok(/^audio\/(x-|vnd\.)?wav/.test(answer.type), `the type is ${answer.type}`);
    check.equal(answer, { status: 206, range: `bytes 1000000-1000099/${wav.length}`, type: answer.type, bytes: [...wav.subarray(1_000_000, 1_000_100)] });
  });

  // A browser that cannot record plays what another has recorded.
  const recorded = (world.clips.last = (await record(page)) ?? world.clips.last);
  if (!recorded) {
    console.log("        this browser records no video, and none that does ran before it, so it plays none here");
    return;
  }
  await check.step("an encrypted video plays", async () => {
    const name = `clip ${engine}.${recorded.type.includes("mp4") ? "mp4" : "webm"}`;
    await writeFile(join(scratch, name), Buffer.from(recorded.base64, "base64"));
    await page.upload("#file-input", join(scratch, name));
    const id = await fileCalled(page, name);
    await press(page, `[data-file="${id}"]`, "Play");
    await playFrom(page, `[data-file="${id}"] video`, 0);
    const shown = await page.evaluate((css) => document.querySelector(css).videoWidth, `[data-file="${id}"] video`);
    check.equal(shown, 320);
    await picture(world, "07-a-video-plays");
  });
}

async function playFrom(page, selector, seconds) {
  await page.waitFor((css) => document.querySelector(css)?.readyState >= 1, { args: [selector] });
  await page.evaluate(
    async (css, start) => {
      const media = document.querySelector(css);
      media.muted = true;
      if (start > 0) {
        const sought = new Promise((resolve) => media.addEventListener("seeked", resolve, { once: true }));
        media.currentTime = start;
        await sought;
      }
      await media.play();
    },
    selector,
    seconds,
  );
  await page.waitFor((css, start) => document.querySelector(css).currentTime > start + 0.2 && document.querySelector(css).error === null, { args: [selector, seconds] });
  await page.evaluate((css) => document.querySelector(css).pause(), selector);
}

/** A second or so of a moving picture, recorded by the browser itself; nothing where it cannot. */
async function record(page) {
  return page.evaluate(async () => {
    const canvas = Object.assign(document.createElement("canvas"), { width: 320, height: 180 });
    const type = ["video/webm;codecs=vp8", "video/webm", "video/mp4"].find((candidate) => globalThis.MediaRecorder?.isTypeSupported(candidate));
    if (!type || !canvas.captureStream) return undefined;
    const paint = canvas.getContext("2d");
    const recorder = new MediaRecorder(canvas.captureStream(25), { mimeType: type });
    const pieces = [];
    recorder.addEventListener("dataavailable", ({ data }) => pieces.push(data));
    const stopped = new Promise((resolve, reject) => {
      recorder.addEventListener("stop", resolve);
      recorder.addEventListener("error", reject);
    });
    recorder.start();
    const started = performance.now();
    await new Promise((resolve) => {
      const frame = () => {
        const at = performance.now() - started;
        paint.fillStyle = `hsl(${at / 10} 60% 35%)`;
        paint.fillRect(0, 0, 320, 180);
        paint.fillStyle = "#fff";
        paint.fillRect(at / 8, 70, 40, 40);
        if (at < 1500) setTimeout(frame, 30);
        else resolve();
      };
      frame();
    });
    recorder.stop();
    await stopped;
    const bytes = new Uint8Array(await new Blob(pieces).arrayBuffer());
    let binary = "";
    for (const byte of bytes) binary += String.fromCharCode(byte);
    return bytes.length > 0 ? { type, base64: btoa(binary) } : undefined;
  });
}

/** A WAV file: 16 bits, mono, 44,100 samples a second. */
function tone(seconds) {
  const rate = 44_100;
  const wav = Buffer.alloc(44 + rate * seconds * 2);
  wav.write("RIFF", 0);
  wav.writeUInt32LE(wav.length - 8, 4);
  wav.write("WAVEfmt ", 8);
  wav.writeUInt32LE(16, 16);
  wav.writeUInt16LE(1, 20);
  wav.writeUInt16LE(1, 22);
  wav.writeUInt32LE(rate, 24);
  wav.writeUInt32LE(rate * 2, 28);
  wav.writeUInt16LE(2, 32);
  wav.writeUInt16LE(16, 34);
  wav.write("data", 36);
  wav.writeUInt32LE(wav.length - 44, 40);
  for (let at = 0; at < rate * seconds; at += 1) wav.writeInt16LE(Math.round(8000 * Math.sin(at / 20)), 44 + at * 2);
  return wav;
}
