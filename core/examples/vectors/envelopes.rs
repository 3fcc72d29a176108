//! Cases of envelopes.

use std::error::Error;

use fortress::{
    Argon2Params, Context, Keyring, Passphrase, Suite,
    chunked::{CHUNK_LEN, ENCRYPTED_CHUNK_LEN},
    envelope::{self, Identity, Metadata, Options, Recipient},
};
use serde_json::{Value, json};

use crate::{
    cases::{Case, extend, file, flip, object, overwrite, pattern, rng},
    headers::Forge,
    keyrings::{PARAMS, PASSPHRASE, World},
};

const SCOPE: [&str; 2] = ["acme", "files"];
const FILE: [(&str, &str); 1] = [("file", "report.pdf")];

pub(crate) fn family(world: &World) -> Result<Value, Box<dyn Error>> {
    let mut cases = Vec::new();
    let scoped = world.main.scope(SCOPE)?;
    for suite in Suite::ALL {
        let lens: &[usize] =
            if suite == Suite::Aes256Gcm { &[0, 1, 16_383, 16_384, 16_385, 40_000] } else { &[0, 1, 16_384, 16_385] };
        for &len in lens {
            let name = format!("{suite}, {len} bytes");
            let sealed = seal(&name, &[(&scoped).into()], Some(suite), len)?;
            cases.push(by_keyring(&name, &sealed).with("plaintext_length", len).valid());
        }
    }
    recipients(world, &scoped, &mut cases)?;
    damaged(&scoped, &mut cases)?;
    chunks(&scoped, &mut cases)?;
    forged(&mut cases)?;
    Ok(file(
        "Envelopes (E-1 to E-6, R-1 to R-4), opened by a keyring at a scope or by a passphrase. The plaintext of n bytes is i mod 251 for i below n.",
        cases,
    ))
}

