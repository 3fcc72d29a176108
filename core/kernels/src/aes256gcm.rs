//! AES-256-GCM (NIST SP 800-38D, with nonces of 96 bits and tags of 128).

use zeroize::{Zeroize as _, ZeroizeOnDrop, zeroize_bytes};

use crate::aes::{Aes, Key};
use crate::ghash;
use crate::lanes::U8x16;
use crate::{Error, Tag, tag};

/// AES-256-GCM.
#[derive(ZeroizeOnDrop)]
pub struct Aes256Gcm {
    key: Key,
    /// H, the encrypted zero block.
    hash_key: ghash::Key,
}

impl Aes256Gcm {
    /// With this key.
    pub fn new(key: &[u8; 32]) -> Aes256Gcm {
        let key = Key::new(&Aes::new(), key);
        let mut zero = [U8x16::default()];
        key.encrypt(&Aes::new(), &mut zero);
        let hash_key = ghash::Key::new(&zero[0].to_bytes());
        zero.zeroize();
        Aes256Gcm { key, hash_key }
    }

    /// Encrypts `plaintext` into `ciphertext`, which is as long, and returns the tag.
    pub fn seal(&self, nonce: &[u8; 12], aad: &[u8], plaintext: &[u8], ciphertext: &mut [u8]) -> Result<Tag, Error> {
        check(aad, plaintext, ciphertext)?;
        let (mut key_stream, mask) = KeyStream::new(&self.key, nonce, plaintext.len());
        key_stream.apply(plaintext, ciphertext);
        Ok((mask ^ self.hash(aad, ciphertext)).to_bytes())
    }

    /// Decrypts `ciphertext` into `plaintext`, which is as long. If it does not authenticate, `plaintext` is all zeros; on [`Error::Length`]
    /// nothing was written.
    pub fn open(
        &self,
        nonce: &[u8; 12],
        aad: &[u8],
        ciphertext: &[u8],
        tag: &Tag,
        plaintext: &mut [u8],
    ) -> Result<(), Error> {
        check(aad, ciphertext, plaintext)?;
        let (mut key_stream, mask) = KeyStream::new(&self.key, nonce, ciphertext.len());
        let computed = (mask ^ self.hash(aad, ciphertext)).to_bytes();
        tag::verify(&computed, tag, plaintext)?;
        key_stream.apply(ciphertext, plaintext);
        Ok(())
    }

    fn hash(&self, aad: &[u8], ciphertext: &[u8]) -> U8x16 {
        U8x16::load(&self.hash_key.hash(aad, ciphertext))
    }
}

/// GCTR's counter blocks, encrypted (6.5 and 7.1).
struct KeyStream<'a> {
    aes: Aes,
    key: &'a Key,
    counter_block: [u8; 16],
    counter: u32,
    blocks: [U8x16; BATCH],
    /// Blocks that are used up.
    used: usize,
}

impl<'a> KeyStream<'a> {
    /// For a message of this length, and the block that masks its tag: a short message goes through AES together with it.
    fn new(key: &'a Key, nonce: &[u8; 12], len: usize) -> (KeyStream<'a>, U8x16) {
        let mut counter_block = [0; 16];
        counter_block[..12].copy_from_slice(nonce);
        let blocks = [U8x16::default(); BATCH];
        let mut stream = KeyStream { aes: Aes::new(), key, counter_block, counter: 1, blocks, used: 0 };
        stream.fill(len + 16);
        stream.used = 1;
        let mask = stream.blocks[0];
        (stream, mask)
    }

    /// XORs what comes next onto `input`, which is all of the message.
    fn apply(&mut self, input: &[u8], output: &mut [u8]) {
        let mut done = 0;
        while done < input.len() {
            if self.used == BATCH {
                self.fill(input.len() - done);
            }
            let end = input.len().min(done + 16 * (BATCH - self.used));
            xor(&self.blocks[self.used..], &input[done..end], &mut output[done..end]);
            self.used = BATCH;
            done = end;
        }
    }

    /// The blocks for so many bytes, as many as there is room for.
    fn fill(&mut self, len: usize) {
        let count = len.div_ceil(16).min(BATCH);
        for block in &mut self.blocks[..count] {
            self.counter_block[12..].copy_from_slice(&self.counter.to_be_bytes());
            *block = U8x16::load(&self.counter_block);
            self.counter = self.counter.wrapping_add(1);
        }
        self.key.encrypt(&self.aes, &mut self.blocks[..count]);
        self.used = 0;
    }
}

impl Drop for KeyStream<'_> {
    fn drop(&mut self) {
        self.blocks.zeroize();
    }
}

/// The lengths that 5.2.1.1 allows.
fn check(aad: &[u8], input: &[u8], output: &[u8]) -> Result<(), Error> {
    if input.len() != output.len() || input.len() as u64 > MAX_LEN || aad.len() as u64 > MAX_AAD_LEN {
        return Err(Error::Length);
    }
    Ok(())
}

/// `key_stream` has a block for every one of `input`, whole or not.
fn xor(key_stream: &[U8x16], input: &[u8], output: &mut [u8]) {
    let ((blocks, last), (outputs, last_output)) = (input.as_chunks::<16>(), output.as_chunks_mut::<16>());
    for ((block, output), key_stream) in blocks.iter().zip(outputs).zip(key_stream) {
        (U8x16::load(block) ^ *key_stream).store(output);
    }
    if let Some(key_stream) = key_stream.get(blocks.len()) {
        let mut key_stream = key_stream.to_bytes();
        for ((byte, output), key_stream) in last.iter().zip(last_output).zip(key_stream) {
            *output = byte ^ key_stream;
        }
        zeroize_bytes(&mut key_stream);
    }
}

/// Blocks that go through AES together.
const BATCH: usize = 16;
/// 2^39 - 256 bits.
const MAX_LEN: u64 = (1 << 36) - 32;
/// 2^64 - 1 bits.
const MAX_AAD_LEN: u64 = (1 << 61) - 1;
