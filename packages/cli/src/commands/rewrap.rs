//! `fortress rewrap`.

use std::io::{self, Write as _};
use std::path::Path;

use fortress::envelope::{self, ReadLimits, Recipient};
use fortress::{Context, Keyring, Passphrase};
use serde_json::json;

use super::Opener;
use crate::arguments::{Common, Rewrap, Unlock};
use crate::failure::{Exit, Failure, shown};
use crate::input::{Input, Source};
use crate::keyrings;
use crate::output::{Care, Output, Target};
use crate::random;
use crate::report::Report;

pub(super) fn run(arguments: &Rewrap, common: &Common, report: &mut Report) -> Result<(), Failure> {
    let opener = Opener::new(&arguments.keyring, common)?;
    let new_keyring = match &arguments.recipient {
        None => None,
        Some(path) => {
            let unlocked = keyrings::unlock(path, &Unlock::default(), |name| common.passphrases.opening_second(name))?;
            Some(keyrings::narrow(unlocked.keyring, arguments.recipient_scope.as_ref())?)
        }
    };
    let new_passphrase = arguments.passphrase.then(|| common.passphrases.setting("the files")).transpose()?;
    let recipients = recipients(&opener, new_keyring.as_ref(), new_passphrase.as_ref())?;
    // For the keyring that opens them, what is in the files does not matter; others are given what is meant and nothing else.
    let to_others = new_keyring.is_some() || new_passphrase.is_some() || !arguments.context.is_empty();
    let context = to_others.then(|| keyrings::context(&arguments.context)).transpose()?;
    for path in &arguments.files {
        match rewrap(path, &opener, context.as_ref(), &recipients, report) {
            Err(failure) if arguments.files.len() == 1 => return Err(failure),
            Err(failure) => report.failed(&failure),
            Ok(()) => {}
        }
    }
    Ok(())
}

fn recipients<'r>(
    opener: &'r Opener,
    keyring: Option<&'r Keyring>,
    passphrase: Option<&'r Passphrase>,
) -> Result<Vec<Recipient<'r>>, Failure> {
    let given: Vec<_> = keyring.map(Recipient::from).into_iter().chain(passphrase.map(Recipient::from)).collect();
    match opener {
        _ if !given.is_empty() => Ok(given),
        Opener::Keyring(keyring) => Ok(vec![keyring.into()]),
        Opener::Passphrase(_) => {
            Err(Failure::usage("nobody new is named: give -r KEYRING, or -p for another passphrase"))
        }
    }
}

fn rewrap(
    path: &Path,
    opener: &Opener,
    context: Option<&Context>,
    recipients: &[Recipient<'_>],
    report: &Report,
) -> Result<(), Failure> {
    let name = shown(path);
    let source = Source::File(path.to_owned());
    let mut input = Input::open(&source)?;
    if input.len.is_none() {
        return Err(Failure::new(
            Exit::Unreadable,
            "unreadable",
            format!("{name} is not a file; rewrap replaces files"),
        ));
    }
    let prefix = input.read_prefix()?;
    let of = |error: envelope::EnvelopeError| Failure::from(error).of(&name);
    let identities = [opener.identity()];
    let limits = ReadLimits::default();
    let header =
        envelope::rewrap(&prefix, &identities, context, recipients, &limits, &mut random::generator()).map_err(of)?;
    let message_start = envelope::rewrapped_len(&prefix).map_err(of)?;
    let care = Care { force: true, durable: true, private: false };
    let mut output = Output::open(&Target::File(path.to_owned()), care)?;
    let failed = |error: io::Error| Failure::write(&name, &error);
    output.write_all(&header).and_then(|()| output.write_all(&prefix[message_start..])).map_err(failed)?;
    // From file to file: the system copies it without a detour through this program.
    io::copy(input.file(), output.file()).map_err(failed)?;
    output.commit()?;
    report.object(false, || json!({ "file": name, "recipients": recipients.len(), "header_length": header.len() }))
}
