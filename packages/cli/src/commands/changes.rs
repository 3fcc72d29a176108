//! Who comes, who stays and who goes: what `rewrap` and `keyring rewrap` have in common.

use std::path::Path;

use fortress::envelope::{Header, Keep, Recipient, RecipientInfo, RewrapOptions};
use fortress::external::{ExternalKey, wrapping_reference};
use fortress::identity::{IdentityError, IdentityId, PublicRecipient};
use fortress::{Argon2Params, Keyring, Passphrase, inspect};

use crate::arguments::{Changes, Common, Unlock};
use crate::external::{self, KeyUri};
use crate::failure::{Exit, Failure};
use crate::keyrings;
use crate::opener::Opener;
use crate::recipients::Recipients;

/// What the options say, opened.
pub(super) struct Changing {
    keyring: Option<Keyring>,
    key: Option<Box<dyn ExternalKey>>,
    passphrase: Option<Passphrase>,
    /// What guessing it costs.
    costs: Argon2Params,
    named: Recipients,
    /// Whom to take out; then everybody else is kept.
    remove: Vec<Who>,
    add: bool,
    keep_others: bool,
}

impl Changing {
    /// `what` is asked a passphrase for.
    pub(super) fn new(changes: &Changes, what: &str, common: &Common) -> Result<Changing, Failure> {
        let remove = changes.remove.iter().map(|text| Who::parse(text)).collect::<Result<_, _>>()?;
        let key = changes.recipient.as_deref().and_then(external::as_uri);
        let key = key.map(|uri| common.hardware.open(&uri)).transpose()?;
        if key.is_some() && changes.recipient_scope.is_some() {
            return Err(Failure::usage("--recipient-scope narrows a keyring, and an external key is none"));
        }
        let keyring = match &changes.recipient {
            Some(path) if key.is_none() => {
                let by = Unlock {
                    unlock: changes.recipient_unlock.clone(),
                    identity: changes.recipient_identity.clone(),
                    share: changes.recipient_share.clone(),
                };
                let unlocked = keyrings::unlock_second(path, &by, common)?;
                Some(keyrings::narrow(unlocked.keyring, changes.recipient_scope.as_ref())?)
            }
            _ => None,
        };
        let passphrase = changes.passphrase.then(|| common.passphrases.setting(what)).transpose()?;
        let (add, keep_others) = (changes.add, changes.keep_others);
        let named = changes.to.recipients()?;
        let costs = Argon2Params::RECOMMENDED;
        let changing = Changing { keyring, key, passphrase, costs, named, remove, add, keep_others };
        if add && !changing.names_somebody() {
            return Err(Failure::usage("nobody is named to be added: give --to IDENTITY, -r KEYRING or -p"));
        }
        Ok(changing)
    }

    /// With these costs of guessing the passphrase.
    pub(super) fn costing(self, costs: Argon2Params) -> Changing {
        Changing { costs, ..self }
    }

    /// Does somebody come?
    pub(super) fn names_somebody(&self) -> bool {
        self.keyring.is_some() || self.key.is_some() || self.passphrase.is_some() || !self.named.is_empty()
    }

    /// Does somebody go who is named?
    pub(super) fn removes_somebody(&self) -> bool {
        !self.remove.is_empty()
    }

    /// Who comes. Where nobody is named, what opens it takes its own place, by its newest version.
    pub(super) fn recipients<'r>(&'r self, opener: &'r Opener) -> Result<Vec<Recipient<'r>>, Failure> {
        if self.names_somebody() || self.removes_somebody() {
            let keyring = self.keyring.iter().map(Recipient::from);
            let passphrase = self.passphrase.iter().map(|passphrase| Recipient::Passphrase(passphrase, self.costs));
            let key = self.key.iter().map(|key| Recipient::External(&**key));
            return Ok(keyring.chain(passphrase).chain(key).chain(self.named.list()).collect());
        }
        match opener {
            Opener::Keyring(keyring) => Ok(vec![keyring.into()]),
            Opener::External(key) => Ok(vec![Recipient::External(&**key)]),
            Opener::Passphrase(_) | Opener::People(_) => {
                Err(Failure::usage("nobody new is named: give --to IDENTITY, -r KEYRING, or -p for another passphrase"))
            }
        }
    }

    /// The places of those who stay in this very header, where some are to be taken out.
    pub(super) fn places(&self, prefix: &[u8]) -> Result<Option<Vec<usize>>, Failure> {
        if self.remove.is_empty() {
            return Ok(None);
        }
        let header = inspect::envelope(prefix, None)?.header;
        let infos: Vec<RecipientInfo> = header.iter().flat_map(Header::recipient_infos).collect();
        let mut stay = vec![true; infos.len()];
        for who in &self.remove {
            for place in who.places(&infos)? {
                stay[place] = false;
            }
        }
        let places: Vec<usize> = (0..infos.len()).filter(|&place| stay[place]).collect();
        if places.is_empty() && !self.names_somebody() {
            return Err(Failure::usage(
                "nobody would be left who can open it: name who takes the place of the last one, with --to, -r or -p",
            ));
        }
        Ok(Some(places))
    }

