//! One envelope's message on its way: computed here, or by the host with a nonce from the core for each chunk.

use fortress::{
    Suite,
    chunked::{ChunkedError, Decryptor, Encryptor},
    envelope::{self, Metadata, NewEnvelope, OpenEnvelope, Options},
    hazmat::ChunkSequence,
};
use wasm_bindgen::prelude::wasm_bindgen;

use crate::{
    failure::Failure,
    frame::{self, Reader},
    parties::Parties,
    random::Pool,
};

/// A message that is being encrypted or decrypted. The first call decides who computes it.
#[wasm_bindgen]
pub struct Message(State);

enum State {
    New(NewEnvelope),
    Opened(OpenEnvelope),
    Encrypting(Encryptor),
    Decrypting(Decryptor),
    /// The host computes.
    Sequence(ChunkSequence),
    /// Finished, or failed. Whatever a call finds the message in that does not allow it is refused as this is: the package's transforms make their
    /// calls in the order of these states, so only one that follows a failure comes so far.
    Ended,
}

#[wasm_bindgen]
impl Message {
    /// Starts an envelope. Frame: the suite's title, empty for the default; context; metadata.
    pub fn encrypt(recipients: &Parties, len: usize) -> Option<Message> {
        frame::make(len, |input, _| {
            let options = options(input)?;
            let created = recipients.recipients(|recipients| envelope::create(recipients, &options, &mut Pool))?;
            Ok(Message::created(created))
        })
    }

    /// The envelope before its first chunk; only before the first chunk.
    pub fn prefix(&self) -> i32 {
        frame::call(0, |_, out| match &self.0 {
            State::New(created) => {
                out.extend_from_slice(created.prefix());
                Ok(())
            }
            _ => Err(ChunkedError::Failed.into()),
        })
    }

    /// Is this a suite that hosts have an AEAD for?
    pub fn host_computes(&self) -> bool {
        let suite = match &self.0 {
            State::New(created) => created.suite(),
            State::Opened(opened) => opened.suite(),
            State::Sequence(sequence) => sequence.suite(),
            State::Encrypting(_) | State::Decrypting(_) | State::Ended => return false,
        };
        suite == Suite::Aes256Gcm
    }

    /// Takes more input and computes the chunks that it fills. Frame: the input. Result: the chunks.
    pub fn update(&mut self, len: usize) -> i32 {
        self.start_here();
        frame::call(len, |input, out| match &mut self.0 {
            State::Encrypting(encryptor) => Ok(encryptor.update(input.rest(), out)?),
            State::Decrypting(decryptor) => Ok(decryptor.update(input.rest(), out)?),
            _ => Err(ChunkedError::Failed.into()),
        })
    }

    /// Computes the last chunk.
    pub fn finish(&mut self) -> i32 {
        self.start_here();
        let state = std::mem::replace(&mut self.0, State::Ended);
        frame::call(0, |_, out| match state {
            State::Encrypting(encryptor) => Ok(encryptor.finish(&[], out)?),
            State::Decrypting(decryptor) => Ok(decryptor.finish(out)?),
            _ => Err(ChunkedError::Failed.into()),
        })
    }

    /// Leaves the chunks to the host. Result: the message's key, in the clear, for the host to import.
    pub fn expose_message_key(&mut self) -> i32 {
        self.0 = match std::mem::replace(&mut self.0, State::Ended) {
            State::New(created) => State::Sequence(created.into_sequence().1),
            State::Opened(opened) => State::Sequence(opened.into_sequence()),
            state => state,
        };
        self.sequence(|sequence, out| {
            out.extend_from_slice(sequence.expose_message_key());
            Ok(())
        })
    }

    /// The nonces for the next `count` chunks, each of which has `chunk_len` bytes on its way in. Result: the nonces, one after the other.
    pub fn next_nonces(&mut self, count: usize, chunk_len: usize) -> i32 {
        self.sequence(|sequence, out| {
            for _ in 0..count {
                out.extend_from_slice(sequence.next(chunk_len)?.as_bytes());
            }
            Ok(())
        })
    }

    /// The host's input has ended: may it?
    pub fn end_of_input(&mut self) -> i32 {
        self.sequence(|sequence, _| Ok(sequence.finish()?))
    }

    /// The host found a chunk that is not authentic: the sequence ends. Leaves the core's error for it.
    pub fn chunk_failed(&mut self) -> i32 {
        self.sequence(|sequence, _| {
            sequence.fail();
            Err(ChunkedError::AuthenticationFailed.into())
        })
    }
}

impl Message {
    pub(crate) fn created(created: NewEnvelope) -> Message {
        Message(State::New(created))
    }

    pub(crate) fn opened(opened: OpenEnvelope) -> Message {
        Message(State::Opened(opened))
    }

    pub(crate) fn part(sequence: ChunkSequence) -> Message {
        Message(State::Sequence(sequence))
    }

    /// Decides for computing here, unless it was decided already.
    fn start_here(&mut self) {
        self.0 = match std::mem::replace(&mut self.0, State::Ended) {
            State::New(created) => State::Encrypting(created.into_stream().1),
            State::Opened(opened) => State::Decrypting(opened.into_stream()),
            state => state,
        };
    }

    fn sequence(&mut self, body: impl FnOnce(&mut ChunkSequence, &mut Vec<u8>) -> Result<(), Failure>) -> i32 {
        frame::call(0, |_, out| match &mut self.0 {
            State::Sequence(sequence) => body(sequence, out),
            _ => Err(ChunkedError::Failed.into()),
        })
    }
}

/// What a new envelope is made with: the suite's title, empty for the default; context; metadata.
pub(crate) fn options(input: &mut Reader<'_>) -> Result<Options, Failure> {
    let suite = match input.text()? {
        "" => None,
        title => Some(Suite::from_title(title).ok_or_else(|| unknown_suite(title))?),
    };
    Ok(Options { suite, context: input.context()?, metadata: Metadata::new(input.pairs()?) })
}

fn unknown_suite(title: &str) -> Failure {
    let known: Vec<&str> = Suite::ALL.iter().map(|suite| suite.title()).collect();
    Failure::argument(format!("there is no suite {title:?}; the suites are {}", known.join(", ")))
}

/// Plaintext bytes of a full chunk.
#[wasm_bindgen]
pub fn plaintext_chunk_len() -> usize {
    fortress::chunked::CHUNK_LEN
}

/// Ciphertext bytes of a full chunk.
#[wasm_bindgen]
pub fn encrypted_chunk_len() -> usize {
    fortress::chunked::ENCRYPTED_CHUNK_LEN
}
