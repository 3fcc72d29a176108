//! Cases of share sets: their texts, what envelopes hold for people, and envelopes that shares open.

use std::error::Error;

use fortress::{
    envelope::{self, Recipient},
    identity::PublicIdentity,
    shares::{Share, ShareSet},
};
use serde_json::{Value, json};

use crate::{
    cases::{Case, extend, file, flip, object, overwrite, pattern, rng},
    headers::Forge,
    identities::{FILE, LEN, bech32m, identity, seal},
    keyrings::World,
};

/// The set of this name.
fn set(name: &str, threshold: u8, count: u8) -> Result<ShareSet, Box<dyn Error>> {
    Ok(ShareSet::generate(threshold, count, &mut rng(&format!("share set {name}")))?)
}

fn texts(set: &ShareSet, numbers: &[usize]) -> Vec<String> {
    numbers.iter().map(|number| set.shares()[number - 1].expose_text().to_string()).collect()
}

pub(crate) fn family() -> Result<Value, Box<dyn Error>> {
    let mut cases = Vec::new();
    let (main, other, largest) = (set("main", 3, 5)?, set("other", 2, 2)?, set("largest", 2, 255)?);
    let of = |name: &str, set: &ShareSet, numbers: &[usize]| {
        Case::new(name)
            .with("shares", texts(set, numbers))
            .with("set", set.id().to_string())
            .with("threshold", set.threshold())
            .with("numbers", numbers)
    };
    cases.push(of("one of three", &main, &[4]).valid());
    cases.push(of("three of five", &main, &[5, 1, 3]).valid());
    cases.push(of("all of two", &other, &[1, 2]).valid());
    cases.push(of("the last of 255", &largest, &[255]).valid());
    cases.push(of("one twice", &main, &[2]).with("shares", texts(&main, &[2, 2])).valid());

    let with = |name: &str, shares: Vec<String>| Case::new(name).with("shares", shares);
    cases.push(with("none", vec![]).invalid("not_enough_shares"));
    let mixed = [texts(&main, &[1, 2]), texts(&other, &[1])].concat();
    cases.push(with("of different sets", mixed).invalid("different_share_sets"));
    let share = texts(&main, &[2]).remove(0);
    let bytes = bytes_of(&main.shares()[1]);
    let text = |bytes: &[u8]| bech32m("fortress-share-", bytes).to_uppercase();
    let contradicts =
        |name: &str, changed: &[u8]| with(name, vec![share.clone(), text(changed)]).invalid("invalid_share");
    cases.push(contradicts("another value for a number", &flip(&bytes, -1)));
    cases.push(contradicts("another threshold", &overwrite(&bytes, 8, &[2, 7])));
    let alone = [
        ("lowercase", share.to_lowercase()),
        ("a character short", share[..share.len() - 1].into()),
        ("a line break behind", format!("{share}\n")),
        ("another prefix", share.replace("SHARE", "SHORE")),
        ("the prefix of a secret identity", bech32m("fortress-secret-key-", &bytes).to_uppercase()),
        ("of 41 bytes", text(&bytes[..41])),
        ("of 43 bytes", text(&extend(&bytes, &[0]))),
        ("number 0", text(&overwrite(&bytes, 9, &[0]))),
        ("threshold 1", text(&overwrite(&bytes, 8, &[1]))),
        ("threshold 0", text(&overwrite(&bytes, 8, &[0]))),
        ("an identity", identity("ada")?.public().to_string()),
        ("empty", String::new()),
    ];
    for (name, text) in alone {
        cases.push(with(name, vec![text]).invalid("invalid_share"));
    }
    Ok(file("Shares (Q-1 to Q-4): texts that are brought together.", cases))
}

