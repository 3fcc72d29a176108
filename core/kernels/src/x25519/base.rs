//! Multiples of the base point, by Lim and Lee's comb on the twisted Edwards curve that is the same as Montgomery's (RFC 7748, 4.1).
//!
//! A clamped scalar is 8 times a number of 252 bits, which is cut into four parts of 63: bit i of each makes one of sixteen points of a table, and 63 doublings
//! and additions do what 255 steps of the ladder would. The formulas are those of Hisil, Wong, Carter and Dawson (ASIACRYPT 2008), complete on this curve: no point is an
//! exception, and so none is told apart.

use zeroize::{Zeroize, Zeroizing};

use super::{field::Pair, opaque};

/// The clamped scalar's multiple of the base point, as Montgomery's x : z.
pub(super) fn multiple(scalar: &[u8; 32]) -> Pair {
    let bit = |n: usize| u64::from(scalar[n / 8] >> (n % 8) & 1);
    let mut point = Point::neutral();
    for n in (0..PART).rev() {
        point.double();
        point.add(&Entry::select((0..4).map(|part| bit(3 + PART * part + n) << part).sum()));
    }
    // u = (Z + Y) / (Z - Y).
    let multiple = point.z_t.pick::<0, 1>(&point.x_y).sum_and_difference();
    point.x_y.zeroize();
    point.z_t.zeroize();
    multiple
}

/// A point as X : Y : Z : T, where x = X / Z, y = Y / Z and x y = T / Z.
struct Point {
    x_y: Pair,
    z_t: Pair,
}

impl Point {
    fn neutral() -> Point {
        let (zero, one) = (Pair::default(), Pair::small(1));
        Point { x_y: zero.pick::<0, 0>(&one), z_t: one.pick::<0, 0>(&zero) }
    }

    /// In the names of the paper, where all four of E, F, G and H have the other sign: it is lost in their products.
    #[inline(always)]
    fn double(&mut self) {
        let a_b = self.x_y.squared();
        let zz_s = self.z_t.pick::<0, 0>(&self.x_y.sum_and_difference()).squared();
        let h_g = a_b.sum_and_difference();
        // A + B - (X + Y)^2 and A - B + 2 Z^2.
        let e_f = h_g.plus_scaled(&zz_s.pick::<1, 0>(&zz_s), [-1.0, 2.0]);
        self.x_y = e_f.pick::<0, 1>(&h_g).times(&e_f.pick::<1, 0>(&h_g));
        self.z_t = e_f.pick::<1, 0>(&e_f).times(&h_g.pick::<1, 0>(&h_g));
    }

    #[inline(always)]
    fn add(&mut self, entry: &Entry) {
        let b_a = self.x_y.sum_and_difference().times(&entry.sum_difference);
        let d_c = self.z_t.times(&entry.two_product);
        let h_e = b_a.sum_and_difference();
        let g_f = d_c.sum_and_difference();
        self.x_y = h_e.pick::<1, 0>(&g_f).times(&g_f.pick::<1, 0>(&h_e));
        self.z_t = g_f.pick::<1, 1>(&h_e).times(&g_f.pick::<0, 0>(&h_e));
    }
}

/// A point of the table: x + y and x - y, 2 and 2 d x y.
struct Entry {
    sum_difference: Pair,
    two_product: Pair,
}

impl Entry {
    /// Reads every entry for every index: the index is a secret.
    #[inline(always)]
    fn select(index: u64) -> Entry {
        let mut chosen = Zeroizing::new([[0; 4]; 3]);
        for (n, entry) in (0..).zip(&TABLE) {
            // All ones where the index is this entry's: only then is the difference 0, and takes the borrow.
            let mask = opaque(((n ^ index).wrapping_sub(1) >> 63).wrapping_neg());
            for (chosen, word) in chosen.as_flattened_mut().iter_mut().zip(entry.as_flattened()) {
                *chosen |= word & mask;
            }
        }
        let [sum, difference, product] = *chosen;
        Entry {
            sum_difference: Pair::from_words([sum, difference]),
            two_product: Pair::from_words([[2, 0, 0, 0], product]),
        }
    }
}

