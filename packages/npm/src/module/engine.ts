/**
 * Which of the modules this engine runs best. All have the same API and give the same bytes; one is loaded.
 *
 * The questions are modules of a few bytes, which an engine validates without compiling: no Content-Security-Policy minds.
 */

/** With relaxed SIMD, with SIMD, or without either. */
export type Kind = "relaxed" | "simd" | "portable";

let best: Kind | undefined;

/** Asks the engine once. */
export function bestKind(): Kind {
  best ??= WebAssembly.validate(RELAXED) ? "relaxed" : WebAssembly.validate(SIMD) ? "simd" : "portable";
  return best;
}

/** A module of one function, of type () -> v128, whose body is `code`. */
function asking(...code: number[]): Uint8Array<ArrayBuffer> {
  const body = [0, ...code, 0x0b];
  return Uint8Array.of(
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...[1, 5, 1, 0x60, 0, 1, 0x7b],
    ...[3, 2, 1, 0],
    ...[10, body.length + 2, 1, body.length, ...body],
  );
}

/** i8x16.splat of i32.const 0. */
const splat = [0x41, 0, 0xfd, 0x0f];
/** Chromium 91, Firefox 89, Safari 16.4, Node 16. */
const SIMD = asking(...splat);
/** i8x16.relaxed_swizzle of two: Chromium 114, Node 21, Firefox lately, not yet Safari. */
const RELAXED = asking(...splat, ...splat, 0xfd, 0x80, 0x02);
