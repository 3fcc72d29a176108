/**
 * Errors. Everything that Fortress throws about its own work is a {@link FortressError} with a stable `code`, the
 * `operation` that failed and a sentence that says what to do. The core supplies codes and texts of what happens inside
 * it; this file adds those of the JavaScript side and sorts all of them into classes.
 *
 * Errors that are not ours pass through unchanged: an aborted `signal` throws its own reason, a failing source stream its
 * own error.
 */

/** One of many values that were encrypted or decrypted together, and what went wrong with it. */
export interface Failure {
  /** Where it stands in the array, or among the row's fields; from 0. */
  readonly position: number;
  /** The field of a row. */
  readonly field?: string;
  readonly code: ErrorCode;
  readonly message: string;
}

/** What went wrong: a stable `code` in snake_case, the public `operation` that was called, and a sentence. */
export class FortressError extends Error {
  /** Stable, snake_case; part of the API. */
  readonly code: ErrorCode;
  /** The public function that was called, such as `"decrypt"`. */
  readonly operation: string;
  /** Of rows and columns: all values that failed, in their order. The error itself is of the first one's kind. */
  declare readonly failures?: readonly Failure[];

  constructor(code: ErrorCode, message: string, operation: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.operation = operation;
    // A property of each class would be lost to minifiers that rename classes.
    this.name = nameOf(code);
  }
}

/** The data, the context, the scope or the key do not belong together, or the data was altered. Says no more than that. */
export class AuthenticationError extends FortressError {}
/** The bytes or the text are not what Fortress writes, or not whole. */
export class FormatError extends FortressError {}
/** The key that is needed is not here: unknown, destroyed, or not this one. */
export class KeyError extends FortressError {}
/** A grant does not give the keys that are needed: it is not of whom it says or of nobody trusted, it is not its time, or it allows less. */
export class GrantError extends KeyError {}
/** A limit of the format, or of this reader. */
export class LimitError extends FortressError {}
/** An argument that cannot be used. */
export class InputError extends FortressError {}
/** A file's server or Blob did not deliver what was asked for. */
export class SourceError extends FortressError {}
/** The browser's storage: there is none, it is full, or what is in it was changed in another tab. */
export class StorageError extends FortressError {}
/** The WebAssembly instance: not there yet, lost, or its handle freed. */
export class InstanceError extends FortressError {}

type Kind = "AuthenticationError" | "FormatError" | "KeyError" | "GrantError" | "LimitError" | "InputError" | "SourceError" | "StorageError" | "InstanceError";

const KINDS = {
  authentication_failed: "AuthenticationError",
  wrong_passphrase: "AuthenticationError",
  unknown_suite: "FormatError",
  private_suite: "FormatError",
  unknown_version: "FormatError",
  not_fortress: "FormatError",
  truncated: "FormatError",
  trailing_data: "FormatError",
  non_canonical: "FormatError",
  invalid_text: "FormatError",
  invalid_utf8: "FormatError",
  wrong_content: "FormatError",
  wrong_group: "FormatError",
  unknown_key: "KeyError",
  key_destroyed: "KeyError",
  wrong_recipient: "KeyError",
  key_unavailable: "KeyError",
  key_refused: "KeyError",
  not_root: "KeyError",
  forged_grant: "GrantError",
  untrusted_granter: "GrantError",
  grant_not_yet_valid: "GrantError",
  grant_expired: "GrantError",
  action_not_granted: "GrantError",
  outside_scope: "GrantError",
  limit_exceeded: "LimitError",
  header_too_large: "LimitError",
  argon2_limits: "LimitError",
  value_too_large: "LimitError",
  too_many_recipients: "LimitError",
  invalid_segment: "InputError",
  invalid_context: "InputError",
  invalid_argument: "InputError",
  out_of_range: "InputError",
  primary_in_use: "KeyError",
  empty_passphrase: "InputError",
  no_recipient: "InputError",
  invalid_external_key: "InputError",
  invalid_identity: "InputError",
  invalid_share: "InputError",
  invalid_share_set: "InputError",
  invalid_grant: "InputError",
  invalid_signing_key: "InputError",
  no_such_recipient: "InputError",
  invalid_time: "InputError",
  not_enough_shares: "KeyError",
  different_share_sets: "KeyError",
  passkey_unsupported: "KeyError",
  passkey_cancelled: "KeyError",
  passkey_timeout: "KeyError",
  passkey_unknown: "KeyError",
  passkey_exists: "KeyError",
  passkey_failed: "KeyError",
  storage_unavailable: "StorageError",
  storage_full: "StorageError",
  storage_blocked: "StorageError",
  storage_failed: "StorageError",
  store_conflict: "StorageError",
  not_stored: "StorageError",
  range_unsupported: "SourceError",
  source_changed: "SourceError",
  source_failed: "SourceError",
  not_initialised: "InstanceError",
  wasm_unavailable: "InstanceError",
  instance_lost: "InstanceError",
  freed: "InstanceError",
} as const satisfies Readonly<Record<string, Kind>>;

