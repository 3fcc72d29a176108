//! The tables of [`super`], computed from the field's definition when this crate is compiled.
//!
//! GF(2^8) of AES (FIPS 197, 4.2) is seen as pairs over GF(2^4): every element is X = k + i·ω with k and i in the
//! subfield GF(2^4), and ω a root of ω² = aω + a. With j = i + k, inversion needs inversions in the subfield alone:
//!
//! ```text
//! io = 1/(1/i + a/k) + j = N/(k + ai)      N = k² + a·ik + a·i², the norm of X
//! jo = 1/(1/j + a/k) + i = N/(k + aj)
//! 1/X = ((k + ai) + i·ω)/N = 1/io + ω·(1/io + (1/io + 1/jo)/a)/a
//! ```
//!
//! so each step is a table of sixteen, and what follows inversion, being linear, is a table of io and one of jo. 1/0 is
//! [`INFINITY`]: its top bit outlasts XOR, and a swizzle gives 0 = 1/∞ for it. (M. Hamburg, "Accelerating AES with
//! Vector Permute Instructions", CHES 2009.)
//!
//! An AES byte x is held as the coordinates of X = βx, with k in the low half of a byte and i in the high half, both over a
//! normal basis of the subfield. β = 1/0x63: then the constant of the S-box is X = 1, whose coordinates are 0x0F.

/// How the S-box's constant 0x63 is held.
pub(super) const SBOX_CONSTANT: u8 = 0x0F;

/// Stands for 1/0.
const INFINITY: u8 = 0x80;

/// From a byte of AES to how it is held, by its low half.
pub(super) const ENTER_LOW: [u8; 16] = entering(0);
/// The same, by its high half.
pub(super) const ENTER_HIGH: [u8; 16] = entering(4);
/// Back, by k.
pub(super) const LEAVE_K: [u8; 16] = leaving(0);
/// Back, by i.
pub(super) const LEAVE_I: [u8; 16] = leaving(4);
/// 1/n.
pub(super) const INVERSE: [u8; 16] = quotient_of(1);
/// a/n.
pub(super) const A_OVER: [u8; 16] = quotient_of(A);

/// The S-box without its constant, by io and by jo: as it is held.
pub(super) const SBOX_IO: [u8; 16] = after_inversion(IO_TERM, 1, true);
pub(super) const SBOX_JO: [u8; 16] = after_inversion(JO_TERM, 1, true);
/// Doubled (FIPS 197, 4.2.1).
pub(super) const DOUBLE_IO: [u8; 16] = after_inversion(IO_TERM, 2, true);
pub(super) const DOUBLE_JO: [u8; 16] = after_inversion(JO_TERM, 2, true);
/// As AES has it.
pub(super) const PLAIN_IO: [u8; 16] = after_inversion(IO_TERM, 1, false);
pub(super) const PLAIN_JO: [u8; 16] = after_inversion(JO_TERM, 1, false);

/// ShiftRows P (FIPS 197, 5.1.2), and the row rotation r of MixColumns after it, as indices of swizzles.
pub(super) const SHIFT_ROWS: [u8; 16] = shuffle(0);
pub(super) const SHIFT_ROWS_NEXT: [u8; 16] = shuffle(1);
pub(super) const SHIFT_ROWS_PREVIOUS: [u8; 16] = shuffle(3);
/// P⁻¹rP: the next row, seen from before ShiftRows.
pub(super) const NEXT_BEFORE: [u8; 16] = next_before();

/// Any root serves.
const OMEGA: u8 = omega();
const A: u8 = OMEGA ^ power(OMEGA, 16);
const NORMAL: u8 = normal();
const BETA: u8 = inverse(0x63);
/// 1/X = p·(1 + ω(1 + 1/a)/a) + q·ω/a² for p = 1/io and q = 1/jo.
const IO_TERM: u8 = 1 ^ multiply(OMEGA, multiply(1 ^ inverse(A), inverse(A)));
const JO_TERM: u8 = multiply(OMEGA, power(inverse(A), 2));

/// X of each held byte, and the other way round.
const ELEMENT: [u8; 256] = elements();
const HELD: [u8; 256] = helds();

