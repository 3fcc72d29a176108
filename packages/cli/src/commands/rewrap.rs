//! `fortress rewrap`.

use std::io::{self, Write as _};
use std::path::Path;

use fortress::envelope::{self, EnvelopeError, Keep, Recipient, RewrapOptions};
use fortress::external::ExternalKey;
use fortress::{Context, Keyring, Passphrase, inspect};
use serde_json::json;

use super::Opener;
use crate::arguments::{Common, Rewrap, Unlock};
use crate::external;
use crate::failure::{Exit, Failure, shown};
use crate::in_place::{self, Fault, Saved};
use crate::input::{Input, Source};
use crate::keyrings;
use crate::output::{Care, Output, Target};
use crate::random;
use crate::report::Report;

pub(super) fn run(arguments: &Rewrap, common: &Common, report: &mut Report) -> Result<(), Failure> {
    let opener = Opener::new(&arguments.keyring, &arguments.external, common)?;
    let new_key = arguments.recipient.as_deref().and_then(external::as_uri);
    let new_key = new_key.map(|uri| common.hardware.open(&uri)).transpose()?;
    if new_key.is_some() && arguments.recipient_scope.is_some() {
        return Err(Failure::usage("--recipient-scope narrows a keyring, and an external key is none"));
    }
    let new_keyring = match &arguments.recipient {
        None => None,
        Some(_) if new_key.is_some() => None,
        Some(path) => {
            let unlocked = keyrings::unlock(path, &Unlock::default(), &common.hardware, |name| {
                common.passphrases.opening_second(name)
            })?;
            Some(keyrings::narrow(unlocked.keyring, arguments.recipient_scope.as_ref())?)
        }
    };
    let new_passphrase = arguments.passphrase.then(|| common.passphrases.setting("the files")).transpose()?;
    let new_key = new_key.as_deref();
    let to_others = new_keyring.is_some() || new_key.is_some() || new_passphrase.is_some();
    if arguments.add && !to_others {
        return Err(Failure::usage("nobody is named to be added: give -r KEYRING or -p"));
    }
    let rewrapping = Rewrapping {
        keep: match arguments {
            Rewrap { add: true, .. } => Keep::Everybody,
            Rewrap { keep_others: true, .. } => Keep::Others,
            _ if to_others => Keep::Nobody,
            // The same keyring by another version: nobody comes and nobody goes.
            _ => Keep::Others,
        },
        recipients: recipients(&opener, new_keyring.as_ref(), new_key, new_passphrase.as_ref())?,
        // For the keyring that opens them, what is in the files does not matter; others are given what is meant and nothing else.
        context: (to_others || !arguments.context.is_empty())
            .then(|| keyrings::context(&arguments.context))
            .transpose()?,
        opener: &opener,
    };
    for path in &arguments.files {
        match rewrapping.rewrap(path, report) {
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
    key: Option<&'r dyn ExternalKey>,
    passphrase: Option<&'r Passphrase>,
) -> Result<Vec<Recipient<'r>>, Failure> {
    let given = [keyring.map(Recipient::from), key.map(Recipient::from), passphrase.map(Recipient::from)];
    let given: Vec<_> = given.into_iter().flatten().collect();
    match opener {
        _ if !given.is_empty() => Ok(given),
        Opener::Keyring(keyring) => Ok(vec![keyring.into()]),
        Opener::External(key) => Ok(vec![Recipient::External(&**key)]),
        Opener::Passphrase(_) => {
            Err(Failure::usage("nobody new is named: give -r KEYRING, or -p for another passphrase"))
        }
    }
}

/// What it takes to rewrap files.
struct Rewrapping<'r> {
    opener: &'r Opener,
    keep: Keep<'static>,
    recipients: Vec<Recipient<'r>>,
    context: Option<Context>,
}

impl Rewrapping<'_> {
    fn rewrap(&self, path: &Path, report: &Report) -> Result<(), Failure> {
        let name = shown(path);
        // What is beside a link is not beside the file.
        let path = &std::fs::canonicalize(path).map_err(|error| Failure::read(&name, &error))?;
        let mut input = Input::open(&Source::File(path.to_owned()))?;
        if input.len.is_none() {
            return Err(Failure::new(
                Exit::Unreadable,
                "unreadable",
                format!("{name} is not a file; rewrap replaces files"),
            ));
        }
        let of = |error: EnvelopeError| Failure::from(error).of(&name);
        let prefix = input.read_prefix()?;
        let (now, message_start) = prefix.split_at(envelope::rewrapped_len(&prefix).map_err(of)?);
        // If the header is not whole, a run was cut short that had saved the one before: the length of both is the same.
        let saved = || Saved::beside(path).read(now.len());
        let (before, header) = match (self.header(&prefix), saved) {
            (Ok(header), _) => (now.to_vec(), header),
            (Err(error), saved) => {
                let before = saved().ok_or_else(|| of(error.clone()))?;
                let header = self.header(&[&before, message_start].concat()).map_err(|_| of(error))?;
                (before, header)
            }
        };
        let in_place = header.len() == now.len() && overwrite(path, &name, now, &before, &header)?;
        if !in_place {
            copy(&mut input, path, &name, &[&header, message_start])?;
        }
        report.object(false, || {
            json!({
                "file": name,
                "recipients": recipients_of(&[&header, message_start].concat()),
                "header_length": header.len(),
                "in_place": in_place,
            })
        })
    }

    fn header(&self, prefix: &[u8]) -> Result<Vec<u8>, EnvelopeError> {
        let options = RewrapOptions { keep: self.keep, context: self.context.as_ref(), ..Default::default() };
        envelope::rewrap(prefix, &[self.opener.identity()], &self.recipients, &options, &mut random::generator())
    }
}

fn recipients_of(prefix: &[u8]) -> Option<usize> {
    let header = inspect::envelope(prefix, None).ok()?.header?;
    Some(header.recipient_infos().len())
}

/// Writes the header where it is; `false` where the file cannot be changed.
fn overwrite(path: &Path, name: &str, now: &[u8], before: &[u8], header: &[u8]) -> Result<bool, Failure> {
    match in_place::overwrite(path, now, before, header) {
        Ok(()) => Ok(true),
        Err(Fault::NotHere) => Ok(false),
        Err(Fault::Changed) => Err(Failure::new(
            Exit::Unreadable,
            "unreadable",
            format!("{name} was changed by another program meanwhile; it is as that left it, try again"),
        )),
        Err(Fault::Failed(error)) => Err(Failure::write(name, &error)),
    }
}

/// Writes the file anew, with this start, and moves it into its place.
fn copy(input: &mut Input, path: &Path, name: &str, start: &[&[u8]]) -> Result<(), Failure> {
    let care = Care { force: true, durable: true, mode: input.mode };
    let mut output = Output::open(&Target::File(path.to_owned()), care)?;
    let failed = |error: io::Error| Failure::write(name, &error);
    for part in start {
        output.write_all(part).map_err(failed)?;
    }
    // From file to file: the system copies it without a detour through this program.
    io::copy(input.file(), output.file()).map_err(failed)?;
    output.commit()
}
