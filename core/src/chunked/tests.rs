//! Every way to write a message and every way to read one: against each other, against other people's, and against damage.

mod edges;
mod foreign;
mod parallel;
mod properties;
mod wycheproof;

use alloc::{vec, vec::Vec};
use core::ops::Range;

use super::{
    sequence::{ChunkSequence, Direction},
    *,
};
use crate::{
    aead::{Cipher, Nonce, Tag},
    kdf::Prk,
    secret::Secret,
    suite::Suite,
};

/// What a message is derived from.
#[derive(Clone, Debug)]
struct Setting {
    suite: Suite,
    input_key: [u8; 32],
    context: Vec<u8>,
}

impl Setting {
    fn new(suite: Suite) -> Setting {
        Setting { suite, input_key: *b"an input key of thirty-two bytes", context: b"a context".to_vec() }
    }

    fn derive(&self, salt: [u8; SALT_LEN]) -> Derived {
        Derived::new(self.suite, &Prk::from_bytes(&self.input_key), &salt, [b"", &self.context])
    }

    /// The derivation for a message that starts with these bytes, split from what follows.
    fn open<'m>(&self, message: &'m [u8]) -> Result<(Derived, &'m [u8]), ChunkedError> {
        let (prefix, chunks) = message.split_first_chunk().ok_or(ChunkedError::Truncated)?;
        let key = Prk::from_bytes(&self.input_key);
        let derived = Derived::open(self.suite, &key, prefix, [b"", &self.context])?;
        Ok((derived, chunks))
    }

    fn write(&self, plaintext: &[u8]) -> Vec<u8> {
        write_at_once(self.derive([7; SALT_LEN]), plaintext)
    }
}

fn write_at_once(derived: Derived, plaintext: &[u8]) -> Vec<u8> {
    let mut message = derived.prefix().to_vec();
    encrypt_message(&derived.into_message_key(), plaintext, &mut message).unwrap();
    message
}

fn write_as_stream(derived: Derived, plaintext: &[u8], pieces: &[usize]) -> Vec<u8> {
    let mut stream = Encryptor::new(derived);
    let mut message = stream.prefix().to_vec();
    let (pieces, last) = cut(plaintext, pieces);
    for piece in pieces {
        let before = message.len();
        let announced = stream.update_len(piece.len());
        stream.update(piece, &mut message).unwrap();
        assert_eq!(message.len() - before, announced);
    }
    let announced = message.len() + stream.finish_len(last.len());
    stream.finish(last, &mut message).unwrap();
    assert_eq!(message.len(), announced);
    message
}

/// As a host with its own AEAD does.
fn write_by_sequence(derived: Derived, plaintext: &[u8]) -> Vec<u8> {
    let mut sequence = ChunkSequence::new(derived, Direction::Encrypt);
    let cipher = Cipher::new(sequence.suite(), &Secret::copied(sequence.expose_message_key()));
    let mut message = sequence.prefix().to_vec();
    for index in 0..=plaintext.len() / CHUNK_LEN {
        let start = index * CHUNK_LEN;
        let chunk = &plaintext[start..plaintext.len().min(start + CHUNK_LEN)];
        let nonce = sequence.next(chunk.len()).unwrap();
        let (mut sealed, mut tag) = (vec![0; chunk.len()], [0; 16]);
        cipher.seal(&Nonce::base(nonce.as_bytes()), &[], chunk, &mut sealed, &mut tag).unwrap();
        message.extend(sealed);
        message.extend(tag);
    }
    sequence.finish().unwrap();
    message
}

/// What a reading gave: what it released, and how it ended.
type Reading = (Vec<u8>, Result<(), ChunkedError>);

fn read_at_once(setting: &Setting, message: &[u8]) -> Reading {
    let read = setting.open(message).and_then(|(derived, chunks)| derived.into_message_key().decrypt_message(chunks));
    match read {
        Ok(plaintext) => (plaintext, Ok(())),
        Err(error) => (Vec::new(), Err(error)),
    }
}

/// Checks on the way that a failed stream stays failed, and that a failed call takes back what it wrote.
fn read_as_stream(setting: &Setting, message: &[u8], pieces: &[usize]) -> Reading {
    let (derived, chunks) = match setting.open(message) {
        Ok(opened) => opened,
        Err(error) => return (Vec::new(), Err(error)),
    };
    let mut stream = Decryptor::new(derived);
    let mut plaintext = Vec::new();
    let (pieces, last) = cut(chunks, pieces);
    for piece in pieces.into_iter().chain([last]) {
        let before = plaintext.len();
        let announced = stream.update_len(piece.len());
        if let Err(error) = stream.update(piece, &mut plaintext) {
            assert_eq!(plaintext.len(), before, "a failed call takes back what it wrote");
            assert_eq!(stream.update(&[], &mut plaintext), Err(ChunkedError::Failed));
            assert_eq!(stream.update(chunks, &mut plaintext), Err(ChunkedError::Failed));
            assert_eq!(stream.finish(&mut plaintext), Err(ChunkedError::Failed));
            assert_eq!(plaintext.len(), before);
            return (plaintext, Err(error));
        }
        assert_eq!(plaintext.len() - before, announced);
    }
    let before = plaintext.len();
    let end = stream.finish(&mut plaintext);
    assert!(end.is_ok() || plaintext.len() == before, "a failed end takes back what it wrote");
    (plaintext, end)
}

