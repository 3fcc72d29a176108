//! Pairs of numbers modulo 2^255 - 19, in doubles.
//!
//! A number is the sum of twelve doubles, each an integer's multiple of its place 2^⌈21.25 n⌉: 21 or 22 bits to a limb, positive or negative. The places are in the
//! exponents, so a product is at home where it comes out, and one beyond 2^255 after a multiplication by 19 / 2^255. Every operation on them is exact. In units of a
//! place, a limb that is carried is at most 2^21 + 2^14, a sum of two such has one bit more, and so has what is read from bytes. A limb's product of two sums comes from
//! twelve of at most 2^44.02, of which eleven count 19 times at most: below 2^52, and a double has 53 bits.

use core::hint::black_box;

use zeroize::Zeroize;

use crate::lanes::F64x2;

/// Two numbers, one a lane.
#[derive(Clone, Copy, Default)]
pub(super) struct Pair([F64x2; LIMBS]);

impl Pair {
    /// The numbers of 255 bits each, little endian. The last bit of the bytes is left out (RFC 7748, 5), and what is not below the prime is taken.
    pub(super) fn from_bytes(numbers: [&[u8; 32]; 2]) -> Pair {
        Pair::from_words(numbers.map(|bytes| {
            let (words, _) = bytes.as_chunks::<8>();
            [0, 1, 2, 3].map(|n| u64::from_le_bytes(words[n]))
        }))
    }

    /// The same in words, the lowest first.
    pub(super) fn from_words(numbers: [[u64; 4]; 2]) -> Pair {
        let limb = |number: &[u64; 4], n: usize| {
            let (word, bit) = (PLACES[n] as usize / 64, PLACES[n] % 64);
            let above = number.get(word + 1).map_or(0, |next| next << 1 << (63 - bit));
            let limb = (number[word] >> bit | above) & ((1 << width(n)) - 1);
            f64::from(limb as u32) * power(PLACES[n])
        };
        Pair(core::array::from_fn(|n| F64x2::new([limb(&numbers[0], n), limb(&numbers[1], n)])))
    }

    /// The way back: below the prime, whatever was put in.
    pub(super) fn to_bytes(self) -> [[u8; 32]; 2] {
        [0, 1].map(|lane| {
            let mut limbs: [i64; LIMBS] = core::array::from_fn(|n| integer(self.0[n].to_array()[lane], PLACES[n]));
            let bytes = reduced_bytes(&mut limbs);
            limbs.zeroize();
            bytes
        })
    }

    /// Both are this small number.
    pub(super) fn small(number: u16) -> Pair {
        let mut pair = Pair::default();
        pair.0[0] = F64x2::splat(f64::from(number));
        pair
    }

    /// `[self[A], other[B]]`.
    #[inline(always)]
    pub(super) fn pick<const A: usize, const B: usize>(&self, other: &Pair) -> Pair {
        Pair(core::array::from_fn(|n| self.0[n].pick::<A, B>(other.0[n])))
    }

    /// `[a + b, a - b]` of `[a, b]`.
    #[inline(always)]
    pub(super) fn sum_and_difference(&self) -> Pair {
        Pair(self.0.map(F64x2::sum_and_difference))
    }

    #[inline(always)]
    pub(super) fn plus(&self, other: &Pair) -> Pair {
        Pair(core::array::from_fn(|n| self.0[n] + other.0[n]))
    }

    #[inline(always)]
    pub(super) fn minus(&self, other: &Pair) -> Pair {
        Pair(core::array::from_fn(|n| self.0[n] - other.0[n]))
    }

    /// Exchanges two pairs where `mask` is all ones, and leaves them where it is zero.
    #[inline(always)]
    pub(super) fn exchange(&mut self, other: &mut Pair, mask: u64) {
        for (a, b) in self.0.iter_mut().zip(&mut other.0) {
            [*a, *b] = a.exchange(*b, mask);
        }
    }

