//! The frame: where JavaScript writes a call's inputs and reads its result, without a copy in between.
//!
//! Numbers are `u32`, little endian. A string or byte string is its length and its bytes. A context is the number of its pairs, then
//! each key and value. A list is the number of its values, their lengths, then all of them. The last input of a call may stand
//! without its length. A token is 1 and its text, or 0 and its bytes, where the host has decoded it; a list of tokens is 1 and a list of
//! texts, or 0 and one of bytes, in which each token begins a multiple of three bytes after the first.

use std::cell::{Cell, RefCell};
use std::hint::black_box;

use fortress::{
    Context,
    token::{MAX_VALUE_LEN, TokenError, decode_text_into, encode_text_to, text_len},
};
use wasm_bindgen::prelude::wasm_bindgen;

use crate::{
    failure::Failure,
    json::{self, Json},
};

/// An output area above this is given back: the next call hardly needs as much.
const KEPT: usize = 4 << 20;

thread_local! {
    static INPUT: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    static OUTPUT: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    /// The address of the last result.
    static RESULT: Cell<*const u8> = const { Cell::new(std::ptr::null()) };
    /// Does the host write tokens' text?
    static HOST_ENCODES: Cell<bool> = const { Cell::new(false) };
}

/// Makes the input area `capacity` bytes long and returns its address, or 0 when there is no memory for it. The first `keep`
/// bytes stay what they are.
#[wasm_bindgen]
pub fn frame_reserve(capacity: usize, keep: usize) -> *const u8 {
    INPUT.with_borrow_mut(|input| {
        let mut area = Vec::new();
        if area.try_reserve_exact(capacity).is_err() {
            return std::ptr::null();
        }
        area.resize(capacity, 0);
        if let (Some(to), Some(from)) = (area.get_mut(..keep), input.get(..keep)) {
            to.copy_from_slice(from);
        }
        wipe(input);
        *input = area;
        input.as_ptr()
    })
}

/// Bytes that the inputs of one call take at most: the largest token's text, for which three bytes a UTF-16 unit are reserved, and
/// what goes with it.
#[wasm_bindgen]
pub fn frame_limit() -> usize {
    5 * MAX_VALUE_LEN
}

/// The address of the word that holds the address of the last result.
#[wasm_bindgen]
pub fn frame_result() -> *const u8 {
    RESULT.with(|result| result.as_ptr().cast_const().cast())
}

/// From here on results hold the bytes of tokens in place of their text, which the host writes sooner.
#[wasm_bindgen]
pub fn frame_host_encodes() {
    HOST_ENCODES.set(true);
}

/// Makes a result that is a token's bytes its text, unless the host writes that.
pub(crate) fn finish_token(out: &mut Vec<u8>) -> Result<(), Failure> {
    if HOST_ENCODES.get() {
        return Ok(());
    }
    let token = std::mem::take(out);
    out.resize(text_len(token.len()), 0);
    Ok(encode_text_to(&token, out)?)
}

/// Writes tokens: the lengths of their texts, then those; or, where the host writes them, the lengths of their bytes, and those, so that each
/// begins a multiple of three bytes after the first.
pub(crate) fn write_tokens<'t>(
    tokens: impl Iterator<Item = &'t [u8]> + Clone,
    out: &mut Vec<u8>,
) -> Result<(), Failure> {
    let host = HOST_ENCODES.get();
    let len_of = |token: &[u8]| if host { token.len() } else { text_len(token.len()) };
    let taken_by = |token: &[u8]| if host { token.len().next_multiple_of(3) } else { text_len(token.len()) };
    let (count, len) = tokens.clone().fold((0, 0), |(count, len), token| (count + 1, len + taken_by(token)));
    // Made long enough at once: each time takes as long as the text of a short token.
    let start = out.len() + 4 * count;
    out.reserve(4 * count + len);
    for token in tokens.clone() {
        write_len(len_of(token), out);
    }
    out.resize(start + len, 0);
    let mut rest = &mut out[start..];
    for token in tokens {
        let (place, after) = rest.split_at_mut(taken_by(token));
        if host {
            place[..token.len()].copy_from_slice(token);
        } else {
            encode_text_to(token, place)?;
        }
        rest = after;
    }
    Ok(())
}

