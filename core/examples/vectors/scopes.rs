//! Cases of the identities of scopes, and of envelopes for them.

use std::error::Error;

use fortress::{Keyring, envelope::Recipient, identity::ScopeIdentity};
use serde_json::{Value, json};

use crate::{
    cases::{Case, extend, file, flip, object, overwrite, pattern},
    headers::Forge,
    identities::{FILE, LEN, bech32m, identity, seal},
    keyrings::World,
};

const SCOPE: [&str; 2] = ["acme", "answers"];

fn scope_identity(keyring: &Keyring) -> Result<ScopeIdentity, Box<dyn Error>> {
    Ok(keyring.scope(SCOPE)?.scope_identity()?)
}

pub(crate) fn family(world: &World) -> Result<Value, Box<dyn Error>> {
    let mut cases = Vec::new();
    let with = |name: &str, identity: &ScopeIdentity| {
        Case::new(name)
            .with("identity", identity.to_string())
            .with("key_id", identity.key_id().to_string())
            .with("key", hex::encode(&identity.to_bytes()[4..]))
    };
    for (name, keyring) in [("main", &world.main), ("early", &world.early), ("other", &world.other)] {
        let case = with(&format!("{name} at a scope"), &scope_identity(keyring)?);
        cases.push(case.with("keyring", name).with("scope", &SCOPE[..]).valid());
    }
    let whole = with("main, not narrowed", &world.main.scope_identity()?);
    cases.push(whole.with("keyring", "main").with("scope", json!([])).valid());
    let text = scope_identity(&world.main)?.to_string();
    let bytes = scope_identity(&world.main)?.to_bytes();
    let bad: [(&str, String); 9] = [
        ("uppercase", text.to_uppercase()),
        ("a character short", text[..text.len() - 1].into()),
        ("a line break behind", format!("{text}\n")),
        ("another prefix", text.replace("scope", "scape")),
        ("an identity", identity("ada")?.public().to_string()),
        ("without its key id", bech32m("fortress-scope-", &bytes[4..])),
        ("a byte long", bech32m("fortress-scope-", &extend(&bytes, &[0]))),
        ("a coefficient beyond the modulus", bech32m("fortress-scope-", &overwrite(&bytes, 4, &[0xFF; 2]))),
        ("empty", String::new()),
    ];
    for (name, text) in bad {
        cases.push(Case::new(name).with("identity", text).invalid("invalid_identity"));
    }
    Ok(file("Identities of scopes (I-5): the text for a keyring's primary version at a scope.", cases))
}

pub(crate) fn envelopes(world: &World) -> Result<Value, Box<dyn Error>> {
    let mut cases = Vec::new();
    let case = |name: &str, keyring: &str, scope: &[&str], sealed: &[u8]| {
        Case::new(name)
            .with("keyring", keyring)
            .with("scope", scope)
            .with("context", object(&FILE))
            .with("metadata", json!({ "name": "report.pdf" }))
            .with("plaintext_length", LEN)
            .with("envelope", hex::encode(sealed))
    };
    let main = scope_identity(&world.main)?;
    let alone = seal("scope alone", &[(&main).into()])?;
    cases.push(case("alone", "main", &SCOPE, &alone).valid());
    let former = seal("scope of a former version", &[(&scope_identity(&world.early)?).into()])?;
    cases.push(case("of a version that only decrypts", "main", &SCOPE, &former).valid());
    let destroyed = seal("scope of a destroyed version", &[(&scope_identity(&world.first)?).into()])?;
    cases.push(case("of a destroyed version", "main", &SCOPE, &destroyed).invalid("key_destroyed"));
    cases.push(case("by another keyring", "other", &SCOPE, &alone).invalid("wrong_recipient"));
    for (name, scope) in [("above", &SCOPE[..1]), ("beside", &["acme", "orders"]), ("below", &["acme", "answers", "1"])]
    {
        cases.push(case(&format!("at the scope {name}"), "main", scope, &alone).invalid("authentication_failed"));
    }
    let (ada, other) = (identity("ada")?, scope_identity(&world.other)?);
    let several: [Recipient<'_>; 4] = [ada.public().into(), (&other).into(), (&world.main).into(), (&main).into()];
    let several = seal("scope among others", &several)?;
    cases.push(case("among others", "main", &SCOPE, &several).valid());
    cases.push(case("the keyring among others", "main", &[], &several).valid());
    cases.push(case("another keyring's among others", "other", &SCOPE, &several).valid());

    let body = alone.windows(4).position(|run| run == main.key_id().0).ok_or("no recipient")?;
    for (name, at) in [("encapsulated key", 4), ("sealed file key", 4 + 1_120), ("tag", 1_171)] {
        let flipped = flip(&alone, (body + at) as isize);
        cases.push(case(&format!("{name} flipped"), "main", &SCOPE, &flipped).invalid("authentication_failed"));
    }
    let renamed = overwrite(&alone, body, &[0; 4]);
    cases.push(case("another key id", "main", &SCOPE, &renamed).invalid("wrong_recipient"));
    let early = overwrite(&alone, body, &scope_identity(&world.early)?.key_id().0);
    cases.push(case("the key id of another version", "main", &SCOPE, &early).invalid("authentication_failed"));

    let forge = Forge::with("forged for a scope", &[(&main).into()])?;
    // 81 82 06 59 0494 <1172 bytes>
    let body = &forge.recipients[6..];
    let forged = |name: &str, body: &[u8]| -> Result<Case, Box<dyn Error>> {
        let recipients = [&[0x81, 0x82, 6, 0x59][..], &(body.len() as u16).to_be_bytes(), body].concat();
        let sealed = forge.seal(&Forge::header(&[(1, &[2]), (2, &recipients)]), &pattern(LEN))?;
        let case = case(&format!("forged: {name}"), "main", &SCOPE, &sealed);
        Ok(case.with("context", json!({})).with("metadata", json!({})))
    };
    cases.push(forged("but right", body)?.valid());
    cases.push(forged("a byte short", &body[..1_171])?.invalid("non_canonical"));
    cases.push(forged("a byte long", &extend(body, &[0]))?.invalid("non_canonical"));
    Ok(file(
        "Envelopes for the identities of scopes (R-8), opened by a keyring at a scope. The plaintext is as in envelopes.json.",
        cases,
    ))
}