fn seal(name: &str, recipients: &[Recipient<'_>], suite: Option<Suite>, len: usize) -> Result<Vec<u8>, Box<dyn Error>> {
    let metadata = Metadata::new([("name", "report.pdf"), ("mime", "application/pdf")]);
    let options = Options { suite, context: Context::new(FILE)?, metadata };
    Ok(envelope::encrypt(&pattern(len), recipients, &options, &mut rng(name))?)
}

fn case(name: &str, sealed: &[u8]) -> Case {
    Case::new(name)
        .with("context", object(&FILE))
        .with("metadata", json!({ "name": "report.pdf", "mime": "application/pdf" }))
        .with("envelope", hex::encode(sealed))
}

fn by_keyring(name: &str, sealed: &[u8]) -> Case {
    case(name, sealed).with("keyring", "main").with("scope", SCOPE.to_vec())
}

fn by_passphrase(name: &str, sealed: &[u8]) -> Case {
    case(name, sealed).with("passphrase", PASSPHRASE)
}

fn recipients(world: &World, scoped: &Keyring, cases: &mut Vec<Value>) -> Result<(), Box<dyn Error>> {
    let passphrase = Passphrase::new(PASSPHRASE)?;
    let cafe = Passphrase::new("caf\u{e9}")?;
    let by = |passphrase| Recipient::Passphrase(passphrase, PARAMS);
    let len = 100;
    let alone = seal("passphrase alone", &[by(&passphrase)], Some(Suite::Aes256Gcm), len)?;
    cases.push(by_passphrase("passphrase alone", &alone).with("plaintext_length", len).valid());
    cases.push(by_passphrase("another passphrase", &alone).with("passphrase", "another").invalid("wrong_passphrase"));
    cases.push(by_keyring("a keyring for a passphrase's envelope", &alone).invalid("wrong_recipient"));
    let composed = seal("passphrase in NFC", &[by(&cafe)], Some(Suite::Aes256Gcm), len)?;
    cases.push(
        case("passphrase in NFD", &composed).with("passphrase", "cafe\u{301}").with("plaintext_length", len).valid(),
    );

    let other = world.other.scope(SCOPE)?;
    let several =
        seal("several", &[(&other).into(), by(&cafe), by(&passphrase), scoped.into()], Some(Suite::Aes256Gcm), len)?;
    cases.push(by_keyring("several recipients, by the last", &several).with("plaintext_length", len).valid());
    cases.push(
        by_keyring("several recipients, by the first", &several)
            .with("keyring", "other")
            .with("plaintext_length", len)
            .valid(),
    );
    cases.push(
        by_passphrase("several recipients, by the second passphrase", &several).with("plaintext_length", len).valid(),
    );
    cases.push(
        by_passphrase("several recipients, by none of the passphrases", &several)
            .with("passphrase", "another")
            .invalid("wrong_passphrase"),
    );

    let rewrapped = envelope::rewrap(
        &several,
        &[Identity::Keyring(scoped)],
        &[by(&passphrase)],
        &Default::default(),
        &mut rng("rewrapped"),
    )?;
    let rewrapped = extend(&rewrapped, &several[envelope::rewrapped_len(&several)?..]);
    cases.push(by_passphrase("rewrapped for a passphrase", &rewrapped).with("plaintext_length", len).valid());
    cases.push(by_keyring("rewrapped, by a recipient no more", &rewrapped).invalid("wrong_recipient"));

    let early = seal("decrypt-only", &[(&world.early.scope(SCOPE)?).into()], Some(Suite::Aes256Gcm), len)?;
    cases.push(by_keyring("for a version that only decrypts now", &early).with("plaintext_length", len).valid());
    let first = seal("destroyed", &[(&world.first.scope(SCOPE)?).into()], Some(Suite::Aes256Gcm), len)?;
    cases.push(by_keyring("for a destroyed version", &first).invalid("key_destroyed"));
    Ok(())
}

fn damaged(scoped: &Keyring, cases: &mut Vec<Value>) -> Result<(), Box<dyn Error>> {
    let sealed = seal("damaged", &[scoped.into()], Some(Suite::Aes256Gcm), 100)?;
    let whole = by_keyring("damaged", &sealed);
    let prefix = envelope::prefix_len(&sealed)?.ok_or("no prefix")?;
    let mac = prefix - 56 - 32;
    let with = |name: &str, sealed: Vec<u8>| whole.clone().named(name).with("envelope", hex::encode(sealed));
    cases.push(with("other data", b"%PDF-1.7 and so on".to_vec()).invalid("not_fortress"));
    cases.push(with("version 2", overwrite(&sealed, 4, &[2])).invalid("unknown_version"));
    cases.push(
        with("a header of 1 MiB and a byte", overwrite(&sealed, 5, &(1_048_577_u32).to_be_bytes()))
            .invalid("header_too_large"),
    );
    cases.push(with("a header of 4 GiB", overwrite(&sealed, 5, &[255; 4])).invalid("header_too_large"));
    cases.push(
        with("a header longer than the file", overwrite(&sealed, 5, &(1_000_000_u32).to_be_bytes()))
            .invalid("truncated"),
    );
    cases.push(with("an empty header", overwrite(&sealed, 5, &[0; 4])).invalid("non_canonical"));
    for len in [0, 3, 4, 5, 8, 9, 20, mac, mac + 31, mac + 32, mac + 55, prefix - 1, prefix, prefix + 15] {
        cases.push(with(&format!("cut to {len} bytes"), sealed[..len].to_vec()).invalid("truncated"));
    }
    cases.push(with("cut within its last chunk", sealed[..sealed.len() - 1].to_vec()).invalid("authentication_failed"));
    cases.push(with("a byte longer", extend(&sealed, &[0])).invalid("authentication_failed"));
    let metadata = sealed.windows(6).position(|run| run == b"report").ok_or("no metadata")?;
    for (name, offset) in [
        ("metadata", metadata),
        ("header MAC", mac),
        ("wrapped file key", 60),
        ("salt", mac + 32),
        ("commitment", mac + 56),
        ("chunk", prefix),
    ] {
        cases.push(with(&format!("{name} flipped"), flip(&sealed, offset as isize)).invalid("authentication_failed"));
    }
    cases.push(whole.clone().named("another context").with("context", json!({})).invalid("authentication_failed"));
    cases.push(whole.clone().named("another scope").with("scope", vec!["acme"]).invalid("authentication_failed"));
    cases.push(whole.clone().named("another keyring").with("keyring", "other").invalid("wrong_recipient"));
    cases.push(
        whole
            .named("a passphrase for a keyring's envelope")
            .with("passphrase", PASSPHRASE)
            .with("keyring", Value::Null)
            .invalid("wrong_recipient"),
    );
    Ok(())
}

/// Damage that respects the borders of chunks.
fn chunks(scoped: &Keyring, cases: &mut Vec<Value>) -> Result<(), Box<dyn Error>> {
    let sealed = seal("chunks", &[scoped.into()], Some(Suite::Aes256Gcm), 2 * CHUNK_LEN)?;
    let start = envelope::prefix_len(&sealed)?.ok_or("no prefix")?;
    let (first, second) =
        (start..start + ENCRYPTED_CHUNK_LEN, start + ENCRYPTED_CHUNK_LEN..start + 2 * ENCRYPTED_CHUNK_LEN);
    let case = by_keyring("chunks", &[]);
    let with = |name: &str, parts: &[&[u8]]| case.clone().named(name).with("envelope", hex::encode(parts.concat()));
    cases.push(with("the empty last chunk cut off", &[&sealed[..second.end]]).invalid("truncated"));
    cases.push(with("two chunks cut off", &[&sealed[..first.end]]).invalid("truncated"));
    let exchanged: [&[u8]; 4] = [&sealed[..start], &sealed[second.clone()], &sealed[first], &sealed[second.end..]];
    cases.push(with("chunks exchanged", &exchanged).invalid("authentication_failed"));
    cases.push(
        with("the second chunk cut out", &[&sealed[..second.start], &sealed[second.end..]])
            .invalid("authentication_failed"),
    );
    cases.push(
        with("the second chunk's last byte flipped", &[&flip(&sealed, second.end as isize - 1)])
            .invalid("authentication_failed"),
    );
    Ok(())
}

/// Headers that the core would not write, under a valid MAC.
fn forged(cases: &mut Vec<Value>) -> Result<(), Box<dyn Error>> {
    let forge = Forge::new("forged")?;
    let recipients = &forge.recipients[..];
    let case = |name: &str, header: &[u8]| -> Result<Case, Box<dyn Error>> {
        let sealed = forge.seal(header, &pattern(3))?;
        Ok(Case::new(name)
            .with("passphrase", PASSPHRASE)
            .with("context", json!({}))
            .with("metadata", json!({}))
            .with("envelope", hex::encode(sealed)))
    };
    let entries = |entries: &[(u8, &[u8])]| Forge::header(entries);
    let good = entries(&[(1, &[2]), (2, recipients)]);
    cases.push(case("forged, but right", &good)?.with("plaintext_length", 3).valid());

    let unknown_first = [&[0x82, 0x82, 0x18, 99, 0x43, 1, 2, 3][..], &recipients[1..]].concat();
    cases.push(
        case("an unknown recipient besides", &entries(&[(1, &[2]), (2, &unknown_first)]))?
            .with("plaintext_length", 3)
            .valid(),
    );
    let unknown = [0x81, 0x82, 0x18, 99, 0x43, 1, 2, 3];
    cases.push(case("an unknown recipient alone", &entries(&[(1, &[2]), (2, &unknown)]))?.invalid("wrong_recipient"));
    cases.push(case("suite 5", &entries(&[(1, &[5]), (2, recipients)]))?.invalid("unknown_suite"));
    cases.push(case("suite 40000", &entries(&[(1, &[0x19, 0x9C, 0x40]), (2, recipients)]))?.invalid("private_suite"));
    cases.push(case("another suite", &entries(&[(1, &[0x18, 29]), (2, recipients)]))?.invalid("authentication_failed"));
    let content = |name: &str| [&[0x60 | name.len() as u8][..], name.as_bytes()].concat();
    cases.push(
        case("a keyring's content", &entries(&[(1, &[2]), (2, recipients), (4, &content("keyring"))]))?
            .invalid("wrong_content"),
    );
    cases.push(
        case("an unknown content", &entries(&[(1, &[2]), (2, recipients), (4, &content("recipe"))]))?
            .invalid("wrong_content"),
    );

    let not_canonical: [(&str, Vec<u8>); 12] = [
        ("a suite of more than 16 bits", entries(&[(1, &[0x1A, 0, 1, 0, 2]), (2, recipients)])),
        ("a suite longer than needed", entries(&[(1, &[0x18, 2]), (2, recipients)])),
        ("keys out of order", entries(&[(2, recipients), (1, &[2])])),
        ("a key twice", entries(&[(1, &[2]), (1, &[2]), (2, recipients)])),
        ("an unknown key", entries(&[(1, &[2]), (2, recipients), (5, &[0])])),
        ("empty metadata", entries(&[(1, &[2]), (2, recipients), (3, &[0xA0])])),
        (
            "metadata out of order",
            entries(&[(1, &[2]), (2, recipients), (3, &[0xA2, 0x61, b'b', 0x60, 0x61, b'a', 0x60])]),
        ),
        ("metadata of integers", entries(&[(1, &[2]), (2, recipients), (3, &[0xA1, 1, 2])])),
        ("metadata that is not UTF-8", entries(&[(1, &[2]), (2, recipients), (3, &[0xA1, 0x61, 0xFF, 0x60])])),
        ("no recipients entry", entries(&[(1, &[2])])),
        ("a byte behind the header's map", [&good[..], &[0]].concat()),
        ("a map of indefinite length", [&[0xBF, 1, 2, 2][..], recipients, &[0xFF]].concat()),
    ];
    for (name, header) in &not_canonical {
        cases.push(case(name, header)?.invalid("non_canonical"));
    }
    bodies(&forge, &case, cases)
}

/// A case of this name, for an envelope with this header.
type CaseOfHeader<'a> = dyn Fn(&str, &[u8]) -> Result<Case, Box<dyn Error>> + 'a;

/// Recipients that a reader must refuse.
fn bodies(forge: &Forge, case: &CaseOfHeader<'_>, cases: &mut Vec<Value>) -> Result<(), Box<dyn Error>> {
    let with = |recipients: &[u8]| Forge::header(&[(1, &[2]), (2, recipients)]);
    let passphrases = |count: u8, body: &[u8]| -> Vec<u8> {
        let one = [&[0x82, 2, 0x58, body.len() as u8][..], body].concat();
        [&[0x80 | count][..], &one.repeat(count.into())].concat()
    };
    let body = forge.body();
    cases.push(case("no recipients", &with(&[0x80]))?.invalid("non_canonical"));
    cases.push(case("nine passphrases", &with(&passphrases(9, body)))?.invalid("too_many_recipients"));
    let many = [&[0x99, 0x04, 0x01][..], &[0x82, 9, 0x40].repeat(1_025)].concat();
    cases.push(case("1025 recipients", &with(&many))?.invalid("too_many_recipients"));
    cases.push(case("a passphrase's body a byte short", &with(&passphrases(1, &body[1..])))?.invalid("non_canonical"));
    cases.push(case("a keyring's body that is too short", &with(&[0x81, 0x82, 1, 0x41, 1]))?.invalid("non_canonical"));
    let costs = |params: Argon2Params| {
        let numbers = [params.passes, params.memory_kib, params.lanes].map(u32::to_be_bytes).concat();
        passphrases(1, &overwrite(body, 16, &numbers))
    };
    for (name, passes, memory_kib, lanes) in [
        ("Argon2id with 64 GiB", 1, 1 << 26, 1),
        ("Argon2id with 257 MiB", 1, 263_168, 1),
        ("Argon2id with 256 MiB in 5 passes", 5, 262_144, 1),
        ("Argon2id with all bits set", u32::MAX, u32::MAX, u32::MAX),
        ("Argon2id without passes", 0, 8_192, 1),
        ("Argon2id without lanes", 1, 8_192, 0),
        ("Argon2id with 17 lanes", 1, 8_192, 17),
        ("Argon2id with less than 8 KiB a lane", 1, 15, 2),
    ] {
        cases.push(case(name, &with(&costs(Argon2Params { passes, memory_kib, lanes })))?.invalid("argon2_limits"));
    }
    cases.push(
        case("Argon2id with other costs", &with(&costs(Argon2Params { passes: 2, ..PARAMS })))?
            .invalid("wrong_passphrase"),
    );
    Ok(())
}