pub(crate) fn write_len(len: usize, out: &mut Vec<u8>) {
    out.extend_from_slice(&(len as u32).to_le_bytes());
}

/// Runs one call: `body` reads the `len` bytes of input, which are wiped afterwards, and appends its result. Returns the
/// result's length, or -1 when the result is an error: its code, its text and its failures as JSON, each ended by a line feed, and a
/// zero byte.
pub(crate) fn call(len: usize, body: impl FnOnce(&mut Reader<'_>, &mut Vec<u8>) -> Result<(), Failure>) -> i32 {
    call_with(len, |input, output| body(input, output).map(|()| None::<()>)).0
}

/// As [`call`], for a call that makes an object.
pub(crate) fn make<T>(len: usize, body: impl FnOnce(&mut Reader<'_>, &mut Vec<u8>) -> Result<T, Failure>) -> Option<T> {
    call_with(len, |input, output| body(input, output).map(Some)).1
}

fn call_with<T>(
    len: usize,
    body: impl FnOnce(&mut Reader<'_>, &mut Vec<u8>) -> Result<Option<T>, Failure>,
) -> (i32, Option<T>) {
    INPUT.with_borrow_mut(|input| {
        OUTPUT.with_borrow_mut(|output| {
            output.clear();
            output.shrink_to(KEPT);
            let input = input.get_mut(..len).unwrap_or_default();
            let made = body(&mut Reader(input), output);
            wipe(input);
            let status = match &made {
                Ok(_) => i32::try_from(output.len()).unwrap_or(i32::MAX),
                Err(failure) => {
                    write_failure(failure, output);
                    -1
                }
            };
            RESULT.set(output.as_ptr());
            (status, made.ok().flatten())
        })
    })
}

#[cold]
fn write_failure(failure: &Failure, output: &mut Vec<u8>) {
    wipe(output);
    output.clear();
    for part in [failure.code.as_bytes(), b"\n", failure.text.as_bytes(), b"\n"] {
        output.extend_from_slice(part);
    }
    let mut list = Json::array(output);
    for (position, code, text) in &failure.values {
        let mut entry = Json::object(list.element());
        json::number(entry.key("position"), *position as u64);
        json::string(entry.key("code"), code);
        json::string(entry.key("message"), text);
        entry.end();
    }
    list.end();
    output.extend_from_slice(b"\n\0");
}

/// Overwrites with zeros. The compiler is kept from seeing that nobody here reads them: JavaScript could.
pub(crate) fn wipe(bytes: &mut [u8]) {
    bytes.fill(0);
    black_box(bytes);
}

/// Reads a call's inputs in order.
pub(crate) struct Reader<'i>(&'i [u8]);

impl<'i> Reader<'i> {
    pub(crate) fn number(&mut self) -> Result<usize, Failure> {
        let (number, rest) = self.0.split_first_chunk().ok_or_else(cut)?;
        self.0 = rest;
        Ok(u32::from_le_bytes(*number) as usize)
    }

    pub(crate) fn bytes(&mut self) -> Result<&'i [u8], Failure> {
        let len = self.number()?;
        let (bytes, rest) = self.0.split_at_checked(len).ok_or_else(cut)?;
        self.0 = rest;
        Ok(bytes)
    }

    pub(crate) fn text(&mut self) -> Result<&'i str, Failure> {
        std::str::from_utf8(self.bytes()?).map_err(|_| not_utf8())
    }

    /// The last input.
    pub(crate) fn rest(&mut self) -> &'i [u8] {
        std::mem::take(&mut self.0)
    }

    /// The last input, as text.
    pub(crate) fn rest_text(&mut self) -> Result<&'i str, Failure> {
        std::str::from_utf8(self.rest()).map_err(|_| not_utf8())
    }

    /// A list's values.
    pub(crate) fn list(&mut self) -> Result<Vec<&'i [u8]>, Failure> {
        self.list_by(|len| len)
    }

    /// A list's values, as text.
    pub(crate) fn texts(&mut self) -> Result<Vec<&'i str>, Failure> {
        self.list()?.into_iter().map(|bytes| std::str::from_utf8(bytes).map_err(|_| not_utf8())).collect()
    }

    /// A token, the last input. It is decoded into `decoded` where the host has not done that.
    pub(crate) fn token<'d>(&mut self, decoded: &'d mut Vec<u8>) -> Result<&'d [u8], Failure>
    where
        'i: 'd,
    {
        if self.number()? == 0 {
            return Ok(self.rest());
        }
        decode_text_into(self.rest(), decoded)?;
        Ok(decoded)
    }

    /// A list of tokens, decoded into `decoded` where the host has not done that.
    pub(crate) fn tokens<'d>(&mut self, decoded: &'d mut Vec<u8>) -> Result<Tokens<'d>, Failure>
    where
        'i: 'd,
    {
        if self.number()? == 0 {
            return Ok(Tokens { tokens: self.list_by(|len| len.next_multiple_of(3))?, failures: Vec::new() });
        }
        let texts = self.list()?;
        decoded.reserve(texts.iter().map(|text| text.len()).sum());
        let mut failures = Vec::new();
        let mut decode = |(position, text): (usize, &&[u8])| {
            if let Err(error) = decode_text_into(text, decoded) {
                failures.push((position, error));
            }
            decoded.len()
        };
        let ends: Vec<usize> = texts.iter().enumerate().map(&mut decode).collect();
        let mut start = 0;
        let token = |end| &decoded[std::mem::replace(&mut start, end)..end];
        Ok(Tokens { tokens: ends.into_iter().map(token).collect(), failures })
    }

    /// A list's values, of which each takes as many bytes as `taken` says of its length.
    fn list_by(&mut self, taken: impl Fn(usize) -> usize) -> Result<Vec<&'i [u8]>, Failure> {
        let count = self.number()?;
        let (lens, mut rest) = self.0.split_at_checked(count.saturating_mul(4)).ok_or_else(cut)?;
        let mut values = Vec::with_capacity(count);
        for len in lens.as_chunks().0 {
            let len = u32::from_le_bytes(*len) as usize;
            let (value, after) = rest.split_at_checked(taken(len)).ok_or_else(cut)?;
            values.push(&value[..len]);
            rest = after;
        }
        self.0 = rest;
        Ok(values)
    }

    pub(crate) fn context(&mut self) -> Result<Context, Failure> {
        let count = self.number()?;
        let mut failure = None;
        let pairs = std::iter::from_fn(|| match self.pair() {
            Ok(pair) => Some(pair),
            Err(error) => {
                failure = Some(error);
                None
            }
        });
        let context = Context::new(pairs.take(count));
        match failure {
            Some(failure) => Err(failure),
            None => Ok(context?),
        }
    }

    /// A path: the number of its segments, then each.
    pub(crate) fn path(&mut self) -> Result<Vec<&'i str>, Failure> {
        let count = self.number()?;
        (0..count).map(|_| self.text()).collect()
    }

    #[cfg(feature = "envelopes")]
    pub(crate) fn pairs(&mut self) -> Result<Vec<(&'i str, &'i str)>, Failure> {
        let count = self.number()?;
        (0..count).map(|_| self.pair()).collect()
    }

    fn pair(&mut self) -> Result<(&'i str, &'i str), Failure> {
        Ok((self.text()?, self.text()?))
    }
}

/// Tokens, and why those of them that are empty could not be decoded.
pub(crate) struct Tokens<'d> {
    pub(crate) tokens: Vec<&'d [u8]>,
    pub(crate) failures: Vec<(usize, TokenError)>,
}

#[cold]
fn cut() -> Failure {
    Failure::argument("the inputs of a call are cut off")
}

#[cold]
fn not_utf8() -> Failure {
    Failure::argument("a text among the inputs of a call is not UTF-8")
}