/** All there are. The last have no class of their own. */
export type ErrorCode = keyof typeof KINDS | "randomness" | "host_failed" | "stream_failed" | "out_of_memory" | "wrong_length";

const CLASSES: Readonly<Record<Kind, typeof FortressError>> = {
  AuthenticationError, FormatError, KeyError, GrantError, LimitError, InputError, SourceError, StorageError, InstanceError,
};

function kindOf(code: ErrorCode): Kind | undefined {
  return (KINDS as Partial<Record<ErrorCode, Kind>>)[code];
}

function nameOf(code: ErrorCode): string {
  return kindOf(code) ?? "FortressError";
}

/** The error of this code, as its class; codes without a class of their own are plain {@link FortressError}s. */
export function fortressError(code: ErrorCode, message: string, operation: string, cause?: unknown): FortressError {
  const kind = kindOf(code);
  const Class = kind === undefined ? FortressError : CLASSES[kind];
  return new Class(code, message, operation, cause === undefined ? undefined : { cause });
}

/** The error of values that failed among many; there is at least one. */
export function valuesFailed(failures: readonly Failure[], operation: string): FortressError {
  const first = failures[0] as Failure;
  const which = first.field === undefined ? `value ${String(first.position)}` : `the field ${JSON.stringify(first.field)}`;
  const more = failures.length === 1 ? "" : ` (and ${String(failures.length - 1)} more)`;
  const error = fortressError(first.code, `${operation}: ${which}${more}: ${first.message}`, operation);
  return Object.assign(error, { failures });
}

/** Throws `invalid_argument` for something of the wrong kind: names what was expected and what came. */
export function invalidArgument(operation: string, expected: string, got: unknown): FortressError {
  return fortressError("invalid_argument", `${operation}: expected ${expected}, got ${describe(got)}`, operation);
}

/** The kind of a value without its content, which may be secret: numbers too are PINs and card numbers. */
export function describe(value: unknown): string {
  if (value === null) return "null";
  if (typeof value !== "object") return typeof value === "undefined" ? "nothing" : `a ${typeof value}`;
  const name: unknown = (Object.getPrototypeOf(value) as { constructor?: { name?: unknown } } | null)?.constructor?.name;
  if (typeof name !== "string" || name === "" || name === "Object") return "an object";
  if (name === "Promise") return "a Promise: await it first";
  return `${/^[AEIOU]/.test(name) ? "an" : "a"} ${name}`;
}

/** An address for people, without what may be a secret in it: user, password, query and fragment. */
export function publicAddress(url: string): string {
  return url.replace(/[?#].*$/s, "").replace(/^([a-z][a-z0-9+.-]*:)?\/\/[^/]*@/i, "$1//");
}
