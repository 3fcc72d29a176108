//! Grants, and the keys that sign them.

use fortress::{
    Context, Timestamp,
    envelope::ReadLimits,
    grant::{self, Grant, SigningKey, SigningKeyError, VerifyingKey},
    identity::SecretIdentity,
    token,
};
use serde::Deserialize;

use crate::run;

#[derive(Deserialize)]
struct SigningKeyCase {
    signing: Option<String>,
    verifying: Option<String>,
    id: Option<String>,
    key: Option<String>,
}

#[test]
fn signing_keys() {
    let read = |case: &SigningKeyCase| {
        let signing = case.signing.as_deref().map(SigningKey::from_text).transpose().map_err(SigningKeyError::code)?;
        let verifying = case.verifying.as_deref().map(str::parse::<VerifyingKey>).transpose();
        Ok((signing, verifying.map_err(SigningKeyError::code)?))
    };
    run("signing-keys.json", read, |case, (signing, verifying)| {
        let (signing, verifying) = (signing.unwrap(), verifying.unwrap());
        assert_eq!(signing.verifying_key(), &verifying);
        assert_eq!(Some(&*signing.expose_text()), case.signing.as_ref());
        assert_eq!(Some(verifying.to_string()), case.verifying);
        assert_eq!(Some(verifying.id().to_string()), case.id);
        assert_eq!(Some(hex::encode(verifying.to_bytes())), case.key);
        assert_eq!(VerifyingKey::from_bytes(&verifying.to_bytes()).as_ref(), Ok(&verifying));
    });
}

#[derive(Deserialize)]
struct GrantCase {
    #[serde(with = "hex")]
    grant: Vec<u8>,
    identity: String,
    trusted: Vec<String>,
    now: u64,
    terms: Option<TermsCase>,
    token: Option<String>,
    value: Option<String>,
    scope_identity: Option<String>,
}

#[derive(Deserialize, Debug, PartialEq)]
struct TermsCase {
    granter: String,
    actions: String,
    path: Vec<String>,
    from: u64,
    until: u64,
    purpose: String,
    granter_name: String,
    recipient_name: String,
}

impl TermsCase {
    fn of(grant: &Grant) -> TermsCase {
        let terms = grant.terms();
        TermsCase {
            granter: grant.granter().id().to_string(),
            actions: terms.actions.name().into(),
            path: grant.path().to_vec(),
            from: terms.from.0,
            until: terms.until.0,
            purpose: terms.purpose.clone(),
            granter_name: terms.granter_name.clone(),
            recipient_name: terms.recipient_name.clone(),
        }
    }
}

#[test]
fn grants() {
    let read = |case: &GrantCase| {
        let identity = SecretIdentity::from_text(&case.identity).unwrap();
        let trusted: Vec<VerifyingKey> = case.trusted.iter().map(|text| text.parse().unwrap()).collect();
        let (now, limits) = (Timestamp(case.now), ReadLimits::default());
        grant::open(&case.grant, &[(&identity).into()], &trusted, now, &limits).map_err(|error| error.code())
    };
    run("grants.json", read, |case, grant| {
        let now = Timestamp(case.now);
        assert_eq!(Some(TermsCase::of(&grant)), case.terms);
        match &case.token {
            Some(token) => {
                let token = token::decode_text(token).unwrap();
                let value = grant.keyring(now).unwrap().decrypt(&token, &Context::empty()).unwrap();
                assert_eq!(Some(hex::encode(value)), case.value);
            }
            None => assert_eq!(grant.keyring(now).map(|_| ()).unwrap_err().code(), "action_not_granted"),
        }
        match grant.scope_identity(now) {
            Ok(identity) => {
                assert!(case.scope_identity.as_ref().is_none_or(|text| identity.to_string() == *text));
                assert_ne!(grant.terms().actions, grant::Actions::Decrypt);
            }
            Err(error) => {
                assert_eq!((error.code(), grant.terms().actions), ("action_not_granted", grant::Actions::Decrypt))
            }
        }
    });
}
