//! Keys as text: Bech32m (BIP 350) without its limit of length (spec I-4).

use alloc::string::String;

use zeroize::Zeroizing;

/// A kind of text: what it starts with before the `1`, and the case that it is written in.
pub(crate) struct Form {
    prefix: &'static str,
    uppercase: bool,
}

impl Form {
    /// Public things are lowercase.
    pub(crate) const fn public(prefix: &'static str) -> Form {
        Form { prefix, uppercase: false }
    }

    /// Secret things are uppercase, so that people see the difference.
    pub(crate) const fn secret(prefix: &'static str) -> Form {
        Form { prefix, uppercase: true }
    }

    /// Does a text start as this form does, in whatever case? To tell people what they have in hand.
    pub(crate) fn starts(&self, text: &str) -> bool {
        let (start, rest) = text.as_bytes().split_at(text.len().min(self.prefix.len()));
        start.eq_ignore_ascii_case(self.prefix.as_bytes()) && rest.first() == Some(&b'1')
    }

    /// The text of these bytes.
    pub(crate) fn encode(&self, bytes: &[u8]) -> Zeroizing<String> {
        // Reserved whole, so that growing leaves no secret behind.
        let mut text = Zeroizing::new(String::with_capacity(self.len(bytes.len())));
        text.push_str(self.prefix);
        text.push('1');
        let mut checksum = Checksum::of(self.prefix);
        let mut write = |digit: u32| {
            checksum.absorb(digit);
            text.push(char_of(digit));
        };
        let (mut held, mut bits) = (0_u32, 0);
        for &byte in bytes {
            (held, bits) = (held << 8 | u32::from(byte), bits + 8);
            while bits >= 5 {
                bits -= 5;
                write(held >> bits & 31);
            }
        }
        if bits > 0 {
            write(held << (5 - bits) & 31);
        }
        text.extend(checksum.finish().map(char_of));
        if self.uppercase {
            text.make_ascii_uppercase();
        }
        text
    }

    /// The `N` bytes of a text. Every value has one text, which is the one that [`encode`](Form::encode) writes: the other case is refused, and
    /// bits in the last character that are of no byte.
    pub(crate) fn decode<const N: usize>(&self, text: &str) -> Option<Zeroizing<[u8; N]>> {
        let mut array = Zeroizing::new([0; N]);
        self.decode_into(text, &mut *array)?;
        Some(array)
    }

    /// All that does not depend on `N`, which WebAssembly then holds once.
    #[inline(never)]
    fn decode_into(&self, text: &str, array: &mut [u8]) -> Option<()> {
        let other_case = if self.uppercase { u8::is_ascii_lowercase } else { u8::is_ascii_uppercase };
        if text.len() != self.len(array.len()) || !self.starts(text) || text.as_bytes().iter().any(other_case) {
            return None;
        }
        let chars = text.as_bytes().get(self.prefix.len() + 1..)?;
        let (values, check) = chars.split_last_chunk::<CHECKSUM_LEN>()?;
        let mut checksum = Checksum::of(self.prefix);
        let mut unfilled = array.iter_mut();
        let (mut held, mut bits) = (0_u32, 0);
        for &char in values {
            let digit = digit_of(char)?;
            checksum.absorb(digit);
            (held, bits) = (held << 5 | digit, bits + 5);
            if bits >= 8 {
                bits -= 8;
                *unfilled.next()? = (held >> bits) as u8;
            }
        }
        for &char in check {
            checksum.absorb(digit_of(char)?);
        }
        let stray = held & ((1 << bits) - 1);
        (checksum.is_right() && stray == 0).then_some(())
    }

    /// Characters of the text of `len` bytes.
    const fn len(&self, len: usize) -> usize {
        self.prefix.len() + 1 + (len * 8).div_ceil(5) + CHECKSUM_LEN
    }
}

/// The checksum of Bech32m over texts of any length: a BCH code's, for polynomials over GF(32). It finds every four errors in a text
/// of 90 characters (BIP 173), and at any length all but one in 2^30 of random ones.
struct Checksum(u32);

impl Checksum {
    /// That of a text's start: the prefix's upper bits, 0, and its lower bits.
    fn of(prefix: &str) -> Checksum {
        let mut checksum = Checksum(1);
        prefix.bytes().for_each(|char| checksum.absorb(u32::from(char) >> 5));
        checksum.absorb(0);
        prefix.bytes().for_each(|char| checksum.absorb(u32::from(char) & 31));
        checksum
    }

    /// By masks, and not by branches: it may be a secret's digit.
    fn absorb(&mut self, digit: u32) {
        let top = self.0 >> 25;
        self.0 = (self.0 & 0x01FF_FFFF) << 5 ^ digit;
        for (bit, multiple) in GENERATOR.into_iter().enumerate() {
            self.0 ^= multiple & (top >> bit & 1).wrapping_neg();
        }
    }

    /// The digits that make it right.
    fn finish(mut self) -> [u32; CHECKSUM_LEN] {
        (0..CHECKSUM_LEN).for_each(|_| self.absorb(0));
        [25, 20, 15, 10, 5, 0].map(|bit| (self.0 ^ TARGET) >> bit & 31)
    }

    fn is_right(&self) -> bool {
        self.0 == TARGET
    }
}

/// A digit's character.
fn char_of(digit: u32) -> char {
    char::from(ALPHABET[digit as usize & 31])
}

/// A character's digit, in either case.
fn digit_of(char: u8) -> Option<u32> {
    let digit = *DIGITS.get(usize::from(char))?;
    (digit != NONE).then_some(u32::from(digit))
}

