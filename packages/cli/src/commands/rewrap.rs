//! `fortress rewrap`.

use std::io::{self, Write as _};
use std::path::Path;

use fortress::envelope::{self, Header, Recipient, RewrapOptions};
use fortress::{Context, inspect};
use serde_json::json;

use super::changes::Changing;
use super::opener;
use crate::arguments::{Common, Rewrap};
use crate::failure::{Exit, Failure, shown};
use crate::in_place::{self, Fault, Saved};
use crate::input::{Input, Source};
use crate::keyrings;
use crate::opener::Opener;
use crate::output::{Care, Output, Target};
use crate::random;
use crate::report::Report;

pub(super) fn run(arguments: &Rewrap, common: &Common, report: &mut Report) -> Result<(), Failure> {
    let opener = opener(&arguments.keyring, &arguments.external, common)?;
    let changing = Changing::new(&arguments.changes, "the files", common)?;
    let rewrapping = Rewrapping {
        recipients: changing.recipients(&opener)?,
        // For the keyring that opens them, what is in the files does not matter; others are given what is meant and nothing else.
        context: (changing.names_somebody() || !arguments.context.is_empty())
            .then(|| keyrings::context(&arguments.context))
            .transpose()?,
        changing: &changing,
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

/// What it takes to rewrap files.
struct Rewrapping<'r> {
    opener: &'r Opener,
    changing: &'r Changing,
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
        let of = |failure: Failure| failure.of(&name);
        let prefix = input.read_prefix()?;
        require_data(&prefix).map_err(of)?;
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
        self.changing.write_shares()?;
        let in_place = header.len() == now.len() && overwrite(path, &name, now, &before, &header)?;
        if !in_place {
            copy(&mut input, path, &name, &[&header, message_start])?;
        }
        if self.changing.removes_somebody() {
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

    /// The header that takes this one's place. Who is taken out is looked up in the very header that is then found authentic.
    fn header(&self, prefix: &[u8]) -> Result<Vec<u8>, Failure> {
        let places = self.changing.places(prefix)?;
        let options = RewrapOptions { context: self.context.as_ref(), ..self.changing.options(places.as_deref()) };
        let identities = self.opener.identities();
        Ok(envelope::rewrap(prefix, &identities, &self.recipients, &options, &mut random::generator())?)
    }
}

/// A file is asked for, and nothing else that storage may have put in its place is given to others: a keyring least of all.
fn require_data(prefix: &[u8]) -> Result<(), Failure> {
    let header = inspect::envelope(prefix, None)?.header;
    let wrong = |advice: &str| Err(Failure::new(Exit::Format, "wrong_content", advice));
    match header.as_ref().map(Header::content) {
        Some("keyring") => wrong(
            "a sealed keyring, and not a file; if it is the one that you mean, `fortress keyring rewrap` changes who may open it",
        ),
        Some("grant") => wrong("a grant, which stays for whom it was made; make another one with `fortress grant new`"),
        _ => Ok(()),
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
