//! Envelopes that exist: opening them, reading parts of them, rewriting their headers.

use std::ops::Range;

use fortress::{
    Suite,
    chunked::RandomAccess,
    envelope::{self, OpenEnvelope, ReadLimits},
};
use wasm_bindgen::prelude::wasm_bindgen;

use crate::{
    frame,
    json::{self, Json},
    message::Message,
    parties::Parties,
};

/// An envelope whose header is open.
#[wasm_bindgen]
pub struct OpenedEnvelope(OpenEnvelope);

#[wasm_bindgen]
impl OpenedEnvelope {
    /// Opens an envelope. Frame: context, everything before its first chunk.
    pub fn open(identities: &Parties, len: usize) -> Option<OpenedEnvelope> {
        frame::make(len, |input, _| {
            let context = input.context()?;
            let prefix = input.rest();
            let opened = identities
                .identities(|identities| envelope::open(prefix, identities, &context, &ReadLimits::default()))?;
            Ok(OpenedEnvelope(opened))
        })
    }

    /// The public metadata. Result: JSON.
    pub fn metadata(&self) -> i32 {
        frame::call(0, |_, out| {
            json::map(out, self.0.header().metadata().iter());
            Ok(())
        })
    }

    /// The message, to be decrypted whole.
    pub fn into_message(self) -> Message {
        Message::opened(self.0)
    }

    /// The message, for ranges, in an envelope of `envelope_len` bytes.
    pub fn into_random_access(self, envelope_len: f64) -> Option<MessageRanges> {
        let start = self.0.message_start();
        frame::make(0, |_, _| Ok(MessageRanges { start, access: self.0.into_random_access(envelope_len as u64)? }))
    }
}

/// Ranges of a message's plaintext. Offsets of ciphertext count from the start of the envelope.
#[wasm_bindgen]
pub struct MessageRanges {
    start: usize,
    access: RandomAccess,
}

#[wasm_bindgen]
impl MessageRanges {
    /// Bytes of the plaintext.
    pub fn plaintext_len(&self) -> f64 {
        self.access.plaintext_len() as f64
    }

    /// Where the last chunk lies. Result: JSON, start and end.
    pub fn last_chunk(&self) -> i32 {
        frame::call(0, |_, out| {
            self.write(self.access.last_chunk(), out);
            Ok(())
        })
    }

    /// Proves the plaintext's length. Frame: the last chunk.
    pub fn authenticate_length(&self, len: usize) -> i32 {
        frame::call(len, |input, _| Ok(self.access.authenticate_length(input.rest())?))
    }

    /// Where the chunks of a range of the plaintext lie. Result: JSON, start and end.
    pub fn locate(&self, start: f64, end: f64) -> i32 {
        frame::call(0, |_, out| {
            self.write(self.access.locate(&(start as u64..end as u64))?, out);
            Ok(())
        })
    }

    /// Is this a suite that hosts have an AEAD for?
    pub fn host_computes(&self) -> bool {
        self.access.suite() == Suite::Aes256Gcm
    }

    /// The chunks of a range of the plaintext, left to the host: whole ones, from the one in which the range starts.
    pub fn for_host(&self, start: f64, end: f64) -> Option<Message> {
        frame::make(0, |_, _| Ok(Message::part(self.access.sequence(&(start as u64..end as u64))?)))
    }

    /// Decrypts a range of the plaintext. Frame: its chunks. Result: the range.
    pub fn decrypt(&self, start: f64, end: f64, len: usize) -> i32 {
        frame::call(len, |input, out| {
            out.reserve((end - start) as usize);
            Ok(self.access.decrypt(&(start as u64..end as u64), input.rest(), out)?)
        })
    }

    fn write(&self, range: Range<u64>, out: &mut Vec<u8>) {
        let mut array = Json::array(out);
        json::number(array.element(), range.start + self.start as u64);
        json::number(array.element(), range.end + self.start as u64);
        array.end();
    }
}

/// Bytes of an envelope before its first chunk; 0 when that many are too few to tell. Frame: its start.
#[wasm_bindgen]
pub fn envelope_prefix_len(len: usize) -> i32 {
    let mut prefix_len = 0;
    let status = frame::call(len, |input, _| {
        prefix_len = envelope::prefix_len(input.rest())?.unwrap_or_default();
        Ok(())
    });
    if status < 0 { status } else { prefix_len as i32 }
}