const CHECKSUM_LEN: usize = 6;
const ALPHABET: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";
/// The alphabet, the other way round.
const DIGITS: [u8; 128] = {
    let mut digits = [NONE; 128];
    let mut digit = 0;
    while digit < 32 {
        digits[ALPHABET[digit] as usize] = digit as u8;
        digits[ALPHABET[digit].to_ascii_uppercase() as usize] = digit as u8;
        digit += 1;
    }
    digits
};
const NONE: u8 = 0xFF;
/// The generator, and its multiples by 2, 4, 8 and 16.
const GENERATOR: [u32; 5] = [0x3B6A_57B2, 0x2650_8E6D, 0x1EA1_19FA, 0x3D42_33DD, 0x2A14_62B3];
/// Bech32m's; Bech32's was 1.
const TARGET: u32 = 0x2BC8_30A3;

#[cfg(test)]
mod tests {
    use alloc::{string::ToString, vec::Vec};

    use bech32::{ByteIterExt, Fe32IterExt, Hrp, primitives::Bech32m};
    use proptest::prelude::*;

    use super::*;

    /// The other implementation, for texts of any length.
    enum LongBech32m {}

    impl bech32::Checksum for LongBech32m {
        type MidstateRepr = <Bech32m as bech32::Checksum>::MidstateRepr;
        type CorrectionField = <Bech32m as bech32::Checksum>::CorrectionField;
        const ROOT_GENERATOR: Self::CorrectionField = Bech32m::ROOT_GENERATOR;
        const ROOT_EXPONENTS: core::ops::RangeInclusive<usize> = Bech32m::ROOT_EXPONENTS;
        const CODE_LENGTH: usize = usize::MAX;
        const CHECKSUM_LENGTH: usize = Bech32m::CHECKSUM_LENGTH;
        const GENERATOR_SH: [u32; 5] = Bech32m::GENERATOR_SH;
        const TARGET_RESIDUE: u32 = Bech32m::TARGET_RESIDUE;
    }

    /// The valid strings of BIP 350 that hold whole bytes, and what is made of them here.
    #[test]
    fn bip_350() {
        let form = Form::public("a");
        assert_eq!(*form.encode(&[]), "a1lqfn3a");
        assert!(form.decode::<0>("a1lqfn3a").is_some());
        let form = Form::secret("a");
        assert_eq!(*form.encode(&[]), "A1LQFN3A");
        assert!(form.decode::<0>("A1LQFN3A").is_some());
        assert!(form.decode::<0>("a1lqfn3a").is_none(), "the other case");
        for invalid in ["A1G7SGD8", "M1VUXWEZ", "16PLKW9", "1P2GDWPF", "a1LQFN3A", "a1lqfn3", "b1lqfn3a", ""] {
            assert!(form.decode::<0>(invalid).is_none(), "{invalid}");
        }
    }

    #[test]
    fn a_long_text_is_one_too() {
        <LongBech32m as bech32::Checksum>::sanity_check();
        let form = Form::public("long");
        let text = form.encode(&[0xA5; 3_000]).to_string();
        assert_eq!(*form.decode::<3_000>(&text).unwrap(), [0xA5; 3_000]);
        for at in (0..text.len()).step_by(7) {
            let mut changed = text.clone().into_bytes();
            changed[at] = if changed[at] == b'q' { b'p' } else { b'q' };
            assert!(form.decode::<3_000>(core::str::from_utf8(&changed).unwrap()).is_none(), "{at}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// Whatever is read is written back as it was, also where the checksum is right and something else is not.
        #[test]
        fn every_value_has_one_text(bytes: [u8; 7], stray in 0..32_u8, prefix in "[xyX]", upper: bool) {
            let form = Form::public("x");
            prop_assert_eq!(*form.decode::<7>(&form.encode(&bytes)).unwrap(), bytes);
            let hrp = Hrp::parse_unchecked("x");
            let other = bytes.into_iter().bytes_to_fes().with_checksum::<LongBech32m>(&hrp).chars();
            prop_assert_eq!(&*form.encode(&bytes), &other.collect::<String>());
            let mut fes = bytes.into_iter().bytes_to_fes().collect::<Vec<_>>();
            fes[11] = bech32::Fe32::try_from(stray).unwrap();
            let hrp = Hrp::parse_unchecked(&prefix);
            let text = fes.into_iter().with_checksum::<LongBech32m>(&hrp).chars().collect::<String>();
            let text = if upper { text.to_uppercase() } else { text };
            if let Some(read) = form.decode::<7>(&text) {
                prop_assert_eq!(&*form.encode(&*read), &text);
            }
        }
    }

    #[test]
    fn other_lengths_and_stray_bits_are_refused() {
        let form = Form::public("x");
        let text = form.encode(&[7; 32]);
        assert!(form.decode::<32>(&text).is_some());
        assert!(form.decode::<31>(&text).is_none() && form.decode::<33>(&text).is_none());
        // 32 bytes take 52 characters, and leave 4 bits.
        let hrp = Hrp::parse_unchecked("x");
        let fes = [7; 32].into_iter().bytes_to_fes().collect::<Vec<_>>();
        let mut stray = fes.clone();
        stray[51] = bech32::Fe32::L;
        let with_checksum = |fes: Vec<bech32::Fe32>| fes.into_iter().with_checksum::<LongBech32m>(&hrp).chars();
        assert_eq!(with_checksum(fes).collect::<String>(), *text);
        assert!(form.decode::<32>(&with_checksum(stray).collect::<String>()).is_none());
    }
}