/// As a host with its own AEAD does; `pieces` do not matter to it, for it cuts chunks.
fn read_by_sequence(setting: &Setting, message: &[u8]) -> Reading {
    let (derived, chunks) = match setting.open(message) {
        Ok(opened) => opened,
        Err(error) => return (Vec::new(), Err(error)),
    };
    read_chunks(ChunkSequence::new(derived, Direction::Decrypt), chunks)
}

fn read_chunks(mut sequence: ChunkSequence, chunks: &[u8]) -> Reading {
    let cipher = Cipher::new(sequence.suite(), &Secret::copied(sequence.expose_message_key()));
    let mut plaintext = Vec::new();
    for chunk in chunks.chunks(ENCRYPTED_CHUNK_LEN) {
        let opened = sequence.next(chunk.len()).and_then(|nonce| {
            let (body, tag): (&[u8], &Tag) = chunk.split_last_chunk().unwrap();
            let mut out = vec![0; body.len()];
            cipher.open(&Nonce::base(nonce.as_bytes()), &[], body, tag, &mut out)?;
            Ok(out)
        });
        match opened {
            Ok(out) => plaintext.extend(out),
            Err(error) => {
                sequence.fail();
                assert!(matches!(sequence.next(chunk.len()), Err(ChunkedError::Failed)));
                assert_eq!(sequence.finish(), Err(ChunkedError::Failed));
                return (plaintext, Err(error));
            }
        }
    }
    (plaintext, sequence.finish())
}

/// A message for random access, with its bytes.
struct Seekable<'m> {
    access: RandomAccess,
    message: &'m [u8],
}

impl Seekable<'_> {
    fn new<'m>(setting: &Setting, message: &'m [u8]) -> Result<Seekable<'m>, ChunkedError> {
        let (derived, _) = setting.open(message)?;
        Ok(Seekable { access: RandomAccess::new(derived, message.len() as u64)?, message })
    }

    fn read(&self, range: Range<u64>) -> Result<Vec<u8>, ChunkedError> {
        let located = self.access.locate(&range)?;
        let mut out = b"before".to_vec();
        let read = self.access.decrypt(&range, self.bytes(located), &mut out);
        let out = out.strip_prefix(b"before").unwrap().to_vec();
        assert!(read.is_ok() || out.is_empty(), "a failed reading leaves nothing behind");
        read.map(|()| out)
    }

    /// As a host with its own AEAD does, which decrypts whole chunks.
    fn read_by_host(&self, range: Range<u64>) -> Result<Vec<u8>, ChunkedError> {
        let located = self.access.locate(&range)?;
        let (chunks, end) = read_chunks(self.access.sequence(&range)?, self.bytes(located));
        let from = range.start as usize % CHUNK_LEN;
        end.map(|()| chunks.get(from..from + (range.end - range.start) as usize).unwrap_or_default().to_vec())
    }

    fn read_all(&self) -> Result<Vec<u8>, ChunkedError> {
        self.read(0..self.access.plaintext_len())
    }

    fn authenticate_length(&self) -> Result<(), ChunkedError> {
        self.access.authenticate_length(self.bytes(self.access.last_chunk()))
    }

    fn bytes(&self, range: Range<u64>) -> &[u8] {
        &self.message[range.start as usize..range.end as usize]
    }
}

/// The whole message, by ranges: first its end, which proves its length.
fn read_at_random(setting: &Setting, message: &[u8]) -> Reading {
    let read = Seekable::new(setting, message).and_then(|seekable| {
        seekable.authenticate_length()?;
        seekable.read_all()
    });
    match read {
        Ok(plaintext) => (plaintext, Ok(())),
        Err(error) => (Vec::new(), Err(error)),
    }
}

/// `bytes` in pieces of these lengths, taken in turn, and the last piece.
fn cut<'b>(mut bytes: &'b [u8], lengths: &[usize]) -> (Vec<&'b [u8]>, &'b [u8]) {
    let mut pieces = Vec::new();
    for &length in lengths.iter().cycle() {
        match bytes.split_at_checked(length.max(1)) {
            Some((piece, rest)) => {
                pieces.push(piece);
                bytes = rest;
            }
            None => break,
        }
    }
    (pieces, bytes)
}

/// Bytes that differ from chunk to chunk.
fn pattern(len: usize) -> Vec<u8> {
    (0..len).map(|i| (i % 251) as u8 ^ (i >> 14) as u8).collect()
}
