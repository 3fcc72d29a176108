//! ChaCha20-Poly1305 (RFC 8439, 2.8).

use zeroize::{Zeroize as _, zeroize_bytes};

use crate::chacha20::{BLOCK_LEN, Block, ChaCha20, DOUBLE_ROUNDS, HALVES};
use crate::lanes::U32x4;
use crate::poly1305::{Poly1305, Sum};
use crate::{Error, Tag, tag};

/// ChaCha20-Poly1305.
pub struct ChaCha20Poly1305([u8; 32]);

impl ChaCha20Poly1305 {
    /// With this key.
    pub fn new(key: &[u8; 32]) -> ChaCha20Poly1305 {
        ChaCha20Poly1305(*key)
    }

    /// Encrypts `plaintext` into `ciphertext`, which is as long, and returns the tag.
    pub fn seal(&self, nonce: &[u8; 12], aad: &[u8], plaintext: &[u8], ciphertext: &mut [u8]) -> Result<Tag, Error> {
        self.process(Direction::Seal, nonce, aad, plaintext, ciphertext)
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
        let computed = self.process(Direction::Open, nonce, aad, ciphertext, plaintext)?;
        tag::verify(&computed, tag, plaintext)
    }

    /// One function for both: they differ in which of their buffers is the ciphertext, and twice the code would cost more to load.
    #[inline(never)]
    fn process(
        &self,
        direction: Direction,
        nonce: &[u8; 12],
        aad: &[u8],
        input: &[u8],
        output: &mut [u8],
    ) -> Result<Tag, Error> {
        if input.len() != output.len() || input.len() as u64 > MAX_LEN {
            return Err(Error::Length);
        }
        let cipher = ChaCha20::new(&self.0, nonce);
        let mut message = Message { direction, input, output, done: 0 };
        // The first block is the key of Poly1305; a short message is done in the same pass.
        let mut poly = if input.len() <= BLOCK_LEN { message.begin::<2>(&cipher) } else { message.begin::<4>(&cipher) };
        let (mut aad_behind, mut absorbed) = (aad, 0);
        if message.done < input.len() {
            poly.absorb_padded(&[aad]);
            aad_behind = &[];
        }
        while message.done < input.len() {
            let before = message.done;
            if input.len() - before <= 2 * BLOCK_LEN {
                message.go_on::<2>(&cipher, &mut poly, absorbed);
            } else {
                message.go_on::<4>(&cipher, &mut poly, absorbed);
            }
            absorbed = before;
        }
        let lengths = u128::from(aad.len() as u64) | u128::from(input.len() as u64) << 64;
        poly.absorb_padded(&[aad_behind, message.ciphertext_since(absorbed), &lengths.to_le_bytes()]);
        Ok(poly.finish())
    }
}

impl Drop for ChaCha20Poly1305 {
    fn drop(&mut self) {
        zeroize_bytes(&mut self.0);
    }
}

#[derive(Clone, Copy)]
enum Direction {
    Seal,
    Open,
}

/// A message under way.
struct Message<'m> {
    direction: Direction,
    input: &'m [u8],
    output: &'m mut [u8],
    /// Bytes that are encrypted or decrypted.
    done: usize,
}

impl Message<'_> {
    /// A first pass of `N` blocks: the one-time key (2.6), and the message's first bytes.
    #[inline(always)]
    fn begin<const N: usize>(&mut self, cipher: &ChaCha20) -> Poly1305 {
        let mut blocks = cipher.blocks::<N>(0, |_, _| {});
        self.apply(&blocks[1..]);
        let poly = Poly1305::new(blocks[0][0].to_bytes(), blocks[0][1].to_bytes());
        blocks.as_flattened_mut().zeroize();
        poly
    }

    /// A pass of `N` blocks, beside which the ciphertext of the pass before, from `absorbed` on, is absorbed.
    #[inline(always)]
    fn go_on<const N: usize>(&mut self, cipher: &ChaCha20, poly: &mut Poly1305, absorbed: usize) {
        let counter = 1 + (self.done / BLOCK_LEN) as u32;
        let (behind, _) = self.ciphertext_since(absorbed).as_chunks::<16>();
        // Copied, so that they stay in registers.
        let (point, mut sum) = (poly.point, poly.sum);
        // A block for each round, a step for each half: as many as there are, they are absorbed.
        const { assert!(Sum::STEPS == HALVES && N * BLOCK_LEN / 16 <= 2 * DOUBLE_ROUNDS) };
        let blocks = cipher.blocks::<N>(counter, |round, half| {
            if let Some(block) = behind.get(round) {
                sum.step(half, &point, block);
            }
        });
        poly.sum = sum;
        if !self.apply_whole(&blocks) {
            // A copy: what a slice is made of stays in memory instead of registers, and the path above should not pay for that.
            let mut copy = blocks;
            self.apply(&copy);
            copy.as_flattened_mut().zeroize();
        }
    }

    /// XORs the next bytes with all of a key stream, if there are as many.
    #[inline(always)]
    fn apply_whole<const N: usize>(&mut self, key_stream: &[Block; N]) -> bool {
        let (inputs, _) = self.input[self.done..].as_chunks::<BLOCK_LEN>();
        let (outputs, _) = self.output[self.done..].as_chunks_mut::<BLOCK_LEN>();
        let (Some(inputs), Some(outputs)) = (inputs.first_chunk::<N>(), outputs.first_chunk_mut::<N>()) else {
            return false;
        };
        for ((block, input), output) in key_stream.iter().zip(inputs).zip(outputs) {
            let (input, _) = input.as_chunks::<16>();
            let (output, _) = output.as_chunks_mut::<16>();
            for ((row, input), output) in block.iter().zip(input).zip(output) {
                (*row ^ U32x4::load(input)).store(output);
            }
        }
        self.done += N * BLOCK_LEN;
        true
    }

    fn ciphertext_since(&self, absorbed: usize) -> &[u8] {
        match self.direction {
            Direction::Seal => &self.output[absorbed..self.done],
            Direction::Open => &self.input[absorbed..self.done],
        }
    }

    /// XORs the next bytes with a key stream, as far as both go.
    #[inline(always)]
    fn apply(&mut self, key_stream: &[Block]) {
        let input = &self.input[self.done..];
        let output = &mut self.output[self.done..];
        let key_stream = key_stream.as_flattened();
        self.done += input.len().min(key_stream.len() * 16);
        let (inputs, input_rest) = input.as_chunks::<16>();
        let (outputs, output_rest) = output.as_chunks_mut::<16>();
        for ((row, input), output) in key_stream.iter().zip(inputs).zip(outputs) {
            (*row ^ U32x4::load(input)).store(output);
        }
        if let Some(row) = key_stream.get(inputs.len()) {
            let mut bytes = [0; 16];
            bytes[..input_rest.len()].copy_from_slice(input_rest);
            (*row ^ U32x4::load(&bytes)).store(&mut bytes);
            output_rest.copy_from_slice(&bytes[..output_rest.len()]);
            zeroize_bytes(&mut bytes);
        }
    }
}

/// Bytes of a message, at most (2.8): as many as the counter has blocks.
const MAX_LEN: u64 = (u32::MAX as u64) * BLOCK_LEN as u64;