/// The bytes behind a share's text, from the characters.
fn bytes_of(share: &Share) -> Vec<u8> {
    let text = share.expose_text().to_lowercase();
    let alphabet = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
    let data = &text["fortress-share-1".len()..text.len() - 6];
    let fives: Vec<usize> = data.chars().filter_map(|character| alphabet.find(character)).collect();
    let bit = |at: usize| (fives[at / 5] >> (4 - at % 5) & 1) as u8;
    (0..42).map(|at| (0..8).fold(0, |byte, i| byte << 1 | bit(at * 8 + i))).collect()
}

fn holders(names: &[&str]) -> Result<Vec<PublicIdentity>, Box<dyn Error>> {
    names.iter().map(|name| Ok(identity(name)?.public().clone())).collect()
}

pub(crate) fn held() -> Result<Value, Box<dyn Error>> {
    let mut cases = Vec::new();
    let (main, other) = (set("main", 3, 5)?, set("other", 2, 2)?);
    let (three, two) = (holders(&["ada", "grace", "ada"])?, holders(&["edsger", "ada"])?);
    let sealed = seal("held shares", &[Recipient::Shares(&main, &three), Recipient::Shares(&other, &two)])?;
    let case = |name: &str, who: &str, sealed: &[u8]| -> Result<Case, Box<dyn Error>> {
        let identity = identity(who)?.expose_text().to_string();
        Ok(Case::new(name).with("identity", identity).with("envelope", hex::encode(sealed)))
    };
    let adas = [texts(&main, &[1, 3]), texts(&other, &[2])].concat();
    cases.push(case("of two sets", "ada", &sealed)?.with("held", adas).valid());
    cases.push(case("one", "grace", &sealed)?.with("held", texts(&main, &[2])).valid());
    cases.push(case("the first of its set", "edsger", &sealed)?.with("held", texts(&other, &[1])).valid());
    cases.push(case("a stranger", "barbara", &sealed)?.invalid("wrong_recipient"));
    let given_out = seal("given out", &[(&main).into()])?;
    cases.push(case("shares that were all given out", "ada", &given_out)?.invalid("wrong_recipient"));
    let body = sealed.windows(8).position(|run| run == main.id().0).ok_or("no recipient")?;
    let grace = body + 114 + 1_186;
    let changed = |at: usize, to: &[u8]| overwrite(&sealed, at, to);
    for (name, sealed) in [
        ("another set", flip(&sealed, body as isize)),
        ("another threshold", changed(body + 8, &[2])),
        ("its tag flipped", flip(&sealed, (grace + 1_185) as isize)),
        ("its ciphertext flipped", flip(&sealed, (grace + 8 + 1_120) as isize)),
        ("its encapsulated key flipped", flip(&sealed, (grace + 8) as isize)),
        ("another's share under its id", changed(grace + 8, &sealed[body + 114 + 8..body + 114 + 1_186])),
    ] {
        cases.push(case(name, "grace", &sealed)?.invalid("authentication_failed"));
    }
    cases.push(case("a threshold beyond the count", "grace", &changed(body + 8, &[6]))?.invalid("non_canonical"));
    cases.push(case("a count below the held shares", "grace", &changed(body + 8, &[2, 2]))?.invalid("non_canonical"));
    Ok(file(
        "Shares that an envelope holds for an identity (R-6), read without opening it: its header MAC is not looked at.",
        cases,
    ))
}

