//! Cases of grants.

use std::error::Error;

use fortress::{
    Keyring, Timestamp,
    envelope::Recipient,
    grant::{self, Actions, Algorithm, SigningKey, Terms, VerifyingKey},
    identity::SecretIdentity,
};
use serde_json::{Value, json};

use crate::{
    cases::{Case, file, flip, rng},
    forged_grants,
    identities::identity,
    keyrings::World,
    signing::granter,
};

pub(crate) const SCOPE: [&str; 2] = ["acme", "users"];
pub(crate) const FROM: u64 = 1_790_000_000;
pub(crate) const UNTIL: u64 = FROM + 7 * 86_400;
pub(crate) const VALUE: &[u8] = b"ada@example.org";

fn terms(actions: Actions) -> Terms {
    Terms {
        actions,
        from: Timestamp(FROM),
        until: Timestamp(UNTIL),
        purpose: "answering tickets".into(),
        granter_name: "Grace".into(),
        recipient_name: "Ada".into(),
    }
}

/// Who is there in every case.
pub(crate) struct Cast {
    pub(crate) ada: SecretIdentity,
    pub(crate) mallory: SecretIdentity,
    pub(crate) grace: SigningKey,
    pub(crate) edsger: SigningKey,
    pub(crate) keyring: Keyring,
}

impl Cast {
    pub(crate) fn case(&self, name: &str, granter: &SigningKey, sealed: &[u8]) -> Case {
        Case::new(name)
            .with("identity", self.ada.expose_text().as_str())
            .with("trusted", json!([granter.verifying_key().to_string()]))
            .with("now", FROM)
            .with("grant", hex::encode(sealed))
    }
}

pub(crate) fn family(world: &World) -> Result<Value, Box<dyn Error>> {
    let cast = Cast {
        ada: identity("ada")?,
        mallory: identity("mallory")?,
        grace: granter("grace", Algorithm::Ed25519)?,
        edsger: granter("edsger", Algorithm::Hybrid)?,
        keyring: world.main.scope(SCOPE)?,
    };
    let mut cases = Vec::new();
    valid(&cast, &mut cases)?;
    refused(&cast, &mut cases)?;
    forged_grants::exchanged(&cast, &mut cases)?;
    forged_grants::malformed(&cast, world, &mut cases)?;
    Ok(file(
        "Grants (A-4 to A-8), opened by a secret identity, with the granters that are trusted and the time. A grant to decrypt opens the token, one to encrypt holds the identity of the scope.",
        cases,
    ))
}

fn valid(cast: &Cast, cases: &mut Vec<Value>) -> Result<(), Box<dyn Error>> {
    let Cast { ada, mallory, grace, edsger, keyring } = cast;
    let named = terms(Actions::Both);
    let nameless = Terms {
        purpose: String::new(),
        granter_name: String::new(),
        recipient_name: String::new(),
        ..terms(Actions::Decrypt)
    };
    let long = Terms { purpose: "é".repeat(512), until: Timestamp(Timestamp::MAX), ..terms(Actions::Decrypt) };
    let one: &[Recipient<'_>] = &[ada.public().into()];
    let two: &[Recipient<'_>] = &[mallory.public().into(), ada.public().into()];
    let grants = [
        ("to decrypt", grace, terms(Actions::Decrypt), one),
        ("to encrypt", grace, terms(Actions::Encrypt), one),
        ("to do both", grace, named, one),
        ("to decrypt, signed by both algorithms", edsger, terms(Actions::Decrypt), one),
        ("to encrypt, signed by both algorithms", edsger, terms(Actions::Encrypt), one),
        ("for two", grace, terms(Actions::Decrypt), two),
        ("nameless", grace, nameless, one),
        ("until the year 9999, for a purpose as long as can be", edsger, long, one),
    ];
    for (name, granter, terms, recipients) in grants {
        let sealed = grant::seal(keyring, &terms, granter, recipients, &mut rng(&format!("grant {name}")))?;
        let said = json!({
            "granter": granter.verifying_key().id().to_string(),
            "actions": terms.actions.name(),
            "path": SCOPE,
            "from": terms.from.0,
            "until": terms.until.0,
            "purpose": terms.purpose,
            "granter_name": terms.granter_name,
            "recipient_name": terms.recipient_name,
        });
        let case = cast.case(name, granter, &sealed).with("terms", said);
        let token = keyring.encrypt(VALUE, &Default::default(), &mut rng("granted token"))?;
        let case = if terms.actions.allow(Actions::Decrypt) {
            case.with("token", fortress::token::encode_text(&token)).with("value", hex::encode(VALUE))
        } else {
            case.with("scope_identity", keyring.scope_identity()?.to_string())
        };
        cases.push(case.clone().valid());
        if name == "to decrypt" {
            cases.push(case.clone().named("in its last second").with("now", UNTIL - 1).valid());
            let trusted = [edsger, granter].map(|granter| granter.verifying_key().to_string());
            cases.push(case.named("several are trusted").with("trusted", json!(trusted)).valid());
        }
    }
    Ok(())
}

/// Whole grants in the wrong hands or at the wrong time.
fn refused(cast: &Cast, cases: &mut Vec<Value>) -> Result<(), Box<dyn Error>> {
    let Cast { ada, mallory, grace, edsger, keyring } = cast;
    let recipients = [ada.public().into()];
    let by = |granter: &SigningKey| {
        grant::seal(keyring, &terms(Actions::Decrypt), granter, &recipients, &mut rng("grant refused"))
    };
    let (sealed, hybrid) = (by(grace)?, by(edsger)?);
    let case = |name: &str| cast.case(name, grace, &sealed);
    cases.push(case("a second before it begins").with("now", FROM - 1).invalid("grant_not_yet_valid"));
    cases.push(case("at its end").with("now", UNTIL).invalid("grant_expired"));
    cases.push(case("long after its end").with("now", u64::MAX >> 11).invalid("grant_expired"));
    cases.push(case("nobody is trusted").with("trusted", json!([])).invalid("untrusted_granter"));
    let edsgers = json!([edsger.verifying_key().to_string()]);
    cases.push(case("another is trusted").with("trusted", edsgers).invalid("untrusted_granter"));
    let half = VerifyingKey::from_bytes(&[&[1], &edsger.verifying_key().to_bytes()[1..33]].concat())?;
    let half = cast.case("half of its granter is trusted", edsger, &hybrid).with("trusted", json!([half.to_string()]));
    cases.push(half.invalid("untrusted_granter"));
    cases.push(case("for somebody else").with("identity", mallory.expose_text().as_str()).invalid("wrong_recipient"));
    cases
        .push(case("cut off").with("grant", hex::encode(&sealed[..sealed.len() - 1])).invalid("authentication_failed"));
    cases.push(case("cut in its header").with("grant", hex::encode(&sealed[..500])).invalid("truncated"));
    for (name, at) in [("wrapped file key", 1_000), ("header MAC", 9 + header_len(&sealed) as isize), ("message", -30)]
    {
        cases.push(
            case(&format!("{name} flipped"))
                .with("grant", hex::encode(flip(&sealed, at)))
                .invalid("authentication_failed"),
        );
    }
    let keyring = keyring.seal(&recipients, Default::default(), &mut rng("a keyring for ada"))?;
    cases.push(case("a sealed keyring").with("grant", hex::encode(keyring)).invalid("wrong_content"));
    Ok(())
}

fn header_len(envelope: &[u8]) -> usize {
    envelope[5..9].iter().fold(0, |len, &byte| len << 8 | usize::from(byte))
}
