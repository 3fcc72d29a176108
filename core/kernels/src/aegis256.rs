//! AEGIS-256 and AEGIS-256X2 with the 128-bit tag (draft-irtf-cfrg-aegis-aead, 2.5 and 2.6).

use zeroize::{Zeroize as _, ZeroizeOnDrop, zeroize_bytes};

use crate::aes::{Aes, SBOX_CONSTANT};
use crate::lanes::U8x16;
use crate::{Error, Tag, tag};

/// AEGIS-256.
pub type Aegis256 = Aegis256X<1>;

/// AEGIS-256X2.
pub type Aegis256X2 = Aegis256X<2>;

/// AEGIS-256 with `DEGREE` states side by side; with one, it is AEGIS-256 itself.
#[derive(ZeroizeOnDrop)]
pub struct Aegis256X<const DEGREE: usize>([u8; 32]);

impl<const DEGREE: usize> Aegis256X<DEGREE> {
    /// With this key.
    pub fn new(key: &[u8; 32]) -> Self {
        const { assert!(DEGREE == 1 || DEGREE == 2, "the degrees that have a suite") };
        Self(*key)
    }

    /// Encrypts `plaintext` into `ciphertext`, which is as long, and returns the tag.
    pub fn seal(&self, nonce: &[u8; 32], aad: &[u8], plaintext: &[u8], ciphertext: &mut [u8]) -> Result<Tag, Error> {
        self.process::<true>(nonce, aad, plaintext, ciphertext)
    }

    /// Decrypts `ciphertext` into `plaintext`, which is as long. If it does not authenticate, `plaintext` is all zeros; on [`Error::Length`]
    /// nothing was written.
    pub fn open(
        &self,
        nonce: &[u8; 32],
        aad: &[u8],
        ciphertext: &[u8],
        tag: &Tag,
        plaintext: &mut [u8],
    ) -> Result<(), Error> {
        let computed = self.process::<false>(nonce, aad, ciphertext, plaintext)?;
        tag::verify(&computed, tag, plaintext)
    }

    fn process<const SEAL: bool>(
        &self,
        nonce: &[u8; 32],
        aad: &[u8],
        input: &[u8],
        output: &mut [u8],
    ) -> Result<Tag, Error> {
        let aad_bits = bits(aad)?;
        let input_bits = bits(input)?;
        if input.len() != output.len() {
            return Err(Error::Length);
        }
        let mut state = State::<DEGREE>::new(&self.0, nonce);
        state.absorb(aad);
        state.crypt::<SEAL>(input, output);
        Ok(state.finish(aad_bits, input_bits))
    }
}

/// The state (2.2), held as [`Aes`] holds blocks.
struct State<const DEGREE: usize> {
    lanes: [[U8x16; 6]; DEGREE],
    aes: Aes,
}

impl<const DEGREE: usize> State<DEGREE> {
    /// Init.
    #[inline(never)]
    fn new(key: &[u8; 32], nonce: &[u8; 32]) -> Self {
        let aes = Aes::new();
        let halves = |bytes: &[u8; 32]| {
            let (halves, _) = bytes.as_chunks::<16>();
            [aes.enter(U8x16::load(&halves[0])), aes.enter(U8x16::load(&halves[1]))]
        };
        let ([k0, k1], [n0, n1]) = (halves(key), halves(nonce));
        let [c0, c1] = [aes.enter(U8x16::load(&C0)), aes.enter(U8x16::load(&C1))];
        let lanes = core::array::from_fn(|lane| {
            let mut context = [0; 16];
            context[0] = lane as u8;
            context[1] = DEGREE as u8 - 1;
            let context = aes.enter(U8x16::load(&context));
            let mut lane = [k0 ^ n0, k1 ^ n1, c1, c0, k0 ^ c0, k1 ^ c1];
            for message in [k0, k1, k0 ^ n0, k1 ^ n1].into_iter().cycle().take(16) {
                lane[3] ^= context;
                lane[5] ^= context;
                update(&aes, &mut lane, message);
            }
            lane
        });
        Self { lanes, aes }
    }

    #[inline(never)]
    fn absorb(&mut self, aad: &[u8]) {
        for (n, block) in aad.chunks(16).enumerate() {
            let message = self.aes.enter(padded(block));
            update(&self.aes, &mut self.lanes[n % DEGREE], message);
        }
        // The last block is padded to all lanes.
        let blocks = aad.len().div_ceil(16);
        for n in blocks..blocks.next_multiple_of(DEGREE) {
            update(&self.aes, &mut self.lanes[n % DEGREE], U8x16::default());
        }
    }

    /// Enc of every block, or Dec and DecPartial.
    #[inline(never)]
    fn crypt<const SEAL: bool>(&mut self, input: &[u8], output: &mut [u8]) {
        let aes = self.aes;
        // Copied: the compiler keeps what is borrowed from outside in memory, and this in registers.
        let mut lanes = self.lanes;
        let (blocks, _) = input.as_chunks::<16>();
        let (outputs, _) = output.as_chunks_mut::<16>();
        let whole = blocks.len() / (2 * DEGREE) * (2 * DEGREE);
        for (input, output) in blocks.chunks_exact(2 * DEGREE).zip(outputs.chunks_exact_mut(2 * DEGREE)) {
            for (n, lane) in lanes.iter_mut().enumerate() {
                crypt::<SEAL, false>(&aes, lane, &input[n], &mut output[n]);
            }
            for (n, lane) in lanes.iter_mut().enumerate() {
                crypt::<SEAL, true>(&aes, lane, &input[DEGREE + n], &mut output[DEGREE + n]);
            }
        }
        self.lanes = lanes;
        lanes.as_flattened_mut().zeroize();
        self.crypt_rest::<SEAL>(&input[16 * whole..], &mut output[16 * whole..]);
    }

