//! Versions, scopes and sealed keyrings.

mod scopes;
mod sealing;

use alloc::{string::ToString, vec::Vec};
use core::{cell::Cell, convert::Infallible};

use getrandom::SysRng;
use rand_core::{TryCryptoRng, TryRng};

use super::*;
use crate::{context::Context, token::TokenError};

const NOW: Timestamp = Timestamp(1_790_000_000);

fn keyring() -> Keyring {
    Keyring::generate(Profile::Balanced, NOW, &mut SysRng).unwrap()
}

fn encrypt(keyring: &Keyring, value: &[u8]) -> Vec<u8> {
    keyring.encrypt(value, &Context::empty(), &mut SysRng).unwrap()
}

fn decrypt(keyring: &Keyring, token: &[u8]) -> Result<Vec<u8>, TokenError> {
    keyring.decrypt(token, &Context::empty())
}

/// Gives the same bytes for some calls, then others: ids collide.
struct Repeating {
    calls: Cell<u8>,
    same: u8,
}

impl TryRng for Repeating {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(0)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(0)
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        let calls = self.calls.get();
        self.calls.set(calls.saturating_add(1));
        bytes.fill(calls.saturating_sub(self.same));
        Ok(())
    }
}

impl TryCryptoRng for Repeating {}

/// No randomness at all.
pub(crate) struct Broken;

impl TryRng for Broken {
    type Error = core::fmt::Error;

    fn try_next_u32(&mut self) -> Result<u32, core::fmt::Error> {
        Err(core::fmt::Error)
    }

    fn try_next_u64(&mut self) -> Result<u64, core::fmt::Error> {
        Err(core::fmt::Error)
    }

    fn try_fill_bytes(&mut self, _: &mut [u8]) -> Result<(), core::fmt::Error> {
        Err(core::fmt::Error)
    }
}

impl TryCryptoRng for Broken {}

#[test]
fn a_new_keyring_has_one_primary_version() {
    let keyring = keyring();
    let versions: Vec<VersionInfo> = keyring.versions().collect();
    assert_eq!(versions, [VersionInfo { id: keyring.primary(), created: NOW, state: VersionState::Primary }]);
    assert!(keyring.path().is_empty());
    assert_ne!(keyring.primary(), self::keyring().primary());
}

#[test]
fn after_rotation_old_versions_only_decrypt() {
    let mut keyring = keyring();
    let first = keyring.primary();
    let old = encrypt(&keyring, b"old");
    let second = keyring.rotate(Timestamp(NOW.0 + 9), &mut SysRng).unwrap();
    assert_eq!(keyring.primary(), second);
    assert_ne!(first, second);
    let states: Vec<_> = keyring.versions().map(|version| (version.id, version.created.0, version.state)).collect();
    assert_eq!(states, [(first, NOW.0, VersionState::DecryptOnly), (second, NOW.0 + 9, VersionState::Primary)]);
    let new = encrypt(&keyring, b"new");
    assert_eq!(new[3..7], second.0, "new tokens name the new version");
    assert_eq!(decrypt(&keyring, &old).unwrap(), b"old");
    assert_eq!(decrypt(&keyring, &new).unwrap(), b"new");
    assert_eq!((keyring.is_current(&old), keyring.is_current(&new)), (Ok(false), Ok(true)));
    let moved = keyring.reencrypt(&old, &Context::empty(), &mut SysRng).unwrap();
    assert_eq!(keyring.is_current(&moved), Ok(true));
    assert_eq!(decrypt(&keyring, &moved).unwrap(), b"old");
}

