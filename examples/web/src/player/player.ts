// The page's side of playing: it registers the service worker and answers its questions, so that the
// keys stay in the page and a video decrypts as far as it is watched.

import type { Answer, Claim, Opened, PlayPath, Question } from "./messages.ts";
import { Opened as OpenedFile, type Playable } from "./opened.ts";

const CLAIM: Claim = "claim";
const PLAY_PATH: PlayPath = "/play/";

export class Player {
  readonly #opened = new Map<string, OpenedFile>();
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

  /** Told what the server holds now: what is unchanged plays on, and the rest is opened anew when it is asked for next. */
  keepUnchanged(etags: ReadonlyMap<string, string>): void {
    for (const [id, opened] of this.#opened) {
      opened.playable.then(({ etag }) => etags.get(id) !== etag && this.#forget(id, opened)).catch(() => undefined);
    }
  }

  /** Stops all playing and wipes the files' keys. */
  stop(): void {
    for (const opened of this.#opened.values()) opened.free();
    this.#opened.clear();
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
      // A header that was rewritten while it was read is no fault of the file: what is there now gets a second look.
      reply({ ok: await this.#look(question).catch(() => this.#look(question)) });
    } catch (error) {
      this.onError(question.id, error);
      reply({ failed: error instanceof Error ? error.message : String(error) });
    }
  }

  async #look(question: Question): Promise<Opened | Uint8Array> {
    const opened = this.#find(question.id);
    try {
      return await opened.use<Opened | Uint8Array>(({ file, type }) => (question.ask === "open" ? { size: file.size, type } : file.read(question.start, question.end)));
    } catch (error) {
      this.#forget(question.id, opened);
      throw error;
    }
  }

  #find(id: string): OpenedFile {
    let found = this.#opened.get(id);
    if (!found) {
      found = new OpenedFile(this.open(id));
      this.#opened.set(id, found);
    }
    return found;
  }

  #forget(id: string, opened: OpenedFile): void {
    if (this.#opened.get(id) === opened) this.#opened.delete(id);
    opened.close();
  }
}