    /// Less than two blocks a lane.
    #[inline(never)]
    fn crypt_rest<const SEAL: bool>(&mut self, input: &[u8], output: &mut [u8]) {
        let blocks = input.len().div_ceil(16);
        let mut rest = input.chunks(16).zip(output.chunks_mut(16));
        for n in 0..blocks.next_multiple_of(DEGREE) {
            let lane = &mut self.lanes[n % DEGREE];
            let (input, output) = rest.next().unwrap_or_default();
            let key_stream = key_stream::<false>(&self.aes, lane);
            let mut result = (padded(input) ^ key_stream).to_bytes();
            output.copy_from_slice(&result[..output.len()]);
            zeroize_bytes(&mut result);
            let message = if SEAL { padded(input) } else { padded(output) };
            let message = self.aes.enter(message);
            update(&self.aes, lane, message);
        }
    }

    /// Finalize, for the tag of 128 bits.
    fn finish(mut self, aad_bits: u64, message_bits: u64) -> Tag {
        let lengths = u128::from(aad_bits) | u128::from(message_bits) << 64;
        let lengths = self.aes.enter(U8x16::load(&lengths.to_le_bytes()));
        let mut tag = U8x16::default();
        for lane in &mut self.lanes {
            let message = lane[3] ^ lengths;
            for _ in 0..7 {
                update(&self.aes, lane, message);
            }
            for block in lane {
                tag ^= *block;
            }
        }
        self.aes.leave::<false>(tag).to_bytes()
    }
}

impl<const DEGREE: usize> Drop for State<DEGREE> {
    fn drop(&mut self) {
        self.lanes.as_flattened_mut().zeroize();
    }
}

#[inline(always)]
fn crypt<const SEAL: bool, const OFFSET: bool>(
    aes: &Aes,
    lane: &mut [U8x16; 6],
    input: &[u8; 16],
    output: &mut [u8; 16],
) {
    let input = U8x16::load(input);
    let result = input ^ key_stream::<OFFSET>(aes, lane);
    result.store(output);
    let message = aes.enter(if SEAL { input } else { result });
    *lane = updated::<OFFSET>(aes, lane, message);
}

/// z = S1 ^ S4 ^ S5 ^ (S2 & S3). Of three constants added, one is left.
#[inline(always)]
fn key_stream<const OFFSET: bool>(aes: &Aes, &[_, s1, s2, s3, s4, s5]: &[U8x16; 6]) -> U8x16 {
    aes.leave::<OFFSET>(s1 ^ s4 ^ s5) ^ (aes.leave::<OFFSET>(s2) & aes.leave::<OFFSET>(s3))
}

/// Update, one lane of it.
#[inline(never)]
fn update(aes: &Aes, lane: &mut [U8x16; 6], message: U8x16) {
    let constant = U8x16::load(&SBOX_CONSTANT);
    *lane = updated::<false>(aes, lane, message).map(|block| block ^ constant);
}

/// Update without adding the S-box's constant: from blocks that have it once too often (`OFFSET`) to such that are right, or
/// the other way round. So two updates need not add it at all.
#[inline(always)]
fn updated<const OFFSET: bool>(aes: &Aes, &[s0, s1, s2, s3, s4, s5]: &[U8x16; 6], message: U8x16) -> [U8x16; 6] {
    // Two at a time are as many as the registers hold beside what the engine keeps there.
    let [r0, r1] = aes.round::<OFFSET, 2>([s5, s0]);
    let [r2, r3] = aes.round::<OFFSET, 2>([s1, s2]);
    let [r4, r5] = aes.round::<OFFSET, 2>([s3, s4]);
    [s0 ^ message ^ r0, s1 ^ r1, s2 ^ r2, s3 ^ r3, s4 ^ r4, s5 ^ r5]
}

/// ZeroPad of at most 16 bytes.
fn padded(bytes: &[u8]) -> U8x16 {
    let mut block = [0; 16];
    block[..bytes.len()].copy_from_slice(bytes);
    let padded = U8x16::load(&block);
    zeroize_bytes(&mut block);
    padded
}

/// At most 2^61 - 1 bytes (2.5.1).
fn bits(bytes: &[u8]) -> Result<u64, Error> {
    (bytes.len() as u64).checked_mul(8).ok_or(Error::Length)
}

const C0: [u8; 16] = [0x00, 0x01, 0x01, 0x02, 0x03, 0x05, 0x08, 0x0D, 0x15, 0x22, 0x37, 0x59, 0x90, 0xE9, 0x79, 0x62];
const C1: [u8; 16] = [0xDB, 0x3D, 0x18, 0x55, 0x6D, 0xC2, 0x2F, 0xF1, 0x20, 0x11, 0x31, 0x42, 0x73, 0xB5, 0x28, 0xDD];
