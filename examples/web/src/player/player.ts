// The page's side of playing: it registers the service worker and answers its questions, so that the
// keys stay in the page and a video decrypts as far as it is watched.

import { type EncryptedFile } from "fortress-sdk";
import type { Answer, Claim, Opened, PlayPath, Question } from "./messages.ts";

const CLAIM: Claim = "claim";
const PLAY_PATH: PlayPath = "/play/";

export interface Playable {
  readonly file: EncryptedFile;
  readonly type: string;
}

export class Player {
  readonly #opened = new Map<string, Promise<Playable>>();
  #ready: Promise<boolean> | undefined;

  /** `open` finds what an id plays; `onError` hears why a file stopped playing, which a media element cannot say. */
  constructor(
    private readonly open: (id: string) => Promise<Playable>,
    private readonly onError: (id: string, error: unknown) => void,
  ) {}

  /** Where a media element finds the file, or `undefined` where the browser allows no service worker. */
  async urlFor(id: string): Promise<string | undefined> {
    this.#ready ??= this.#start();
    return (await this.#ready) ? PLAY_PATH + id : undefined;
  }

  /** Forgets a file's header, after its bytes on the server have changed. */
  forget(id: string): void {
    const found = this.#opened.get(id);
    this.#opened.delete(id);
    found?.then(({ file }) => file.free()).catch(() => undefined);
  }

  forgetAll(): void {
    for (const id of this.#opened.keys()) this.forget(id);
  }

  async #start(): Promise<boolean> {
    const workers = navigator.serviceWorker as ServiceWorkerContainer | undefined;
    if (!workers) return false;
    workers.addEventListener("message", (event: MessageEvent<Question>) => void this.#answer(event.data, event.ports[0]));
    workers.startMessages();
    try {
      const registration = await workers.register("/service-worker.js");
      if (!workers.controller) {
        const controlled = new Promise((resolve) => workers.addEventListener("controllerchange", resolve, { once: true }));
        (await workers.ready).active?.postMessage(CLAIM);
        await controlled;
      }
      return registration.active !== null || workers.controller !== null;
    } catch {
      return false;
    }
  }

  async #answer(question: Question, port: MessagePort | undefined): Promise<void> {
    const reply = (answer: Answer<Opened | Uint8Array>): void => port?.postMessage(answer);
    try {
      const { file, type } = await this.#find(question.id);
      reply({ ok: question.ask === "open" ? { size: file.size, type } : await file.read(question.start, question.end) });
    } catch (error) {
      this.forget(question.id);
      this.onError(question.id, error);
      reply({ failed: error instanceof Error ? error.message : String(error) });
    }
  }

  #find(id: string): Promise<Playable> {
    let found = this.#opened.get(id);
    if (!found) {
      found = this.open(id);
      this.#opened.set(id, found);
    }
    return found;
  }
}
