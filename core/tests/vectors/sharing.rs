//! Identities, share sets and the shares that headers hold.

use fortress::{
    envelope,
    identity::{IdentityError, PublicIdentity, ScopeIdentity, SecretIdentity},
    shares::{Share, ShareError, Shares},
};
use serde::Deserialize;

use crate::{
    Strings,
    keyrings::{Keyrings, Place},
    run,
};

#[derive(Deserialize)]
struct IdentityCase {
    secret: Option<String>,
    public: Option<String>,
    id: Option<String>,
    key: Option<String>,
}

#[test]
fn identities() {
    let read = |case: &IdentityCase| {
        let secret = case.secret.as_deref().map(SecretIdentity::from_text).transpose().map_err(IdentityError::code)?;
        let public = case.public.as_deref().map(str::parse::<PublicIdentity>).transpose();
        Ok((secret, public.map_err(IdentityError::code)?))
    };
    run("identities.json", read, |case, (secret, public)| {
        let (secret, public) = (secret.unwrap(), public.unwrap());
        assert_eq!(secret.public(), &public);
        assert_eq!(Some(&*secret.expose_text()), case.secret.as_ref());
        assert_eq!(Some(public.to_string()), case.public);
        assert_eq!(Some(public.id().to_string()), case.id);
        assert_eq!(Some(hex::encode(public.to_bytes())), case.key);
    });
}

#[derive(Deserialize)]
struct SharesCase {
    shares: Vec<String>,
    set: Option<String>,
    threshold: Option<u8>,
    #[serde(default)]
    numbers: Vec<u8>,
}

#[test]
fn shares() {
    let read = |case: &SharesCase| {
        let shares: Result<Vec<Share>, ShareError> = case.shares.iter().map(|text| Share::from_text(text)).collect();
        let shares = shares.map_err(ShareError::code)?;
        let mut numbers: Vec<u8> = shares.iter().map(Share::number).collect();
        numbers.dedup();
        assert!(shares.iter().map(|share| share.expose_text().to_string()).eq(case.shares.iter().cloned()));
        Ok((Shares::new(shares).map_err(ShareError::code)?, numbers))
    };
    run("shares.json", read, |case, (shares, numbers)| {
        assert_eq!(Some(shares.set().to_string()), case.set);
        assert_eq!((Some(shares.threshold()), shares.count()), (case.threshold, case.numbers.len()));
        assert_eq!(numbers, case.numbers);
    });
}

#[derive(Deserialize)]
struct HeldCase {
    #[serde(with = "hex")]
    envelope: Vec<u8>,
    identity: String,
    #[serde(default)]
    held: Vec<String>,
}

#[test]
fn held_shares() {
    let read = |case: &HeldCase| {
        let identity = SecretIdentity::from_text(&case.identity).unwrap();
        envelope::held_shares(&case.envelope, &identity).map_err(|error| error.code())
    };
    run("held-shares.json", read, |case, held| {
        assert!(held.iter().map(|share| share.expose_text().to_string()).eq(case.held.iter().cloned()));
    });
}

#[derive(Deserialize)]
struct ScopeIdentityCase {
    identity: String,
    keyring: Option<String>,
    #[serde(default)]
    scope: Vec<String>,
    key_id: Option<String>,
    key: Option<String>,
}

#[test]
fn scope_identities() {
    let keyrings = Keyrings::new();
    let read = |case: &ScopeIdentityCase| case.identity.parse::<ScopeIdentity>().map_err(IdentityError::code);
    run("scope-identities.json", read, |case, identity| {
        assert_eq!(identity.to_string(), case.identity);
        assert_eq!(Some(identity.key_id().to_string()), case.key_id);
        assert_eq!(Some(hex::encode(&identity.to_bytes()[4..])), case.key);
        let (keyring, scope) = (case.keyring.clone().unwrap(), case.scope.clone());
        let place = Place { keyring, scope, context: Strings::new() };
        assert_eq!(keyrings.at(&place, |keyring| keyring.scope_identity().unwrap()), identity);
    });
}