    /// The products, lane by lane. Each factor may be a sum or a difference of two that are carried.
    #[inline(never)]
    pub(super) fn times(&self, other: &Pair) -> Pair {
        let rows = Rows::new(self, other);
        let mut h = rows.g.map(|limb| rows.f[0] * limb);
        macro_rules! add_products {
            ($($n:literal)*) => {
                $(rows.add_products::<$n>(&mut h);)*
            };
        }
        add_products!(1 2 3 4 5 6 7 8 9 10 11);
        Pair::carried(h)
    }

    /// The squares, lane by lane. It may be a sum or a difference of two that are carried.
    #[inline(never)]
    pub(super) fn squared(&self) -> Pair {
        let rows = Rows::new(&self.plus(self), self);
        macro_rules! squares {
            ($($k:literal)*) => {
                [$(rows.square::<$k>()),*]
            };
        }
        Pair::carried(squares!(0 1 2 3 4 5 6 7 8 9 10 11))
    }

    /// The sums with so many times the other numbers. Either may be a sum or a difference of two that are carried.
    #[inline(never)]
    pub(super) fn plus_scaled(&self, other: &Pair, times: [f64; 2]) -> Pair {
        let times = F64x2::new(times);
        Pair::carried(core::array::from_fn(|n| self.0[n].plus_product(other.0[n], times)))
    }

    /// Squared so many times.
    fn squared_times(&self, times: u32) -> Pair {
        (1..times).fold(self.squared(), |power, _| power.squared())
    }

    /// The inverses, and 0 of 0: the power of 2^255 - 21.
    pub(super) fn inverted(&self) -> Pair {
        let z2 = self.squared();
        let z9 = z2.squared_times(2).times(self);
        let z11 = z9.times(&z2);
        // From here on 2^n - 1.
        let z5 = z11.squared().times(&z9);
        let z10 = z5.squared_times(5).times(&z5);
        let z20 = z10.squared_times(10).times(&z10);
        let z40 = z20.squared_times(20).times(&z20);
        let z50 = z40.squared_times(10).times(&z10);
        let z100 = z50.squared_times(50).times(&z50);
        let z200 = z100.squared_times(100).times(&z100);
        z200.squared_times(50).times(&z50).squared_times(5).times(&z11)
    }

    /// Four chains at once, of which each begins anew with what the last one's end left.
    #[inline(always)]
    fn carried(mut h: [F64x2; LIMBS]) -> Pair {
        // Read from memory: an engine would build each of them anew.
        let rounders = black_box(&ROUNDERS);
        macro_rules! carry_from {
            ($($n:literal)*) => {
                $(carry::<$n>(&mut h, rounders);)*
            };
        }
        carry_from!(0 3 6 9 1 4 7 10 2 5 8 11 3 6 9 0);
        Pair(h)
    }
}

impl Zeroize for Pair {
    fn zeroize(&mut self) {
        self.0.zeroize();
    }
}

/// What products are made of: the limbs of two factors, and those of the second wrapped around. They are compiled limb by limb: a loop
/// would keep its sums in memory.
struct Rows {
    f: [F64x2; LIMBS],
    g: [F64x2; LIMBS],
    wrapped: [F64x2; LIMBS],
}

impl Rows {
    #[inline(always)]
    fn new(f: &Pair, g: &Pair) -> Rows {
        Rows { f: f.0, g: g.0, wrapped: g.0.map(|limb| limb * F64x2::splat(WRAP)) }
    }

    /// The products of one limb of the first factor, added to their limbs.
    #[inline(always)]
    fn add_products<const N: usize>(&self, h: &mut [F64x2; LIMBS]) {
        for (k, limb) in h.iter_mut().enumerate() {
            let other = if N <= k { self.g[k - N] } else { self.wrapped[k + LIMBS - N] };
            *limb = limb.plus_product(self.f[N], other);
        }
    }