#[test]
fn a_destroyed_version_reads_nothing_again() {
    let mut keyring = keyring();
    let first = keyring.primary();
    let token = encrypt(&keyring, b"gone");
    assert_eq!(keyring.destroy_version(first), Err(KeyringError::PrimaryInUse(first)));
    keyring.rotate(NOW, &mut SysRng).unwrap();
    assert!(decrypt(&keyring, &token).is_ok(), "and the key is derived and kept by now");
    keyring.destroy_version(first).unwrap();
    keyring.destroy_version(first).unwrap();
    assert_eq!(decrypt(&keyring, &token), Err(TokenError::KeyDestroyed(first)));
    assert_eq!(keyring.expose_secret(first), None);
    assert_eq!(keyring.versions().next().unwrap().state, VersionState::Destroyed);
    let narrowed = keyring.scope(["a"]).unwrap();
    assert_eq!(decrypt(&narrowed, &token), Err(TokenError::KeyDestroyed(first)));
    let unknown = KeyId([0xFF; 4]);
    assert_eq!(keyring.destroy_version(unknown), Err(KeyringError::UnknownKey(unknown)));
    let other = self::keyring();
    assert_eq!(decrypt(&other, &token), Err(TokenError::UnknownKey(first)));
}

#[test]
fn rotation_is_due_when_the_profile_says() {
    const HOUR: u64 = 3600;
    let intervals = [
        (Profile::Lightning, 23 * HOUR),
        (Profile::Balanced, 7 * 24 * HOUR),
        (Profile::Fortress, 30 * 24 * HOUR),
        (Profile::Archive, 90 * 24 * HOUR),
    ];
    for (profile, interval) in intervals {
        let mut keyring = Keyring::generate(profile, NOW, &mut SysRng).unwrap();
        let due = |keyring: &Keyring, age| keyring.rotation_due(Timestamp(NOW.0 + age));
        assert!(!due(&keyring, 0) && !due(&keyring, interval - 1), "{profile:?}");
        assert!(due(&keyring, interval) && due(&keyring, interval * 2), "{profile:?}");
        assert!(!keyring.rotation_due(Timestamp(0)), "a clock that runs behind is no reason to rotate");
        keyring.rotate(Timestamp(NOW.0 + interval), &mut SysRng).unwrap();
        assert!(!due(&keyring, interval) && due(&keyring, 2 * interval), "the primary version counts");
    }
}

#[test]
fn ids_are_unique_in_a_keyring() {
    let mut rng = Repeating { calls: Cell::new(0), same: 5 };
    let mut keyring = Keyring::generate(Profile::Balanced, NOW, &mut rng).unwrap();
    let second = keyring.rotate(NOW, &mut rng).unwrap();
    assert_ne!(keyring.versions().next().unwrap().id, second);
    let mut stuck = Repeating { calls: Cell::new(0), same: 255 };
    let mut keyring = Keyring::generate(Profile::Balanced, NOW, &mut stuck).unwrap();
    assert_eq!(keyring.rotate(NOW, &mut stuck), Err(RandomnessError.into()), "a stuck generator is noticed");
}

#[test]
fn no_randomness_changes_nothing() {
    assert_eq!(Keyring::generate(Profile::Balanced, NOW, &mut Broken).err(), Some(RandomnessError.into()));
    let mut keyring = keyring();
    let primary = keyring.primary();
    assert_eq!(keyring.rotate(NOW, &mut Broken), Err(RandomnessError.into()));
    assert_eq!((keyring.primary(), keyring.versions().len()), (primary, 1));
    let failed = keyring.encrypt(b"", &Context::empty(), &mut Broken);
    assert_eq!(failed, Err(TokenError::Randomness(RandomnessError)));
}

/// What a sealed keyring may say (S-2), a keyring may be told; what it may not say would be lost when sealed.
#[test]
fn times_are_those_that_can_be_stored() {
    let latest = Timestamp(Timestamp::MAX);
    let mut keyring = Keyring::generate(Profile::Balanced, latest, &mut SysRng).unwrap();
    assert!(keyring.rotate(latest, &mut SysRng).is_ok());
    let later = Timestamp(Timestamp::MAX + 1);
    assert_eq!(keyring.rotate(later, &mut SysRng), Err(KeyringError::InvalidTime(later)));
    let refused = Keyring::generate(Profile::Balanced, later, &mut SysRng);
    assert_eq!(refused.err(), Some(KeyringError::InvalidTime(later)));
}

