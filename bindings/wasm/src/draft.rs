//! Envelopes in two steps: JavaScript asks external keys in between.

use fortress::{
    Keyring,
    envelope::{self, Keep, Metadata, RewrapOptions},
    hazmat::{Draft, RewrapDraft},
};
use wasm_bindgen::prelude::wasm_bindgen;

use crate::{
    failure::Failure,
    frame::{self, Reader},
    keyring::KeyringHandle,
    message::{self, Message},
    parties::Parties,
    random::Pool,
};

/// An envelope that is yet to get its recipients.
#[wasm_bindgen]
pub struct EnvelopeDraft(pub(crate) Draft);

#[wasm_bindgen]
impl EnvelopeDraft {
    /// A draft of an envelope of data; the suite may follow from these recipients. Frame: as that of [`Message::encrypt`].
    pub fn data(recipients: &Parties, len: usize) -> Option<EnvelopeDraft> {
        frame::make(len, |input, _| {
            let options = message::options(input)?;
            Ok(EnvelopeDraft(recipients.recipients(|recipients| Draft::new(recipients, &options, &mut Pool))?))
        })
    }

    /// A draft of a sealed keyring. Frame: metadata.
    pub fn keyring(len: usize) -> Option<EnvelopeDraft> {
        frame::make(len, |input, _| Ok(EnvelopeDraft(Keyring::draft(Metadata::new(input.pairs()?), &mut Pool)?)))
    }

    /// Result: the file key, in the clear, for external keys to wrap; then its associated data.
    pub fn expose_file_key(&self) -> i32 {
        expose(self.0.expose_file_key(), &self.0.associated_data())
    }

    /// The envelope for these recipients, its message yet to be encrypted.
    pub fn into_message(self, recipients: &Parties) -> Option<Message> {
        frame::make(0, |_, _| {
            let created = recipients.recipients(|recipients| self.0.create(recipients, &mut Pool))?;
            Ok(Message::created(created))
        })
    }

    /// The sealed keyring for these recipients.
    pub fn seal(self, keyring: &KeyringHandle, recipients: &Parties) -> i32 {
        frame::call(0, |_, out| {
            let sealed = recipients
                .recipients(|recipients| keyring.with(|keyring| keyring.seal_draft(self.0, recipients, &mut Pool)))?;
            out.extend_from_slice(&sealed);
            Ok(())
        })
    }
}

/// An envelope's header that is open, and yet to get its new recipients.
#[wasm_bindgen]
pub struct HeaderDraft {
    draft: RewrapDraft,
    /// Bytes of the envelope that the new header takes the place of.
    replaced: usize,
}

#[wasm_bindgen]
impl HeaderDraft {
    /// The header of an envelope of data. Frame: who stays, 1 if a context follows, context, everything before the first chunk.
    pub fn data(identities: &Parties, len: usize) -> Option<HeaderDraft> {
        frame::make(len, |input, _| {
            let stay = Stay::read(input)?;
            let context = (input.number()? != 0).then(|| input.context()).transpose()?;
            let options = RewrapOptions { keep: stay.keep(), context: context.as_ref(), ..Default::default() };
            let prefix = input.rest();
            let draft = identities.identities(|identities| RewrapDraft::new(prefix, identities, &options))?;
            Ok(HeaderDraft { draft, replaced: envelope::rewrapped_len(prefix)? })
        })
    }

    /// The header of a sealed keyring. Frame: who stays, its bytes.
    pub fn keyring(identities: &Parties, len: usize) -> Option<HeaderDraft> {
        frame::make(len, |input, _| {
            let stay = Stay::read(input)?;
            let options = RewrapOptions { keep: stay.keep(), ..Default::default() };
            let sealed = input.rest();
            let draft = identities.identities(|identities| Keyring::rewrap_draft(sealed, identities, &options))?;
            Ok(HeaderDraft { draft, replaced: envelope::rewrapped_len(sealed)? })
        })
    }

    /// Result: the file key, in the clear, for external keys to wrap; then its associated data.
    pub fn expose_file_key(&self) -> i32 {
        expose(self.draft.expose_file_key(), &self.draft.associated_data())
    }

    /// The header for these recipients. Result: length of what is replaced, then what takes its place.
    pub fn finish(self, recipients: &Parties) -> i32 {
        frame::call(0, |_, out| {
            let header = recipients.recipients(|recipients| self.draft.finish(recipients, &mut Pool))?;
            out.extend_from_slice(&(self.replaced as u32).to_le_bytes());
            out.extend_from_slice(&header);
            Ok(())
        })
    }
}

/// What may be asked of external keys to open an envelope. Frame: everything before its first chunk. Result: nothing where nothing is to be
/// asked; otherwise the associated data, how many references one key is asked for, in a byte, then each reference and what it wrapped, with
/// their lengths before them.
#[wasm_bindgen]
pub fn external_requests(identities: &Parties, len: usize) -> i32 {
    frame::call(len, |input, out| {
        let requests = identities.identities(|identities| envelope::external_requests(input.rest(), identities))?;
        for request in requests {
            if out.is_empty() {
                out.extend_from_slice(&request.associated);
                out.push(envelope::MAX_EXTERNAL_TRIES as u8);
            }
            for part in [request.reference.as_bytes(), &request.wrapped] {
                out.extend_from_slice(&(part.len() as u32).to_le_bytes());
                out.extend_from_slice(part);
            }
        }
        Ok(())
    })
}

/// Which recipients stay. Frame: 0 for none, 1 for those that the identities do not open, 2 for all, 3 for those at places, which follow with
/// their number before them.
enum Stay {
    Named(Keep<'static>),
    At(Vec<usize>),
}

impl Stay {
    fn read(input: &mut Reader<'_>) -> Result<Stay, Failure> {
        Ok(match input.number()? {
            0 => Stay::Named(Keep::Nobody),
            1 => Stay::Named(Keep::Others),
            2 => Stay::Named(Keep::Everybody),
            3 => {
                let count = input.number()?;
                Stay::At((0..count).map(|_| input.number()).collect::<Result<_, _>>()?)
            }
            _ => return Err(Failure::argument("there is no such choice of recipients that stay")),
        })
    }

    fn keep(&self) -> Keep<'_> {
        match self {
            Stay::Named(keep) => *keep,
            Stay::At(places) => Keep::Only(places),
        }
    }
}

fn expose(file_key: &[u8; 32], associated: &[u8; 32]) -> i32 {
    frame::call(0, |_, out| {
        out.extend_from_slice(file_key);
        out.extend_from_slice(associated);
        Ok(())
    })
}