/// Envelopes that shares open.
pub(crate) fn envelopes(world: &World, cases: &mut Vec<Value>) -> Result<(), Box<dyn Error>> {
    let (main, other, largest) = (set("main", 3, 5)?, set("other", 2, 2)?, set("largest", 2, 255)?);
    let case = |name: &str, shares: Vec<String>, sealed: &[u8]| {
        Case::new(&format!("shares: {name}"))
            .with("shares", shares)
            .with("context", object(&FILE))
            .with("metadata", json!({ "name": "report.pdf" }))
            .with("plaintext_length", LEN)
            .with("envelope", hex::encode(sealed))
    };
    let held = holders(&["ada", "grace"])?;
    let several = seal(
        "share sets",
        &[(&world.main).into(), Recipient::Shares(&main, &held), (&other).into(), (&largest).into()],
    )?;
    for (name, set, numbers) in [
        ("the first three", &main, &[1, 2, 3][..]),
        ("others, in another order", &main, &[5, 2, 4]),
        ("all", &main, &[1, 2, 3, 4, 5]),
        ("a set of two", &other, &[2, 1]),
        ("the last of 255", &largest, &[255, 254]),
    ] {
        cases.push(case(name, texts(set, numbers), &several).valid());
    }
    cases.push(case("two of three", texts(&main, &[1, 5]), &several).invalid("not_enough_shares"));
    cases.push(case("one twice", texts(&other, &[1, 1]), &several).invalid("not_enough_shares"));
    let stranger = set("stranger", 2, 3)?;
    cases.push(case("another set", texts(&stranger, &[1, 2]), &several).invalid("wrong_recipient"));
    let mut wrong = texts(&main, &[1, 2]);
    wrong.push(bech32m("fortress-share-", &flip(&bytes_of(&main.shares()[2]), -1)).to_uppercase());
    cases.push(case("a wrong value", wrong, &several).invalid("authentication_failed"));
    let mut renumbered = texts(&main, &[1, 2]);
    renumbered.push(bech32m("fortress-share-", &overwrite(&bytes_of(&main.shares()[2]), 9, &[4])).to_uppercase());
    cases.push(case("a wrong number", renumbered, &several).invalid("authentication_failed"));

    let body = several.windows(8).position(|run| run == main.id().0).ok_or("no recipient")?;
    let three = || texts(&main, &[1, 2, 3]);
    for (name, sealed) in [
        ("k changed", overwrite(&several, body + 8, &[2])),
        ("n changed", overwrite(&several, body + 9, &[6])),
        ("salt flipped", flip(&several, (body + 10) as isize)),
        ("commitment flipped", flip(&several, (body + 34) as isize)),
        ("wrapped file key flipped", flip(&several, (body + 66) as isize)),
        ("a held share flipped", flip(&several, (body + 114 + 1_000) as isize)),
        ("header MAC flipped", flip(&several, envelope::rewrapped_len(&several)? as isize - 1)),
    ] {
        cases.push(case(name, three(), &sealed).invalid("authentication_failed"));
    }
    cases.push(case("another id", three(), &flip(&several, body as isize)).invalid("wrong_recipient"));
    cases.push(case("k of 1", three(), &overwrite(&several, body + 8, &[1])).invalid("non_canonical"));
    cases.push(case("k beyond n", three(), &overwrite(&several, body + 8, &[6])).invalid("non_canonical"));

    let forge = Forge::with("forged for shares", &[(&main).into()])?;
    // 81 82 04 58 72 <114 bytes>
    let body = &forge.recipients[5..];
    let forged = |name: &str, body: &[u8]| -> Result<Case, Box<dyn Error>> {
        let recipients = [&[0x81, 0x82, 4, 0x59][..], &(body.len() as u16).to_be_bytes(), body].concat();
        let recipients =
            if body.len() < 256 { [&[0x81, 0x82, 4, 0x58, body.len() as u8], body].concat() } else { recipients };
        let sealed = forge.seal(&Forge::header(&[(1, &[2]), (2, &recipients)]), &pattern(LEN))?;
        Ok(case(&format!("forged: {name}"), three(), &sealed).with("context", json!({})).with("metadata", json!({})))
    };
    cases.push(forged("but right", body)?.valid());
    cases.push(forged("held shares of nobody", &extend(body, &[0; 5 * 1_186]))?.valid());
    cases.push(forged("more held shares than shares", &extend(body, &[0; 6 * 1_186]))?.invalid("non_canonical"));
    cases.push(forged("a byte short", &body[..113])?.invalid("non_canonical"));
    cases.push(forged("a byte long", &extend(body, &[0]))?.invalid("non_canonical"));
    cases.push(forged("a held share cut off", &extend(body, &[0; 1_185]))?.invalid("non_canonical"));
    Ok(())
}
