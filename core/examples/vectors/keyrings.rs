//! The keyrings that all cases use, and the cases of sealed keyrings and scopes.

use std::error::Error;

use fortress::{Argon2Params, Keyring, Passphrase, Profile, Timestamp, envelope::Metadata};
use serde_json::{Value, json};

use crate::cases::{Case, extend, file, flip, rng};

pub(crate) const PASSPHRASE: &str = "correct horse battery staple";
/// Cheap, so that every test run in every language can afford them.
pub(crate) const PARAMS: Argon2Params = Argon2Params { passes: 1, memory_kib: 8_192, lanes: 1 };
pub(crate) const CREATED: Timestamp = Timestamp(1_790_000_000);
const DAY: u64 = 86_400;

/// The keyrings of the cases.
pub(crate) struct World {
    /// Three versions: the first destroyed, the second decrypt-only, the third primary.
    pub(crate) main: Keyring,
    /// `main` before its first version was destroyed and its third made.
    pub(crate) early: Keyring,
    /// `main` when it had its first version only.
    pub(crate) first: Keyring,
    /// Another keyring.
    pub(crate) other: Keyring,
}

impl World {
    pub(crate) fn new() -> Result<World, Box<dyn Error>> {
        let first = Keyring::generate(Profile::Balanced, CREATED, &mut rng("main"))?;
        let early = rotated(first_again()?, 1)?;
        let mut main = rotated(rotated(first_again()?, 1)?, 2)?;
        let destroyed = main.versions().next().ok_or("no version")?.id;
        main.destroy_version(destroyed)?;
        let other = Keyring::generate(Profile::Archive, CREATED, &mut rng("other"))?;
        Ok(World { main, early, first, other })
    }
}

fn first_again() -> Result<Keyring, Box<dyn Error>> {
    Ok(Keyring::generate(Profile::Balanced, CREATED, &mut rng("main"))?)
}

fn rotated(mut keyring: Keyring, time: u64) -> Result<Keyring, Box<dyn Error>> {
    keyring.rotate(Timestamp(CREATED.0 + 7 * DAY * time), &mut rng(&format!("main, rotation {time}")))?;
    Ok(keyring)
}

pub(crate) fn family(world: &World) -> Result<Value, Box<dyn Error>> {
    let narrowed = world.main.scope(["acme", "users", "email"])?;
    let mut cases = vec![
        described("main", &world.main)?.valid(),
        described("early", &world.early)?.valid(),
        described("first", &world.first)?.valid(),
        described("other", &world.other)?.valid(),
        described("narrowed", &narrowed)?.valid(),
    ];
    let sealed = seal("damaged", &world.main)?;
    let case =
        |name: &str, sealed: &[u8]| Case::new(name).with("passphrase", PASSPHRASE).with("sealed", hex::encode(sealed));
    cases.push(
        case("wrong passphrase", &sealed)
            .with("passphrase", "incorrect horse battery staple")
            .invalid("wrong_passphrase"),
    );
    cases.push(case("cut to nothing", &[]).invalid("truncated"));
    cases.push(case("cut in its header", &sealed[..100]).invalid("truncated"));
    cases.push(case("flipped in its payload", &flip(&sealed, -20)).invalid("authentication_failed"));
    cases.push(case("a byte longer", &extend(&sealed, &[0])).invalid("authentication_failed"));
    for (name, payload, code) in crate::headers::keyring_payloads() {
        cases.push(case(name, &crate::headers::seal_payload(name, &payload)?).invalid(code));
    }
    Ok(file("Sealed keyrings, opened by passphrase. The other families name the valid ones.", cases))
}

fn described(name: &str, keyring: &Keyring) -> Result<Case, Box<dyn Error>> {
    let versions: Vec<Value> = keyring
        .versions()
        .map(|version| json!({ "id": version.id.to_string(), "created": version.created.0, "state": version.state.name() }))
        .collect();
    Ok(Case::new(name)
        .with("passphrase", PASSPHRASE)
        .with("sealed", hex::encode(seal(name, keyring)?))
        .with("profile", keyring.profile().name())
        .with("path", keyring.path().to_vec())
        .with("primary", keyring.primary().to_string())
        .with("versions", versions))
}

fn seal(name: &str, keyring: &Keyring) -> Result<Vec<u8>, Box<dyn Error>> {
    let passphrase = Passphrase::new(PASSPHRASE)?;
    let recipients = [fortress::envelope::Recipient::Passphrase(&passphrase, PARAMS)];
    Ok(keyring.seal(&recipients, Metadata::default(), &mut rng(&format!("seal {name}")))?)
}

/// Secrets of scopes, from the secret of a root version.
pub(crate) fn scopes() -> Result<Value, Box<dyn Error>> {
    let keyring = Keyring::generate(Profile::Balanced, CREATED, &mut rng("scopes"))?;
    let secret = |keyring: &Keyring| keyring.expose_secret(keyring.primary()).map(hex::encode).ok_or("no secret");
    let long = "x".repeat(255);
    let sixteen = vec!["s"; 16];
    let paths: [&[&str]; 8] = [
        &["acme"],
        &["acme", "users"],
        &["acme", "users", "email"],
        &["acmeusers"],
        &["a\0b"],
        &["caf\u{e9}"],
        &["cafe\u{301}"],
        &[&long],
    ];
    let mut cases = Vec::new();
    for path in paths.into_iter().chain([sixteen.as_slice()]) {
        let case = Case::new(&format!("{} segments, {} bytes", path.len(), path.concat().len()));
        cases.push(
            case.with("secret", secret(&keyring)?)
                .with("path", path.to_vec())
                .with("scope_secret", secret(&keyring.scope(path)?)?)
                .valid(),
        );
    }
    let too_long = "x".repeat(256);
    let seventeen = vec!["s"; 17];
    for (name, path) in [
        ("empty segment", vec!["acme", ""]),
        ("segment of 256 bytes", vec![too_long.as_str()]),
        ("17 segments", seventeen),
    ] {
        cases.push(Case::new(name).with("secret", secret(&keyring)?).with("path", path).invalid("invalid_segment"));
    }
    Ok(file("Scope secrets (K-6) from a version's secret.", cases))
}