#[test]
fn a_keyring_has_at_most_4096_versions() {
    let mut keyring = keyring();
    while keyring.versions().len() < MAX_VERSIONS {
        keyring.rotate(NOW, &mut SysRng).unwrap();
    }
    let primary = keyring.primary();
    assert_eq!(keyring.rotate(NOW, &mut SysRng), Err(KeyringError::TooManyVersions));
    assert_eq!(keyring.primary(), primary);
}

#[test]
fn debug_shows_no_secret() {
    let keyring = keyring();
    let shown = alloc::format!("{keyring:?}");
    assert!(shown.contains(&keyring.primary().to_string()), "{shown}");
    let secret = keyring.expose_secret(keyring.primary()).unwrap();
    assert!(!shown.contains(&hex::encode(secret)) && !shown.contains(&alloc::format!("{secret:?}")));
}

#[test]
fn ids_are_eight_digits() {
    let id = KeyId([0, 1, 0xAB, 0xFF]);
    assert_eq!(id.to_string(), "0001abff");
    assert_eq!(KeyId::from_hex("0001abff"), Some(id));
    for wrong in ["", "0001abf", "0001abff0", "+001abff", "0001abfg", "éé01ab"] {
        assert_eq!(KeyId::from_hex(wrong), None, "{wrong}");
    }
}

#[test]
fn errors_say_what_to_do() {
    let id = KeyId([1, 2, 3, 4]);
    let shown = [
        KeyringError::EmptyScope,
        KeyringError::InvalidSegment { got: 300 },
        KeyringError::TooManySegments { got: 17 },
        KeyringError::NotRoot,
        KeyringError::UnknownKey(id),
        KeyringError::PrimaryInUse(id),
        KeyringError::TooManyVersions,
        KeyringError::InvalidTime(Timestamp(u64::MAX)),
        KeyringError::Randomness(RandomnessError),
    ]
    .map(|error| (error.code(), error.to_string()));
    let expected = [
        ("invalid_segment", "a scope needs at least one segment"),
        ("invalid_segment", "a scope segment has 1 to 255 bytes, this one has 300"),
        ("invalid_segment", "a scope has at most 16 segments, this one would have 17"),
        (
            "not_root",
            "a keyring narrowed to a scope cannot be rotated or have versions destroyed; do that on the keyring it was narrowed from",
        ),
        ("unknown_key", "no version of this keyring has the key id 01020304; use the keyring that has it"),
        ("primary_in_use", "version 01020304 is the primary one and cannot be destroyed; rotate first"),
        ("limit_exceeded", "a keyring has at most 4096 versions; start another one and re-encrypt to it"),
        ("invalid_time", "18446744073709551615 is no time in whole seconds since 1970; is it in smaller units?"),
        ("randomness", "the source of randomness failed; nothing was encrypted"),
    ];
    assert_eq!(shown.each_ref().map(|(code, text)| (*code, text.as_str())), expected);
}

#[test]
fn times_are_shown_as_rfc_3339_writes_them() {
    for (seconds, text) in [
        (0, "1970-01-01T00:00:00Z"),
        (951_782_399, "2000-02-28T23:59:59Z"),
        (951_782_400, "2000-02-29T00:00:00Z"),
        (951_868_800, "2000-03-01T00:00:00Z"),
        (1_790_000_000, "2026-09-21T14:13:20Z"),
        (4_107_542_400, "2100-03-01T00:00:00Z"),
        (Timestamp::MAX, "9999-12-31T23:59:59Z"),
        (Timestamp::MAX + 1, "253402300800 seconds after 1970"),
        (u64::MAX, "18446744073709551615 seconds after 1970"),
    ] {
        assert_eq!(Timestamp(seconds).to_string(), text);
    }
}