    /// One limb of the second factor's square, where the first one is its double: two limbs that differ meet twice.
    #[inline(always)]
    fn square<const K: usize>(&self) -> F64x2 {
        let odd = !K.is_multiple_of(2);
        let first = if odd { self.f[0] * self.g[K] } else { self.g[K / 2] * self.g[K / 2] };
        let sum = (usize::from(odd)..LIMBS).fold(first, |sum, n| {
            let other = if n <= K { K - n } else { K + LIMBS - n };
            let limbs = if n <= K { &self.g } else { &self.wrapped };
            if n < other { sum.plus_product(self.f[n], limbs[other]) } else { sum }
        });
        if odd { sum } else { sum.plus_product(self.g[K / 2 + LIMBS / 2], self.wrapped[K / 2 + LIMBS / 2]) }
    }
}

/// Moves what is above a limb's width to the next, to the nearest: adding a number of which the place above is the last bit rounds to that.
#[inline(always)]
fn carry<const N: usize>(h: &mut [F64x2; LIMBS], rounders: &[F64x2; LIMBS]) {
    let rounder = rounders[N];
    let above = (h[N] + rounder) - rounder;
    h[N] = h[N] - above;
    let next = (N + 1) % LIMBS;
    h[next] = if next == 0 { h[0].plus_product(above, F64x2::splat(WRAP)) } else { h[next] + above };
}

/// A limb as an integer, by the bits of a sum in which its unit is the last one.
fn integer(limb: f64, place: i32) -> i64 {
    const UNIT: f64 = 1.5 * power(52);
    (limb * power(-place) + UNIT).to_bits().wrapping_sub(UNIT.to_bits()) as i64
}

/// Below the prime.
fn reduced_bytes(limbs: &mut [i64; LIMBS]) -> [u8; 32] {
    // The first leaves at most one above 2^255, up or down; adding it 19-fold may do so again, beside a multiple of 2^255; the third leaves nothing.
    let mut above = 0;
    for _ in 0..3 {
        above = propagate(limbs, 19 * above);
    }
    // 19 more reach 2^255 if the number was the prime or more, and then leave what it was above that.
    let mut tried = *limbs;
    let over = propagate(&mut tried, 19);
    tried.zeroize();
    propagate(limbs, 19 * over);

    let mut bytes = [0; 32];
    let (mut held, mut bits, mut filled) = (0_u64, 0, bytes.iter_mut());
    for (n, limb) in limbs.iter().enumerate() {
        held |= (*limb as u64) << bits;
        bits += width(n);
        while bits >= 8 {
            if let Some(byte) = filled.next() {
                *byte = held as u8;
            }
            (held, bits) = (held >> 8, bits - 8);
        }
    }
    if let Some(byte) = filled.next() {
        *byte = held as u8;
    }
    bytes
}

/// Adds to the first limb, makes every limb positive and as wide as it is to be, and returns what is above.
fn propagate(limbs: &mut [i64; LIMBS], add: i64) -> i64 {
    let mut above = add;
    for (n, limb) in limbs.iter_mut().enumerate() {
        *limb += above;
        above = *limb >> width(n);
        *limb -= above << width(n);
    }
    above
}

const fn width(n: usize) -> i32 {
    PLACES[n + 1] - PLACES[n]
}

/// 2^exponent.
const fn power(exponent: i32) -> f64 {
    f64::from_bits(((1_023 + exponent) as u64) << 52)
}

const LIMBS: usize = 12;
/// ⌈21.25 n⌉, and at the end 255.
const PLACES: [i32; LIMBS + 1] = {
    let mut places = [0; LIMBS + 1];
    let mut n = 0;
    while n <= LIMBS {
        places[n] = (85 * n as i32 + 3) / 4;
        n += 1;
    }
    places
};
/// What one is worth 255 bits further down.
const WRAP: f64 = 19.0 * power(-255);
/// For each limb the numbers around which a double's last bit is the next limb's place.
const ROUNDERS: [F64x2; LIMBS] = {
    let mut rounders = [F64x2::splat(0.0); LIMBS];
    let mut n = 0;
    while n < LIMBS {
        rounders[n] = F64x2::splat(1.5 * power(PLACES[n + 1] + 52));
        n += 1;
    }
    rounders
};
