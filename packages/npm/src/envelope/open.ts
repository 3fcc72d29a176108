/** The start of an envelope: writing one, and opening one. */

import { EnvelopeDraft, Message, OpenedEnvelope, type MessageRanges, type Parties, encrypted_chunk_len, envelope_prefix_len, plaintext_chunk_len } from "../generated/fortress_wasm.js";
import { completed, isExternal, withIdentities } from "../module/external.js";
import type { Frame } from "../module/frame.js";
import { Handle } from "../module/handle.js";
import { run } from "../module/instance.js";
import { withParties } from "../module/parties.js";
import type { RangeReader } from "../source/source.js";
import type { MessageHandle } from "../stream/message.js";
import type { Bytes, EncryptOptions, AnyIdentity, Recipient } from "../types.js";

/** Read at first: enough for the header of most files. */
const FIRST_READ = 4096;

/** A new envelope: the bytes before its first chunk, and the message that follows. */
export interface NewEnvelope {
  readonly prefix: Bytes;
  readonly message: MessageHandle;
}

/** Starts an envelope for these recipients. Derives a key from each passphrase, which takes a moment, and asks external keys. */
export async function newEnvelope(recipients: readonly Recipient[], options: EncryptOptions<object>, operation: string): Promise<NewEnvelope> {
  const write = (frame: Frame) => frame.string(options.suite ?? "", operation).context(options.context, operation).context(options.metadata, operation).length;
  const start = <T extends { free(): void }>(list: readonly Recipient[], make: (parties: Parties, length: number) => T | undefined) =>
    withParties(list, operation, (parties, home) => new Handle(home, home.run(operation, (frame) => make(parties, write(frame)) ?? frame.fail(operation)), "stream"));
  if (!recipients.some(isExternal)) return newMessage(start(recipients, (parties, length) => Message.encrypt(parties, length)), operation);
  const draft = start(recipients.filter((recipient) => !isExternal(recipient)), (parties, length) => EnvelopeDraft.data(parties, length));
  const raw = await completed(draft, recipients, operation, (open, parties, frame) => open.into_message(parties) ?? frame.fail(operation));
  return newMessage(new Handle(draft.home, raw, "stream"), operation);
}

function newMessage(handle: Handle<Message>, operation: string): NewEnvelope {
  const prefix = handle.run(operation, (raw, frame) => frame.copy(frame.check(raw.prefix(), operation)));
  return {
    prefix,
    message: { handle, operation, direction: "encrypt", inputChunk: plaintext_chunk_len(), outputChunk: encrypted_chunk_len() },
  };
}

/** Bytes of an envelope before its first chunk; `undefined` while `start` is too short to tell. */
export function prefixLength(start: Uint8Array, operation: string): number | undefined {
  return run(operation, (frame) => {
    // The announced length stands at the very start.
    const length = frame.check(envelope_prefix_len(frame.rest(start.subarray(0, 64)).length), operation);
    return length === 0 ? undefined : length;
  });
}

/** Everything before a file's first chunk. */
export async function readPrefix(reader: RangeReader, signal: AbortSignal | undefined, operation: string): Promise<Uint8Array> {
  const start = await reader.read(0, FIRST_READ, signal);
  const length = prefixLength(start, operation);
  // Too short to tell, or to be an envelope: the core says so when it opens it.
  if (length === undefined || reader.size < length) return start;
  if (length <= start.length) return start.subarray(0, length);
  const rest = await reader.read(start.length, length, signal);
  const prefix = new Uint8Array(length);
  prefix.set(start);
  prefix.set(rest, start.length);
  return prefix;
}

/** An envelope whose header is open. */
export class Opened {
  private constructor(
    private readonly handle: Handle<OpenedEnvelope>,
    private readonly operation: string,
  ) {}

  /** Opens the envelope that starts with `prefix`: at once, unless external keys are to be asked. */
  static open(prefix: Uint8Array, identities: readonly AnyIdentity[], context: object | undefined, operation: string): Opened | Promise<Opened> {
    return withIdentities(identities, prefix, operation, (parties, home) => {
      const raw = home.run(operation, (frame) => {
        frame.context(context, operation).rest(prefix);
        return OpenedEnvelope.open(parties, frame.length) ?? frame.fail(operation);
      });
      return new Opened(new Handle(home, raw, "envelope"), operation);
    });
  }

  /** The public metadata, which the header's MAC has authenticated. */
  metadata(): Readonly<Record<string, string>> {
    return this.handle.run(this.operation, (raw, frame) => frame.json(raw.metadata(), this.operation) as Record<string, string>);
  }

  /** The message, to be decrypted whole. Takes the envelope with it. */
  intoMessage(): MessageHandle {
    const raw = this.handle.take(this.operation);
    const message = this.handle.home.run(this.operation, () => raw.into_message());
    return decryptingMessage(new Handle(this.handle.home, message, "stream"), this.operation);
  }

  /** The message, for reading ranges, in an envelope of `length` bytes. Takes the envelope with it. */
  intoRanges(length: number): Handle<MessageRanges> {
    const raw = this.handle.take(this.operation);
    const ranges = this.handle.home.run(this.operation, (frame) => raw.into_random_access(length) ?? frame.fail(this.operation));
    return new Handle(this.handle.home, ranges, "file");
  }

  /** Wipes the keys; nothing once the envelope was taken. */
  free(): void {
    this.handle.free();
  }
}

/** A message, or a part of one, that is decrypted. */
export function decryptingMessage(handle: Handle<Message>, operation: string): MessageHandle {
  return { handle, operation, direction: "decrypt", inputChunk: encrypted_chunk_len(), outputChunk: plaintext_chunk_len() };
}
