//! `fortress grant …`.

use std::path::Path;

use fortress::envelope::Recipient;
use fortress::grant::{self, GrantError, SignedGrant, Terms};
use serde_json::json;

use crate::arguments::{Common, GrantCommand, GrantNew, Trust, Unlock};
use crate::failure::{Failure, printable, shown};
use crate::output::{Care, Output, PRIVATE, Target, write_file};
use crate::random::{self, now, written};
use crate::report::Report;
use crate::{keyrings, people, words};

pub(super) fn run(command: &GrantCommand, common: &Common, report: &Report) -> Result<(), Failure> {
    match command {
        GrantCommand::New(arguments) => new(arguments, common, report),
        GrantCommand::Show { grant, unlock, trust } => show(grant, unlock, trust, common, report),
    }
}

fn new(arguments: &GrantNew, common: &Common, report: &Report) -> Result<(), Failure> {
    let GrantNew { keyring, unlock, scope, actions, from, until, sign, to, output, force, .. } = arguments;
    if to.is_empty() && arguments.recipient.is_none() && arguments.recipients.is_empty() && !arguments.passphrase {
        return Err(Failure::usage(
            "the grant is for nobody: give --to IDENTITY, --to-file FILE, --for KEYRING, --recipient URI or -p",
        ));
    }
    // What is told to whom the grant is for must not be what opens the key that signs, or the keyring that it is sealed for.
    if let Some(place) = common.passphrases.second_place().filter(|_| arguments.passphrase) {
        let other = if arguments.recipient.is_some() {
            Some("the keyring of --for")
        } else if people::is_sealed(sign)? {
            Some("the key of --sign")
        } else {
            None
        };
        if let Some(other) = other {
            return Err(Failure::usage(format!(
                "the passphrase of {place} would open the grant, by -p, and {other} as well: leave it out, to type both, or seal the grant in another way"
            )));
        }
    }
    // Told before anything is typed or written. Nothing is left: the file is not committed.
    let target = Target::file(output)?;
    let care = Care { force: *force, mode: PRIVATE, durable: true };
    drop(Output::open(&target, Care { durable: false, ..care })?);
    let unlocked = keyrings::unlock(keyring, unlock, common)?;
    let granted = keyrings::narrow(unlocked.keyring, scope.as_ref())?;
    let signer = people::signing_key(sign, &common.passphrases)?;
    let from = from.unwrap_or_else(now);
    let terms = Terms {
        actions: *actions,
        from,
        until: until.of(from),
        purpose: arguments.purpose.clone(),
        granter_name: arguments.granter_name.clone(),
        recipient_name: arguments.recipient_name.clone(),
    };
    let other = arguments.recipient.as_ref();
    let other = other.map(|other| keyrings::unlock_second(other, &Unlock::default(), common)).transpose()?;
    let keys = arguments.recipients.iter().map(|uri| common.hardware.open(uri)).collect::<Result<Vec<_>, _>>()?;
    let passphrase = arguments.passphrase.then(|| common.passphrases.setting(&shown(output))).transpose()?;
    let named = to.recipients()?;
    let mut recipients = named.list();
    recipients.extend(other.iter().map(|other| Recipient::from(&other.keyring)));
    recipients.extend(keys.iter().map(|key| Recipient::External(&**key)));
    recipients.extend(passphrase.iter().map(Recipient::from));
    let sealed = grant::seal(&granted, &terms, &signer, &recipients, &mut random::generator())?;
    named.write_shares()?;
    write_file(&target, &sealed, care)?;
    let granter = signer.verifying_key().id();
    report.result(
        || {
            json!({
                "grant": shown(output), "granter": granter.to_string(), "scope": granted.path(), "actions": actions.name(),
                "from": written(terms.from), "until": written(terms.until),
            })
        },
        || {
            let (scope, until) = (words::written(granted.path()), written(terms.until));
            format!("{}: to {actions} {scope} until {until}, signed by {granter}", shown(output))
        },
    )
}

fn show(path: &Path, unlock: &Unlock, trust: &Trust, common: &Common, report: &Report) -> Result<(), Failure> {
    let read = keyrings::read_grant(path, unlock, common)?;
    let trusted = people::trusted(&trust.trust)?;
    let is_trusted = trusted.contains(read.granter());
    tell(&read, is_trusted, report)?;
    if trusted.is_empty() {
        report.note("whether to trust this granter is yours to say: compare the verifying key with its holder, then give it with --trust");
        return Ok(());
    }
    // Shown all the same, and the exit code says whether it can be used.
    read.trust(&trusted, now()).map(drop).map_err(|error| Failure::from(error).of(&shown(path)))
}

fn tell(grant: &SignedGrant, is_trusted: bool, report: &Report) -> Result<(), Failure> {
    let Terms { actions, from, until, purpose, granter_name, recipient_name } = grant.terms();
    let (id, granter, now) = (grant.id(), grant.granter(), now());
    let validity = match grant.check(now) {
        Ok(()) => "valid",
        Err(GrantError::NotYetValid { .. }) => "not valid yet",
        Err(_) => "expired",
    };
    report.result(
        || {
            json!({
                "id": id.to_string(), "granter": granter.id().to_string(), "granter_name": granter_name,
                "verifying_key": granter.to_string(), "algorithm": granter.algorithm().name(), "trusted": is_trusted,
                "recipient_name": recipient_name, "scope": grant.path(), "actions": actions.name(), "from": written(*from),
                "until": written(*until), "validity": validity, "purpose": purpose,
            })
        },
        || {
            let named = |name: &str| if name.is_empty() { String::new() } else { format!(", {}", printable(name)) };
            let trust = if is_trusted { "trusted" } else { "not known to be trusted" };
            [
                format!("granter   {}{} ({trust}), by {}", granter.id(), named(granter_name), granter.algorithm().name()),
                format!("for       {}", if recipient_name.is_empty() { "you".into() } else { printable(recipient_name) }),
                format!("scope     {}", words::written(grant.path())),
                format!("allows    to {actions}"),
                format!("from      {}", written(*from)),
                format!("until     {} ({validity})", written(*until)),
                format!("purpose   {}", printable(purpose)),
                format!("id        {id}"),
            ]
            .map(|line| line.trim_end().to_owned())
            .join("\n")
        },
    )
}
