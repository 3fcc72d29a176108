//! Who may open what is written, besides keyrings and passphrases: `--to`, `--to-file`, `--shares`.

use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};

use clap::ValueHint;
use fortress::envelope::{Recipient, RecipientInfo};
use fortress::identity::{IdentityError, PublicIdentity, ScopeIdentity};
use fortress::shares::ShareSet;

use crate::failure::{Failure, shown};
use crate::output::{Care, PRIVATE, Target, write_file};
use crate::{people, random, words};

/// Who else may open what is written.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct To {
    /// Encrypt for whoever holds IDENTITY, which starts with fortress1 or fortress-scope-1; can be repeated
    #[arg(long, value_name = "IDENTITY")]
    pub(crate) to: Vec<String>,
    /// Encrypt for each identity in FILE, one a line; can be repeated
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) to_file: Vec<PathBuf>,
    /// Encrypt for a new share set, such as 2/3: any 2 of its 3 shares open
    #[arg(long, value_name = "K/N", requires = "shares_dir", value_parser = words::parse_shares)]
    pub(crate) shares: Option<(u8, u8)>,
    /// The folder to write the shares to, a file each; give each to someone else
    #[arg(long, value_name = "FOLDER", requires = "shares", value_hint = ValueHint::DirPath)]
    pub(crate) shares_dir: Option<PathBuf>,
}

/// The recipients that `To` names.
#[derive(Default)]
pub(crate) struct Recipients {
    identities: Vec<PublicIdentity>,
    scopes: Vec<ScopeIdentity>,
    shares: Option<NewShares>,
}

/// A share set that is made, and the folder for its shares.
struct NewShares {
    set: ShareSet,
    folder: PathBuf,
    written: Cell<bool>,
}

impl To {
    pub(crate) fn is_empty(&self) -> bool {
        self.to.is_empty() && self.to_file.is_empty() && self.shares.is_none()
    }

    /// Reads identities and makes the share set, whose shares are yet to be [written](Recipients::write_shares).
    pub(crate) fn recipients(&self) -> Result<Recipients, Failure> {
        let mut recipients = Recipients::default();
        for text in &self.to {
            recipients.add(text).map_err(|error| Failure::from(error).of("--to"))?;
        }
        for path in &self.to_file {
            for (number, line) in (1..).zip(people::lines(path)?) {
                let place = || format!("{}, text {number}", shown(path));
                recipients.add(&line).map_err(|error| Failure::from(error).of(&place()))?;
            }
        }
        if let (Some((threshold, count)), Some(folder)) = (self.shares, &self.shares_dir) {
            let set = ShareSet::generate(threshold, count, &mut random::generator())?;
            recipients.shares = Some(NewShares { set, folder: folder.clone(), written: Cell::new(false) });
        }
        Ok(recipients)
    }
}

impl Recipients {
    pub(crate) fn list(&self) -> Vec<Recipient<'_>> {
        let identities = self.identities.iter().map(Recipient::from);
        identities
            .chain(self.scopes.iter().map(Recipient::from))
            .chain(self.shares.iter().map(|new| Recipient::from(&new.set)))
            .collect()
    }

    /// Writes the shares, once: when nothing else is in the way, and before anything is encrypted for them, so that a set without
    /// its shares is never all that opens something.
    pub(crate) fn write_shares(&self) -> Result<(), Failure> {
        match &self.shares {
            Some(NewShares { set, folder, written }) if !written.replace(true) => write_shares(set, folder),
            _ => Ok(()),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.identities.is_empty() && self.scopes.is_empty() && self.shares.is_none()
    }

    /// Is it one of them that a header names?
    pub(crate) fn include(&self, info: &RecipientInfo) -> bool {
        match info {
            RecipientInfo::Identity { id } => self.identities.iter().any(|identity| identity.id() == *id),
            RecipientInfo::Scope { key_id } => self.scopes.iter().any(|scope| scope.key_id() == *key_id),
            _ => false,
        }
    }

    fn add(&mut self, text: &str) -> Result<(), IdentityError> {
        if text.starts_with("fortress-scope-1") {
            self.scopes.push(text.parse()?);
            return Ok(());
        }
        let identity: PublicIdentity = text.parse()?;
        if !self.identities.contains(&identity) {
            self.identities.push(identity);
        }
        Ok(())
    }
}

/// Each share in a file that only its owner reads. Nothing is replaced.
fn write_shares(set: &ShareSet, folder: &Path) -> Result<(), Failure> {
    fs::create_dir_all(folder).map_err(|error| Failure::write(&shown(folder), &error))?;
    let (id, threshold, count) = (set.id(), set.threshold(), set.shares().len());
    for share in set.shares() {
        let path = folder.join(format!("share-{id}-{}-of-{count}.txt", share.number()));
        let text = share.expose_text();
        let about =
            format!("share {} of {count}; any {threshold} of them open; for one person to keep", share.number());
        let contents = zeroize::Zeroizing::new(format!("# {about}\n{}\n", *text));
        let care = Care { force: false, mode: PRIVATE, durable: true };
        write_file(&Target::File(path), contents.as_bytes(), care)?;
    }
    Ok(())
}

/// A recipient in words.
pub(crate) fn described(info: &RecipientInfo) -> String {
    match info {
        RecipientInfo::Keyring { key_id } => format!("keyring, key id {key_id}"),
        RecipientInfo::Passphrase { .. } => "passphrase".into(),
        RecipientInfo::Identity { id } => format!("identity {id}"),
        RecipientInfo::Shares { set, threshold, count } => format!("share set {set}, any {threshold} of {count}"),
        RecipientInfo::External { reference } => format!("external key {reference}"),
        RecipientInfo::Scope { key_id } => format!("keyring by its scope's identity, key id {key_id}"),
        RecipientInfo::Other { kind } => format!("type {kind}, not known to this version"),
        // Of a kind that this program does not show yet.
        _ => "of a kind that is not shown".into(),
    }
}