/// Bits of a part.
const PART: usize = 63;
/// Entry n is the sum of 2^(63 j) 8 B for each bit j of n, as x + y, x - y and 2 d x y modulo the prime.
#[rustfmt::skip]
const TABLE: [[[u64; 4]; 3]; 16] = [
    [
        [0x0000_0000_0000_0001, 0x0000_0000_0000_0000, 0x0000_0000_0000_0000, 0x0000_0000_0000_0000],
        [0xFFFF_FFFF_FFFF_FFEC, 0xFFFF_FFFF_FFFF_FFFF, 0xFFFF_FFFF_FFFF_FFFF, 0x7FFF_FFFF_FFFF_FFFF],
        [0x0000_0000_0000_0000, 0x0000_0000_0000_0000, 0x0000_0000_0000_0000, 0x0000_0000_0000_0000],
    ],
    [
        [0x59B7_5966_04DD_3E8F, 0x6CB3_0377_E288_702C, 0xB133_9C66_5ED9_C323, 0x0915_E760_61BC_E52F],
        [0x1D58_A212_0C6D_CB14, 0x69C2_897F_1E4A_A706, 0xD3D8_BE53_91C3_DC04, 0x456F_DB5E_CDF1_FE3C],
        [0xE7C1_F5D9_C9A2_911A, 0xB8A3_7178_8BCC_A7D7, 0x6364_1219_0EB6_2A32, 0x2690_7C5C_2ECC_4E95],
    ],
    [
        [0x2171_7B0D_0F53_7593, 0x914E_690B_131E_064C, 0x1BB6_87AE_752A_E09F, 0x420B_F3A7_9B42_3C6E],
        [0x680A_ECEA_6B20_2D52, 0x9EAA_67A2_CEC0_B395, 0x145E_C0F8_F7BA_AFEF, 0x1894_D9F7_472D_2CDD],
        [0x8138_BA65_1C5B_2B47, 0x8671_B6EC_311B_1B80, 0x7BFF_0CB1_BC31_35B0, 0x745D_2FFA_9C0C_F1E0],
    ],
    [
        [0x2F74_0756_06D0_8C81, 0x754A_1C84_A884_C648, 0x6AB7_8127_6B5F_BD3E, 0x6133_E48B_CE1D_D33C],
        [0x8252_9B1C_B0CB_1B42, 0xD184_D8E0_DAE9_3DF0, 0xE159_29F3_3E76_A188, 0x0EF5_6AA0_BB1B_81BB],
        [0x055B_ABC9_2F07_205F, 0xE5E9_69C0_EBDA_9F88, 0x13B5_4578_89E2_3592, 0x3827_798A_A823_9BE0],
    ],
    [
        [0x4B9A_D8C6_F863_07CE, 0x2111_3531_435D_0C28, 0xD4A8_66C5_657A_772C, 0x5DA6_427E_6324_7352],
        [0xAE44_CAA1_6BE6_B94F, 0xCC19_23B3_DC22_38AB, 0x6C5A_4929_BB80_669D, 0x1331_8390_04BB_429C],
        [0x1A94_C688_DEAC_22CA, 0xB906_6EF7_BBAE_1FF8, 0x88AD_8C38_8D59_580F, 0x58F2_9ABF_E79F_2CA8],
    ],
    [
        [0xA560_AE89_EB9A_0965, 0x9A41_4263_8E3D_69FA, 0xFABC_13C6_65D5_7057, 0x142C_7663_7D2F_5CB9],
        [0xD6AE_5DDC_37D6_EBBA, 0x71C4_C9C8_190C_F4DB, 0xDAC1_7E9D_4152_D948, 0x75C0_B158_942F_4F71],
        [0x17F9_4247_5EEB_262F, 0x5E15_AE10_6393_F68B, 0x2B5C_474E_3132_27EB, 0x5350_9485_9DAD_F124],
    ],
    [
        [0x9900_873E_7B15_3FDF, 0xFE81_D278_CF8B_A0CF, 0x0BB2_864E_918B_2462, 0x5750_8C9A_8819_1C22],
        [0xF008_E032_DF0F_01EB, 0xA241_EAC5_BC1B_A092, 0x2B6A_B7A1_1D9B_C2BB, 0x1673_47B3_C841_680A],
        [0x0799_0392_6748_E96F, 0x5468_2E69_3BE6_FDEA, 0xBDAF_BD8F_D9E3_6357, 0x4625_9045_3C53_D566],
    ],
    [
        [0x8C73_96BD_2960_B5C2, 0x78AC_BE81_72C8_8FA8, 0x1E7C_84FE_C75C_9751, 0x4D49_D9FC_D32F_F5DC],
        [0x9098_F1DB_336D_7488, 0x0938_E7B0_F1C1_7B4E, 0x4FBA_363C_98B2_A13D, 0x03EE_6B08_F1D4_7186],
        [0x87F0_5870_11BF_A3A6, 0xB68D_F70F_5C01_7556, 0x8D73_D79E_F3EB_9BA1, 0x4930_9E00_72D1_D9B3],
    ],
    [
        [0xA66D_CC9D_C80C_1AC0, 0x97A0_5CF4_1B38_A436, 0xA7EB_F3BE_95DB_D7C6, 0x7DA0_B8F6_8D7E_7DAB],
        [0x1087_DFEB_C7A9_8A47, 0x5D9B_60CF_5502_5617, 0xB32E_14AF_A320_5734, 0x39EE_A545_E2B2_3F4C],
        [0xD40F_1953_C3B5_DA76, 0x1DAC_6F73_2111_9E9B, 0x03CC_6021_FEB2_5960, 0x5A5F_887E_8367_4B4B],
    ],
    [
        [0x684E_13E1_E90D_C2F4, 0x1688_E482_413E_C87A, 0x25A6_D422_652F_D2A0, 0x62A3_8EE9_7801_0A30],
        [0x2A88_09BA_41C2_A76B, 0xC757_BC5F_A190_66C0, 0xB463_D54F_A187_CA66, 0x20DB_F296_969F_CBB3],
        [0xF4B4_EED9_02C1_8C74, 0x0AB8_EBB2_592F_6FEB, 0x68A4_B028_D6B8_DACE, 0x4813_0D73_BED9_25A5],
    ],
    [
        [0xE3C3_50B9_466D_053D, 0xE536_DF09_F4C8_6E07, 0x7E84_627F_AFEE_3DA7, 0x30FA_2FEA_660A_DA10],
        [0x1097_5EF9_EB42_3F35, 0xCD5E_D41E_D77F_7DDB, 0xCE69_E197_15DC_AB0A, 0x0BF1_EC75_0C88_9C6D],
        [0x6467_FAF9_B482_C342, 0xFF3A_CDFC_B48F_EDEC, 0x14CE_417F_3FC3_5F08, 0x273A_8A45_0920_ABF7],
    ],
    [
        [0x2936_D015_0C75_B276, 0x2D0E_840D_B64C_B67F, 0x0F6A_4B99_6D92_D4E0, 0x2C75_9F51_BCD7_1B65],
        [0x4AFD_7C90_0AB0_DFEF, 0xAC2E_2376_C90E_AB5E, 0xDA8C_AB03_D0FE_AE79, 0x3F18_BE5F_3225_5521],
        [0xD185_0649_9E29_E3DA, 0x301A_8C5D_C266_1FB7, 0xE775_584A_A170_EEEE, 0x3AE1_C60A_11BD_AEF6],
    ],
    [
        [0xE0E0_EC70_ED49_E705, 0xB5AE_1586_D615_00CC, 0xDCAC_AE52_DC90_CB09, 0x13FD_9AB8_0774_9A53],
        [0x8522_B23F_A27D_E678, 0x427D_745F_2B61_CC54, 0x7569_C842_F3A2_C176, 0x54A2_301B_05F3_0A80],
        [0xC4E8_FE55_8D08_1114, 0xAB1E_CD79_9C4A_D1AF, 0x3623_6DDE_26EC_4E2C, 0x533B_2A76_0FDB_A817],
    ],
    [
        [0x9654_A393_E218_C02D, 0xDC93_FDCE_7CB9_C32F, 0x5CF3_D618_EE1A_1FEC, 0x3ABD_1327_BB1B_34ED],
        [0xEF34_EEA8_8317_AE08, 0x5B62_7C18_3D95_DC78, 0x3352_428E_4168_CB9D, 0x2334_8F0B_3904_A0D0],
        [0x13AD_ED64_CF06_6AAE, 0x33E4_06FB_6E28_D88F, 0x131C_9C82_2988_3C57, 0x22A5_9B90_C1BD_1843],
    ],
    [
        [0x7187_4582_394A_FB86, 0x43AB_F6BC_2075_3FE8, 0x2D5C_DFB1_9F6E_E6C1, 0x23BD_4CE0_45E8_40CA],
        [0xB1A3_DA9A_820A_38F6, 0x4E06_C2E1_C4BC_7E2E, 0xE3FC_ECE7_EFBE_D5DC, 0x06BE_7E46_E1E4_D6C8],
        [0x0917_6308_4186_D8B3, 0x0CBD_58BA_7F23_488D, 0x3EE0_998B_1B2B_4AC1, 0x2BE9_C28C_ACA4_ABDF],
    ],
    [
        [0x6AD5_4B12_1BF8_CC3A, 0x329E_BD42_BEC6_F44E, 0xBF74_B7E6_C4F0_DB66, 0x2448_1C3B_3F07_358C],
        [0x789A_E3B2_D495_2DCA, 0x2B04_B526_86EA_5FA2, 0x8659_15A8_3654_5204, 0x7FE4_3AAA_B71D_777C],
        [0xD1EA_3E96_E7FE_AD53, 0x8D89_1929_5621_0B28, 0x0CCB_A325_C7B4_EE13, 0x23DA_D646_37C0_7DA3],
    ],
];
