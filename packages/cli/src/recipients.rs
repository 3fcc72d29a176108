//! Who may open what is written, besides keyrings and passphrases: `--to`, `--to-file`, `--shares`.

use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};

use clap::ValueHint;
use fortress::envelope::{Recipient, RecipientInfo};
use fortress::identity::{IdentityError, PublicIdentity, PublicRecipient, ScopeIdentity};
use fortress::shares::{Share, ShareError, ShareSet};

use crate::failure::{Exit, Failure, shown};
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
    #[arg(long, value_name = "K/N", value_parser = words::parse_shares)]
    pub(crate) shares: Option<(u8, u8)>,
    /// The folder to write the shares to that no --holder has, a file each; give each to someone else
    #[arg(long, value_name = "FOLDER", requires = "shares", value_hint = ValueHint::DirPath)]
    pub(crate) shares_dir: Option<PathBuf>,
    /// Keep a share in what is written, sealed for whoever holds IDENTITY, or for each one in a FILE of them; can be repeated
    ///
    /// The holder takes it out with `fortress identity shares`.
    #[arg(long, value_name = "IDENTITY|FILE", requires = "shares", value_hint = ValueHint::FilePath)]
    pub(crate) holder: Vec<String>,
}

/// The recipients that `To` names.
#[derive(Default)]
pub(crate) struct Recipients {
    identities: Vec<PublicIdentity>,
    scopes: Vec<ScopeIdentity>,
    shares: Option<NewShares>,
}

/// A share set that is made, who find their shares in the header, and the folder for the others.
struct NewShares {
    set: ShareSet,
    holders: Vec<PublicIdentity>,
    folder: Option<PathBuf>,
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
        if let Some((threshold, count)) = self.shares {
            let set = ShareSet::generate(threshold, count, &mut random::generator())?;
            let holders = self.holders()?;
            let (shares, folder) = (set.shares().len(), self.shares_dir.clone());
            if holders.len() > shares {
                let error = ShareError::TooManyHolders { holders: holders.len(), count };
                return Err(Failure::from(error).of("--holder"));
            }
            if holders.len() < shares && folder.is_none() {
                return Err(Failure::usage(format!(
                    "{} of the {count} shares have no holder: name a folder for them with --shares-dir, or holders with --holder",
                    shares - holders.len()
                )));
            }
            recipients.shares = Some(NewShares { set, holders, folder, written: Cell::new(false) });
        }
        Ok(recipients)
    }

    /// One each: who held two shares would open alone what takes two.
    fn holders(&self) -> Result<Vec<PublicIdentity>, Failure> {
        let mut holders: Vec<PublicIdentity> = Vec::new();
        for (text, place) in people::public_texts(&self.holder, "--holder")? {
            let holder = text.parse().map_err(|error: IdentityError| Failure::from(error).of(&place))?;
            if holders.contains(&holder) {
                return Err(Failure::usage(format!("{place}: a holder of another share already; each has one")));
            }
            holders.push(holder);
        }
        Ok(holders)
    }
}

impl Recipients {
    pub(crate) fn list(&self) -> Vec<Recipient<'_>> {
        let identities = self.identities.iter().map(Recipient::from);
        identities
            .chain(self.scopes.iter().map(Recipient::from))
            .chain(self.shares.iter().map(|new| Recipient::Shares(&new.set, &new.holders)))
            .collect()
    }

    /// Writes the shares, once: when nothing else is in the way, and before anything is encrypted for them, so that a set without
    /// its shares is never all that opens something.
    pub(crate) fn write_shares(&self) -> Result<(), Failure> {
        match &self.shares {
            // Said only once they are there: what comes after a failure must not be encrypted for shares that nobody has.
            Some(NewShares { set, holders, folder: Some(folder), written }) if !written.get() => {
                write_shares(set.shares().iter().skip(holders.len()), set.shares().len(), folder)?;
                written.set(true);
                Ok(())
            }
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
        match text.parse()? {
            PublicRecipient::Scope(scope) => self.scopes.push(scope),
            PublicRecipient::Identity(identity) if self.identities.contains(&identity) => {}
            PublicRecipient::Identity(identity) => self.identities.push(identity),
        }
        Ok(())
    }
}

/// Each share of a set of `count` in a file that only its owner reads; which they are. Nothing is replaced.
pub(crate) fn write_shares<'s>(
    shares: impl Iterator<Item = &'s Share>,
    count: usize,
    folder: &Path,
) -> Result<Vec<PathBuf>, Failure> {
    let write = |share: &Share| {
        fs::create_dir_all(folder).map_err(|error| Failure::write(&shown(folder), &error))?;
        let (id, number, threshold) = (share.set(), share.number(), share.threshold());
        let path = folder.join(format!("share-{id}-{number}-of-{count}.txt"));
        let about = format!("share {number} of {count}; any {threshold} of them open; for one person to keep");
        let text = share.expose_text();
        let contents = zeroize::Zeroizing::new(format!("# {about}\n{}\n", *text));
        let care = Care { force: false, mode: PRIVATE, durable: true };
        let written = write_file(&Target::File(path.clone()), contents.as_bytes(), care);
        written.map_err(|failure| match failure.exit {
            Exit::Exists => {
                let advice =
                    format!("{} exists, and no share is replaced; name another folder with --shares-dir", shown(&path));
                Failure::new(Exit::Exists, failure.code, advice)
            }
            _ => failure,
        })?;
        Ok(path)
    };
    shares.map(write).collect()
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
