//! Which recipients are tried, and in what order.

use alloc::vec::Vec;
#[cfg(feature = "sharing")]
use core::iter;

use super::{Identity, MAX_EXTERNAL_TRIES, Wrapped, external, info::wrong_recipient, keyring, passphrase::Body};
#[cfg(feature = "sharing")]
use super::{identity, scope, shares};
use crate::{
    envelope::{EnvelopeError, ExternalRequest, Header, ReadLimits, header::RecipientKind},
    external::ExternalKey,
    keyring::Keyring,
    passphrase::Passphrase,
    secret::Secret,
};
#[cfg(feature = "sharing")]
use crate::{identity::SecretIdentity, shares::Share};

/// The file key, by the first recipient that one of the identities opens.
pub(crate) fn unwrap(
    header: &Header,
    recipients: &[Wrapped],
    identities: &[Identity<'_>],
    limits: &ReadLimits,
) -> Result<Secret, EnvelopeError> {
    let mut failure = wrong_recipient(recipients);
    // One pass for each cost: a sorting algorithm weighs kilobytes in WebAssembly.
    let cheapest_first = (0..=MAX_COST).flat_map(|now| identities.iter().filter(move |identity| cost(identity) == now));
    for identity in cheapest_first {
        let opened = match *identity {
            Identity::Keyring(keyring) => by_keyring(keyring, recipients, &mut failure),
            #[cfg(feature = "statements")]
            Identity::Grant(contents, now) => match contents.keyring(now) {
                Ok(keyring) => by_keyring(keyring, recipients, &mut failure),
                Err(error) => {
                    failure.keep_weightier(error.into());
                    None
                }
            },
            #[cfg(feature = "sharing")]
            Identity::Identity(secret) => {
                let bodies = bodies(recipients, RecipientKind::Identity);
                first(bodies.map(|body| identity::unwrap(secret, body)), &mut failure)
            }
            #[cfg(feature = "sharing")]
            Identity::Shares(brought) => {
                let [these, in_header] = [recipients, header.recipients()].map(|of| bodies(of, RecipientKind::Shares));
                first(iter::once(shares::unwrap(brought, these, in_header)), &mut failure)
            }
            Identity::External(key) => first(by_external_key(key, header, recipients), &mut failure),
            Identity::Passphrase(passphrase) => first(by_passphrase(passphrase, recipients, limits)?, &mut failure),
        };
        if let Some(file_key) = opened {
            return Ok(file_key);
        }
    }
    Err(failure)
}

/// Does a keyring, an identity or a share set open it, at no cost but some computing?
pub(in super::super) fn opens_at_hand(header: &Header, identities: &[Identity<'_>]) -> bool {
    let elsewhere = |identity: &Identity<'_>| matches!(identity, Identity::External(_) | Identity::Passphrase(_));
    let at_hand: Vec<Identity<'_>> = identities.iter().copied().filter(|identity| !elsewhere(identity)).collect();
    unwrap(header, header.recipients(), &at_hand, &ReadLimits::default()).is_ok()
}

/// What external keys may be asked for, of each reference the first.
pub(in super::super) fn external_requests(header: &Header) -> Vec<ExternalRequest> {
    let associated = header.associated_data();
    let mut requests: Vec<ExternalRequest> = Vec::new();
    let bodies = bodies(header.recipients(), RecipientKind::External);
    for body in bodies.filter_map(external::Body::parse) {
        if requests.iter().all(|request| request.reference != body.reference) {
            let (reference, wrapped) = (body.reference.into(), body.wrapped.to_vec());
            requests.push(ExternalRequest { reference, wrapped, associated });
        }
    }
    requests
}

/// The shares that recipients hold for an identity.
#[cfg(feature = "sharing")]
pub(crate) fn held_shares(recipients: &[Wrapped], secret: &SecretIdentity) -> Result<Vec<Share>, EnvelopeError> {
    let mut held = Vec::new();
    for body in bodies(recipients, RecipientKind::Shares) {
        held.extend(shares::held(secret, body)?);
    }
    if held.is_empty() {
        return Err(wrong_recipient(recipients));
    }
    Ok(held)
}

/// Is it a recipient that this key opens, by its reference?
pub(in super::super) fn is_for(key: &dyn ExternalKey, wrapped: &Wrapped) -> bool {
    external::Body::parse(&wrapped.body).is_some_and(|body| key.opens(body.reference))
}

/// The order in which they are tried: the first cost nothing, an identity a third of a millisecond, an external key a call to somewhere, a
/// passphrase a second.
fn cost(identity: &Identity<'_>) -> u8 {
    match identity {
        Identity::Keyring(_) => 0,
        #[cfg(feature = "statements")]
        Identity::Grant(..) => 0,
        #[cfg(feature = "sharing")]
        Identity::Identity(_) => 1,
        #[cfg(feature = "sharing")]
        Identity::Shares(_) => 2,
        Identity::External(_) => 3,
        Identity::Passphrase(_) => MAX_COST,
    }
}

const MAX_COST: u8 = 4;

/// The first that opens. Of the failures the weightiest is kept; `None` is none.
fn first(
    attempts: impl Iterator<Item = Result<Option<Secret>, EnvelopeError>>,
    failure: &mut EnvelopeError,
) -> Option<Secret> {
    for attempt in attempts {
        match attempt {
            Ok(Some(file_key)) => return Some(file_key),
            Ok(None) => {}
            Err(error) => failure.keep_weightier(error),
        }
    }
    None
}

fn by_keyring(keyring: &Keyring, recipients: &[Wrapped], failure: &mut EnvelopeError) -> Option<Secret> {
    let attempts = bodies(recipients, RecipientKind::Keyring).map(|body| keyring::unwrap(keyring, body));
    #[cfg(feature = "sharing")]
    let attempts = attempts.chain(bodies(recipients, RecipientKind::Scope).map(|body| scope::unwrap(keyring, body)));
    first(attempts, failure)
}

/// A stranger's header cannot ask for a thousand calls, by one reference or by as many ways to write it.
fn by_external_key(
    key: &dyn ExternalKey,
    header: &Header,
    recipients: &[Wrapped],
) -> impl Iterator<Item = Result<Option<Secret>, EnvelopeError>> {
    let mut asked: Vec<external::Body<'_>> = Vec::new();
    for body in bodies(recipients, RecipientKind::External).filter_map(external::Body::parse) {
        let is_new = asked.iter().all(|former| former.reference != body.reference);
        if is_new && asked.len() < MAX_EXTERNAL_TRIES && key.opens(body.reference) {
            asked.push(body);
        }
    }
    asked.into_iter().map(|body| external::unwrap(key, &body, &header.associated_data()).map(Some))
}

/// All costs are checked before the first is paid: a header that asks for too much costs nothing.
fn by_passphrase(
    passphrase: &Passphrase,
    recipients: &[Wrapped],
    limits: &ReadLimits,
) -> Result<impl Iterator<Item = Result<Option<Secret>, EnvelopeError>>, EnvelopeError> {
    let bodies = bodies(recipients, RecipientKind::Passphrase).map(Body::parse);
    let bodies: Vec<Body<'_>> = bodies.collect::<Option<_>>().ok_or(EnvelopeError::NonCanonical)?;
    limits.argon2.check_all(bodies.iter().map(|body| body.params))?;
    Ok(bodies.into_iter().map(|body| body.unwrap(passphrase)?.map(Some).ok_or(EnvelopeError::WrongPassphrase)))
}

fn bodies(recipients: &[Wrapped], kind: RecipientKind) -> impl Iterator<Item = &[u8]> {
    recipients.iter().filter(move |wrapped| wrapped.kind == kind).map(|wrapped| wrapped.body.as_slice())
}
