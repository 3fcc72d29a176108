//! What holds for every envelope and every damage to one.

use alloc::{collections::BTreeMap, string::String};

use proptest::{prelude::*, sample::Index};

use super::*;

/// One envelope for many damages.
fn sample() -> (Keyring, Vec<u8>) {
    let keyring = keyring();
    let options = Options { metadata: Metadata::new([("name", "value")]), ..options() };
    let envelope = encrypt(&[7; 20_000], &[(&keyring).into()], &options, &mut SysRng).unwrap();
    (keyring, envelope)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_was_sealed_is_opened(
        suite in prop::sample::select(&Suite::ALL),
        plaintext in prop::collection::vec(any::<u8>(), 0..300),
        metadata in prop::collection::btree_map(".{0,6}", ".{0,6}", 0..5),
    ) {
        let keyring = keyring();
        let options = Options { suite: Some(suite), context: context(), metadata: Metadata::new(metadata.clone()) };
        let envelope = encrypt(&plaintext, &[(&keyring).into()], &options, &mut SysRng).unwrap();
        prop_assert_eq!(open_by(&envelope, &[(&keyring).into()]).unwrap(), plaintext);
        let opened = open(&envelope, &[(&keyring).into()], &context(), &ReadLimits::default()).unwrap();
        let read: BTreeMap<String, String> =
            opened.header().metadata().iter().map(|(key, value)| (key.into(), value.into())).collect();
        prop_assert_eq!(read, metadata);
        let header = opened.header().to_bytes().unwrap();
        prop_assert!(envelope.starts_with(&header), "a header is written again as it was read");
    }

    #[test]
    fn any_changed_bit_fails(at in any::<Index>(), near_the_start in any::<bool>()) {
        let (keyring, mut envelope) = sample();
        let bits = if near_the_start { prefix_len(&envelope).unwrap().unwrap() } else { envelope.len() } * 8;
        let bit = at.index(bits);
        envelope[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(open_by(&envelope, &[(&keyring).into()]).is_err());
        prop_assert!(Keyring::open(&envelope, &[(&keyring).into()], &ReadLimits::default()).is_err());
    }

    #[test]
    fn any_other_length_fails(at in any::<Index>(), more in prop::collection::vec(any::<u8>(), 1..40)) {
        let (keyring, envelope) = sample();
        prop_assert!(open_by(&envelope[..at.index(envelope.len())], &[(&keyring).into()]).is_err());
        prop_assert!(open_by(&[&envelope[..], &more].concat(), &[(&keyring).into()]).is_err());
    }

    /// What parses is written again byte for byte: there is one encoding of a header.
    #[test]
    fn parsing_is_the_inverse_of_writing(at in any::<Index>(), to in any::<u8>()) {
        let (_, envelope) = sample();
        let border = rewrapped_len(&envelope).unwrap() - MAC_LEN;
        let mut header = envelope[PREAMBLE_LEN..border].to_vec();
        let at = at.index(header.len());
        header[at] = to;
        if let Ok(parsed) = Header::parse(&header) {
            prop_assert_eq!(&parsed.to_bytes().unwrap()[PREAMBLE_LEN..], &header[..]);
        }
    }

    #[test]
    fn no_bytes_make_a_reader_panic(start in 0..10_usize, rest in prop::collection::vec(any::<u8>(), 0..200)) {
        let keyring = keyring();
        let bytes = [&b"FTRS\x01\x00\x00\x00\x40"[..start.min(9)], &rest].concat();
        prop_assert!(open_by(&bytes, &[(&keyring).into()]).is_err());
        prop_assert!(Keyring::open(&bytes, &[(&keyring).into()], &ReadLimits::default()).is_err());
        let _ = (prefix_len(&bytes), rewrapped_len(&bytes), Header::parse(&rest));
    }
}
