//! `fortress rewrap`.

use std::io::{self, Write as _};
use std::path::Path;

use fortress::envelope::{self, EnvelopeError, Header, Keep, Recipient, RecipientInfo, RewrapOptions};
use fortress::external::wrapping_reference;
use fortress::identity::PublicIdentity;
use fortress::{Context, Keyring, inspect};
use serde_json::json;

use super::Opener;
use crate::arguments::{Common, Rewrap, Unlock};
use crate::external;
use crate::failure::{Exit, Failure, shown};
use crate::in_place::{self, Fault, Saved};
use crate::input::{Input, Source};
use crate::keyrings;
use crate::output::{Care, Output, Target, write_file};
use crate::random;
use crate::recipients::Recipients;
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
            let by = Unlock {
                unlock: arguments.recipient_unlock.clone(),
                identity: arguments.recipient_identity.clone(),
                share: arguments.recipient_share.clone(),
            };
            let unlocked = keyrings::unlock_second(path, &by, common)?;
            Some(keyrings::narrow(unlocked.keyring, arguments.recipient_scope.as_ref())?)
        }
    };
    let new_passphrase = arguments.passphrase.then(|| common.passphrases.setting("the files")).transpose()?;
    let named = arguments.to.recipients()?;
    let to_others = new_keyring.is_some() || new_key.is_some() || new_passphrase.is_some() || !named.is_empty();
    if arguments.add && !to_others {
        return Err(Failure::usage("nobody is named to be added: give --to IDENTITY, -r KEYRING or -p"));
    }
    let given = new_keyring.iter().map(Recipient::from).chain(new_passphrase.iter().map(Recipient::from));
    let key = new_key.iter().map(|key| Recipient::External(&**key));
    let given: Vec<Recipient<'_>> = given.chain(key).chain(named.list()).collect();
    let rewrapping = Rewrapping {
        keep: match arguments {
            Rewrap { add: true, .. } => Keep::Everybody,
            Rewrap { keep_others: true, .. } => Keep::Others,
            _ if to_others => Keep::Nobody,
            // The same keyring by another version: nobody comes and nobody goes.
            _ => Keep::Others,
        },
        remove: &arguments.remove,
        recipients: if arguments.remove.is_empty() { recipients(&opener, given)? } else { given },
        // For the keyring that opens them, what is in the files does not matter; others are given what is meant and nothing else.
        context: (to_others || !arguments.context.is_empty())
            .then(|| keyrings::context(&arguments.context))
            .transpose()?,
        bound: !arguments.context.is_empty(),
        named: &named,
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

fn recipients<'r>(opener: &'r Opener, given: Vec<Recipient<'r>>) -> Result<Vec<Recipient<'r>>, Failure> {
    match opener {
        _ if !given.is_empty() => Ok(given),
        Opener::Keyring(keyring) => Ok(vec![keyring.into()]),
        Opener::External(key) => Ok(vec![Recipient::External(&**key)]),
        Opener::Passphrase(_) | Opener::People(_) => {
            Err(Failure::usage("nobody new is named: give --to IDENTITY, -r KEYRING, or -p for another passphrase"))
        }
    }
}

/// What it takes to rewrap files.
struct Rewrapping<'r> {
    opener: &'r Opener,
    keep: Keep<'static>,
    /// Whom to take out; then everybody else is kept.
    remove: &'r [String],
    recipients: Vec<Recipient<'r>>,
    named: &'r Recipients,
    context: Option<Context>,
    /// Was a context given?
    bound: bool,
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
        let of = |failure: Failure| failure.of(&name);
        let prefix = input.read_prefix()?;
        if is_keyring(&prefix) {
            return self.rewrap_keyring(path, &name, prefix, &mut input, report);
        }
        let replaced = envelope::rewrapped_len(&prefix).map_err(|error| of(error.into()))?;
        let (now, message_start) = prefix.split_at(replaced);
        let (before, header) = match self.header(&prefix) {
            Ok(header) => (now.to_vec(), header),
            // If the header is not whole, a run was cut short that had saved the one before: the length of both is the same.
            Err(failure) => match Saved::beside(path).read(now.len()) {
                None => return Err(of(failure)),
                Some(before) => {
                    let header = self.header(&[&before, message_start].concat()).map_err(|_| of(failure))?;
                    (before, header)
                }
            },
        };
        self.named.write_shares()?;
        let in_place = header.len() == now.len() && overwrite(path, &name, now, &before, &header)?;
        if !in_place {
            copy(&mut input, path, &name, &[&header, message_start])?;
        }
        if !self.remove.is_empty() {
            report.note(&format!("{name}: who was taken out can still open copies from before, and this one's data if they kept its key; what must be out of their reach has to be encrypted anew"));
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

    /// A sealed keyring is small: it is read whole, and replaced.
    fn rewrap_keyring(
        &self,
        path: &Path,
        name: &str,
        mut sealed: Vec<u8>,
        input: &mut Input,
        report: &Report,
    ) -> Result<(), Failure> {
        let of = |error: EnvelopeError| Failure::from(error).of(name);
        if self.bound {
            return Err(Failure::usage(format!(
                "{name} is a sealed keyring, which is bound to no context: leave --context out"
            )));
        }
        let Some(rest) = input.read_all(MAX_KEYRING_LEN)? else {
            return Err(of(EnvelopeError::NonCanonical));
        };
        sealed.extend_from_slice(&rest);
        let places = self.places(&sealed).map_err(|failure| failure.of(name))?;
        let options = RewrapOptions { keep: self.keep(places.as_deref()), ..RewrapOptions::default() };
        let rewrapped =
            Keyring::rewrap(&sealed, &self.opener.identities(), &self.recipients, &options, &mut random::generator());
        let rewrapped = rewrapped.map_err(of)?;
        self.named.write_shares()?;
        let care = Care { force: true, durable: true, mode: input.mode };
        write_file(&Target::File(path.to_owned()), &rewrapped, care)?;
        if !self.remove.is_empty() {
            report.note(&format!("{name}: who was taken out has its keys if they ever opened it, and can open copies from before; run `fortress keyring rotate`, naming with --to those who stay, and what is encrypted from then on is out of their reach"));
        }
        report.object(false, || {
            let header_length = envelope::rewrapped_len(&rewrapped).ok();
            json!({ "file": name, "recipients": recipients_of(&rewrapped), "header_length": header_length, "in_place": false })
        })
    }

    /// The places of those who stay, where some are to be taken out.
    fn places(&self, prefix: &[u8]) -> Result<Option<Vec<usize>>, Failure> {
        if self.remove.is_empty() {
            return Ok(None);
        }
        let header = inspect::envelope(prefix, None)?.header;
        let infos: Vec<RecipientInfo> = header.iter().flat_map(Header::recipient_infos).collect();
        let mut stay = vec![true; infos.len()];
        for who in self.remove {
            let named: Vec<usize> = (0..infos.len()).filter(|&place| names(who, place, &infos[place])).collect();
            if named.is_empty() {
                let who: String = who.chars().take(40).collect();
                return Err(Failure::new(
                    Exit::Usage,
                    "no_such_recipient",
                    format!("{who} is none of its recipients; `fortress inspect` lists them"),
                ));
            }
            named.into_iter().for_each(|place| stay[place] = false);
        }
        Ok(Some((0..infos.len()).filter(|&place| stay[place]).collect()))
    }

    fn keep<'k>(&self, places: Option<&'k [usize]>) -> Keep<'k> {
        places.map_or(self.keep, Keep::Only)
    }

    /// The header that takes this one's place. Who is taken out is looked up in the very header that is then found authentic.
    fn header(&self, prefix: &[u8]) -> Result<Vec<u8>, Failure> {
        let places = self.places(prefix)?;
        let options =
            RewrapOptions { keep: self.keep(places.as_deref()), context: self.context.as_ref(), ..Default::default() };
        let identities = self.opener.identities();
        Ok(envelope::rewrap(prefix, &identities, &self.recipients, &options, &mut random::generator())?)
    }
}

/// Is it this recipient that someone names?
fn names(who: &str, place: usize, info: &RecipientInfo) -> bool {
    if let Some(number) = who.strip_prefix('#') {
        return number.parse() == Ok(place + 1);
    }
    match info {
        RecipientInfo::Keyring { key_id } | RecipientInfo::Scope { key_id } => key_id.to_string() == who,
        RecipientInfo::Passphrase { .. } => who == "passphrase",
        RecipientInfo::Identity { id } => {
            id.to_string() == who || who.parse::<PublicIdentity>().is_ok_and(|identity| identity.id() == *id)
        }
        RecipientInfo::Shares { set, .. } => set.to_string() == who,
        // A data key goes with the key that wrapped it, which opens it.
        RecipientInfo::External { reference } => {
            [Some(&**reference), wrapping_reference(reference)].contains(&Some(who))
        }
        _ => false,
    }
}

fn is_keyring(prefix: &[u8]) -> bool {
    let header = inspect::envelope(prefix, None).ok().and_then(|inspection| inspection.header);
    header.is_some_and(|header| header.content() == "keyring")
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

/// More than any sealed keyring's payload and its frame.
const MAX_KEYRING_LEN: u64 = 2 << 20;