const fn multiply(a: u8, b: u8) -> u8 {
    let (mut product, mut shifted, mut bit) = (0, a, 0);
    while bit < 8 {
        product ^= shifted * ((b >> bit) & 1);
        shifted = (shifted << 1) ^ (0x1B * (shifted >> 7));
        bit += 1;
    }
    product
}

const fn power(a: u8, exponent: u32) -> u8 {
    let (mut product, mut n) = (1, 0);
    while n < exponent {
        product = multiply(product, a);
        n += 1;
    }
    product
}

/// 0 for 0.
const fn inverse(a: u8) -> u8 {
    power(a, 254)
}

/// Outside of the subfield, with trace and norm over it the same.
const fn omega() -> u8 {
    let mut element = 2;
    while element ^ power(element, 16) == 0 || element ^ power(element, 16) != power(element, 17) {
        element += 1;
    }
    element
}

/// An element of the subfield that makes a normal basis with its conjugates, whose sum is then 1.
const fn normal() -> u8 {
    let mut element = 2;
    while element != power(element, 16)
        || element ^ power(element, 2) ^ power(element, 4) ^ power(element, 8) != 1
        || element == power(element, 4)
    {
        element += 1;
    }
    element
}

const fn elements() -> [u8; 256] {
    let basis = [NORMAL, power(NORMAL, 2), power(NORMAL, 4), power(NORMAL, 8)];
    let mut elements = [0; 256];
    let mut held = 0;
    while held < 256 {
        let mut bit = 0;
        while bit < 4 {
            let (k, i) = ((held >> bit) & 1, (held >> (bit + 4)) & 1);
            elements[held] ^= (basis[bit] * k as u8) ^ (multiply(basis[bit], OMEGA) * i as u8);
            bit += 1;
        }
        held += 1;
    }
    elements
}

const fn helds() -> [u8; 256] {
    let (mut helds, mut held) = ([0; 256], 0);
    while held < 256 {
        helds[ELEMENT[held] as usize] = held as u8;
        held += 1;
    }
    helds
}

const fn entering(shift: u32) -> [u8; 16] {
    let (mut table, mut n) = ([0; 16], 0);
    while n < 16 {
        table[n] = HELD[multiply(BETA, (n as u8) << shift) as usize];
        n += 1;
    }
    table
}

const fn leaving(shift: u32) -> [u8; 16] {
    let (mut table, mut n) = ([0; 16], 0);
    while n < 16 {
        table[n] = multiply(inverse(BETA), ELEMENT[n << shift]);
        n += 1;
    }
    table
}

const fn quotient_of(dividend: u8) -> [u8; 16] {
    let (mut table, mut n) = ([INFINITY; 16], 1);
    while n < 16 {
        table[n] = HELD[multiply(dividend, inverse(ELEMENT[n])) as usize];
        n += 1;
    }
    table
}

/// What 1/n, times `term`, adds to the S-box's result times `factor`.
const fn after_inversion(term: u8, factor: u8, held: bool) -> [u8; 16] {
    let (mut table, mut n) = ([0; 16], 1);
    while n < 16 {
        // 1/x = β/X.
        let part = multiply(BETA, multiply(term, inverse(ELEMENT[n])));
        let rotations = part.rotate_left(1) ^ part.rotate_left(2) ^ part.rotate_left(3) ^ part.rotate_left(4);
        let result = multiply(factor, part ^ rotations);
        table[n] = if held { HELD[multiply(BETA, result) as usize] } else { result };
        n += 1;
    }
    table
}

/// ShiftRows, then `rotations` rows further. Byte 4c + r is row r of column c.
const fn shuffle(rotations: usize) -> [u8; 16] {
    let (mut index, mut n) = ([0; 16], 0);
    while n < 16 {
        let row = (n + rotations) % 4;
        index[n] = (4 * ((n / 4 + row) % 4) + row) as u8;
        n += 1;
    }
    index
}

const fn next_before() -> [u8; 16] {
    let (mut index, mut n) = ([0; 16], 0);
    while n < 16 {
        index[SHIFT_ROWS[n] as usize] = SHIFT_ROWS_NEXT[n];
        n += 1;
    }
    index
}
