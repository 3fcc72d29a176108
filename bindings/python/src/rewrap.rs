//! New recipients for envelopes and sealed keyrings: the header is written anew, the message stays.

use fortress::{
    Context,
    envelope::{self, EnvelopeError, Identity, Keep, RewrapOptions},
    hazmat::RewrapDraft,
};
use pyo3::{
    prelude::*,
    types::{PyBytes, PyString},
};

use crate::{buffer::Bytes, failure::Failure, parties::Parties, random::Pool, text};

/// Writes an envelope's header for other recipients; a context that is given is proved first. Returns how many bytes of the envelope it replaces, and
/// what takes their place.
#[pyfunction]
pub(crate) fn rewrap<'py>(
    prefix: &Bound<'py, PyAny>,
    identities: &Bound<'py, PyAny>,
    recipients: &Bound<'py, PyAny>,
    context: Option<&Bound<'py, PyAny>>,
    keep: &Bound<'py, PyAny>,
) -> PyResult<(usize, Bound<'py, PyBytes>)> {
    let context = context.map(|context| text::context(Some(context))).transpose()?;
    header(prefix, (identities, recipients), context.as_deref(), keep, RewrapDraft::new)
}

/// As [`rewrap`], by what opens the header of one kind of content.
pub(crate) fn header<'py>(
    prefix: &Bound<'py, PyAny>,
    (identities, recipients): (&Bound<'py, PyAny>, &Bound<'py, PyAny>),
    context: Option<&Context>,
    keep: &Bound<'py, PyAny>,
    open: impl FnOnce(&[u8], &[Identity<'_>], &RewrapOptions<'_>) -> Result<RewrapDraft, EnvelopeError> + Send,
) -> PyResult<(usize, Bound<'py, PyBytes>)> {
    let py = prefix.py();
    let keep = Kept::of(keep)?;
    let options = RewrapOptions { keep: keep.borrowed(), context, ..Default::default() };
    let prefix = Bytes::of(prefix, "an envelope")?;
    let prefix = prefix.as_slice();
    let (identities, recipients) = (Parties::of(identities)?, Parties::of(recipients)?);
    let replaced = envelope::rewrapped_len(prefix).map_err(Failure::from)?;
    let draft = identities.opening(py, prefix, |identities| Ok(open(prefix, identities, &options)?))?;
    let header = recipients.finishing(py, draft, |draft, recipients| Ok(draft.finish(recipients, &mut Pool)?))?;
    Ok((replaced, PyBytes::new(py, &header)))
}

/// Who of the recipients stays.
enum Kept {
    Nobody,
    Others,
    Everybody,
    Only(Vec<usize>),
}

impl Kept {
    fn of(keep: &Bound<'_, PyAny>) -> PyResult<Kept> {
        let Ok(name) = keep.cast::<PyString>() else { return Ok(Kept::Only(keep.extract()?)) };
        Ok(match text::utf8(name)? {
            "none" => Kept::Nobody,
            "others" => Kept::Others,
            "all" => Kept::Everybody,
            other => {
                let known = "keep is \"none\", \"others\", \"all\", or the recipients' places in the header";
                return Err(Failure::argument(format!("{known}, got {other:?}")).into());
            }
        })
    }

    fn borrowed(&self) -> Keep<'_> {
        match self {
            Kept::Nobody => Keep::Nobody,
            Kept::Others => Keep::Others,
            Kept::Everybody => Keep::Everybody,
            Kept::Only(places) => Keep::Only(places),
        }
    }
}