    /// Who stays, besides what else there is to say. `places` are those of [`places`](Changing::places).
    pub(super) fn options<'p>(&self, places: Option<&'p [usize]>) -> RewrapOptions<'p> {
        let keep = match places {
            Some(places) => Keep::Only(places),
            None if self.add => Keep::Everybody,
            None if self.keep_others => Keep::Others,
            None if self.names_somebody() => Keep::Nobody,
            // The same keyring by another version: nobody comes and nobody goes.
            None => Keep::Others,
        };
        RewrapOptions { keep, ..RewrapOptions::default() }
    }

    pub(super) fn write_shares(&self) -> Result<(), Failure> {
        self.named.write_shares()
    }
}

/// Whom somebody names.
enum Who {
    /// By the place in the list, from 1.
    Place(usize),
    Passphrase,
    /// By a public identity.
    Identity(IdentityId),
    /// By an external key's URI.
    Key(KeyUri),
    /// By an id, or a reference as it is listed.
    Listed(String),
}

impl Who {
    /// What is given by mistake may be a secret: it is refused without being repeated.
    fn parse(text: &str) -> Result<Who, Failure> {
        if text.to_ascii_lowercase().starts_with("fortress") {
            let public = text.parse().map_err(|error: IdentityError| Failure::from(error).of("--remove"))?;
            return Ok(match public {
                PublicRecipient::Identity(identity) => Who::Identity(identity.id()),
                PublicRecipient::Scope(scope) => Who::Listed(scope.key_id().to_string()),
            });
        }
        match text.strip_prefix('#').map(str::parse) {
            Some(Ok(number)) => Ok(Who::Place(number)),
            Some(Err(_)) => {
                Err(Failure::usage("--remove: # is followed by a number, such as #1 for the first in the list"))
            }
            None if text == "passphrase" => Ok(Who::Passphrase),
            None if let Some(uri) = external::as_uri(Path::new(text)) => Ok(Who::Key(uri)),
            None => Ok(Who::Listed(text.to_owned())),
        }
    }

    fn places(&self, infos: &[RecipientInfo]) -> Result<Vec<usize>, Failure> {
        let places: Vec<usize> =
            (1..).zip(infos).filter(|(number, info)| self.is(*number, info)).map(|(number, _)| number - 1).collect();
        if let Who::Key(_) = self
            && places.iter().any(|&place| wraps(&infos[place]) != wraps(&infos[places[0]]))
        {
            return Err(Failure::usage(
                "--remove names several keys; give the whole reference of one, as `fortress inspect` lists it",
            ));
        }
        if !places.is_empty() {
            return Ok(places);
        }
        let who = match self {
            Who::Place(number) => format!("#{number}"),
            Who::Passphrase => "a passphrase".to_owned(),
            Who::Identity(id) => format!("identity {id}"),
            // An id, as far as it looks like one.
            Who::Listed(text) if text.len() <= MAX_ID_LEN && text.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
                text.clone()
            }
            Who::Listed(_) | Who::Key(_) => "what --remove names".to_owned(),
        };
        Err(Failure::new(
            Exit::Usage,
            "no_such_recipient",
            format!("{who} is none of its recipients; `fortress inspect` lists them"),
        ))
    }

    /// Is it this recipient, whose place is `number`, from 1?
    fn is(&self, number: usize, info: &RecipientInfo) -> bool {
        match (self, info) {
            (Who::Place(wanted), _) => *wanted == number,
            (Who::Passphrase, RecipientInfo::Passphrase { .. }) => true,
            (Who::Identity(wanted), RecipientInfo::Identity { id }) => wanted == id,
            (Who::Listed(text), RecipientInfo::Keyring { key_id } | RecipientInfo::Scope { key_id }) => {
                key_id.to_string() == *text
            }
            (Who::Listed(text), RecipientInfo::Identity { id }) => id.to_string() == *text,
            (Who::Listed(text), RecipientInfo::Shares { set, .. }) => set.to_string() == *text,
            (Who::Listed(text), RecipientInfo::External { reference }) => reference == text,
            // A data key goes with the key that wrapped it, which opens it.
            (Who::Key(uri), RecipientInfo::External { .. }) => {
                wraps(info).is_some_and(|reference| uri.names(reference))
            }
            _ => false,
        }
    }
}

/// The reference of the key that wraps for a recipient, or wraps its data key.
fn wraps(info: &RecipientInfo) -> Option<&str> {
    match info {
        RecipientInfo::External { reference } => Some(wrapping_reference(reference).unwrap_or(reference)),
        _ => None,
    }
}

/// Digits of the longest id.
const MAX_ID_LEN: usize = 16;
