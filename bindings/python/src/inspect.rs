//! What can be told of a ciphertext without a key.

use fortress::{
    Suite,
    envelope::{self, Header, RecipientInfo},
    inspect::{self as core, Inspection},
    token::{TokenError, decode_text},
};
use pyo3::{
    prelude::*,
    types::{PyDict, PyString},
};

use crate::{buffer::Bytes, failure::Failure, text::utf8};

/// Inspects a token (text or bytes), or an envelope of `total` bytes from its start. The answer is the arguments of
/// `fortress.Inspection`.
#[pyfunction]
#[pyo3(signature = (data, total=None))]
pub(crate) fn inspect<'py>(data: &Bound<'py, PyAny>, total: Option<u64>) -> PyResult<Bound<'py, PyDict>> {
    let inspection = match data.cast::<PyString>() {
        Ok(text) => core::token(&decode_text(utf8(text)?).map_err(Failure::from)?).map_err(Failure::from)?,
        Err(_) => {
            let bytes = Bytes::of(data, "what is inspected")?;
            token_or_envelope(bytes.as_slice(), total)?
        }
    };
    describe(data.py(), &inspection)
}

/// Bytes of an envelope before its first chunk, from its start; `None` when that is too short to tell.
#[pyfunction]
pub(crate) fn prefix_len(start: &Bound<'_, PyAny>) -> PyResult<Option<usize>> {
    Ok(envelope::prefix_len(Bytes::of(start, "an envelope")?.as_slice()).map_err(Failure::from)?)
}

fn token_or_envelope(bytes: &[u8], total: Option<u64>) -> Result<Inspection, Failure> {
    match core::token(bytes) {
        // What does not start as a token may be an envelope.
        Err(TokenError::UnknownVersion(_)) => Ok(core::envelope(bytes, total)?),
        inspected => Ok(inspected?),
    }
}

fn describe<'py>(py: Python<'py>, inspection: &Inspection) -> PyResult<Bound<'py, PyDict>> {
    let answer = PyDict::new(py);
    answer.set_item("kind", inspection.kind.name())?;
    answer.set_item("suite_id", inspection.suite_id)?;
    let suite = inspection.suite_id.and_then(|id| Suite::from_id(id).ok());
    answer.set_item("suite", suite.map(Suite::title))?;
    answer.set_item("key_id", inspection.key_id.map(|id| id.to_string()))?;
    answer.set_item("plaintext_length", inspection.plaintext_len)?;
    let header = inspection.header.as_ref();
    answer.set_item("content", header.map(Header::content))?;
    answer.set_item("metadata", header.map(|header| metadata(py, header)).transpose()?)?;
    answer.set_item("recipients", header.map(|header| recipients(py, header)).transpose()?)?;
    let fields = inspection.fields.iter().map(|field| (field.offset, field.len, field.name, field.value.as_str()));
    answer.set_item("fields", fields.collect::<Vec<_>>())?;
    Ok(answer)
}

/// The public metadata of a header.
pub(crate) fn metadata<'py>(py: Python<'py>, header: &Header) -> PyResult<Bound<'py, PyDict>> {
    let entries = PyDict::new(py);
    for (key, value) in header.metadata().iter() {
        entries.set_item(key, value)?;
    }
    Ok(entries)
}

fn recipients<'py>(py: Python<'py>, header: &Header) -> PyResult<Vec<Bound<'py, PyDict>>> {
    let recipient = |info| {
        let answer = PyDict::new(py);
        match info {
            RecipientInfo::Keyring { key_id } => {
                answer.set_item("kind", "keyring")?;
                answer.set_item("key_id", key_id.to_string())?;
            }
            RecipientInfo::Passphrase { params } => {
                answer.set_item("kind", "passphrase")?;
                answer.set_item("passes", params.passes)?;
                answer.set_item("memory_kib", params.memory_kib)?;
                answer.set_item("lanes", params.lanes)?;
            }
            RecipientInfo::Identity { id } => {
                answer.set_item("kind", "identity")?;
                answer.set_item("id", id.to_string())?;
            }
            RecipientInfo::Shares { set, threshold, count } => {
                answer.set_item("kind", "shares")?;
                answer.set_item("set", set.to_string())?;
                answer.set_item("threshold", threshold)?;
                answer.set_item("count", count)?;
            }
            RecipientInfo::External { reference } => {
                answer.set_item("kind", "external")?;
                answer.set_item("reference", reference)?;
            }
            RecipientInfo::Scope { key_id } => {
                answer.set_item("kind", "scope")?;
                answer.set_item("key_id", key_id.to_string())?;
            }
            RecipientInfo::Other { kind } => {
                answer.set_item("kind", "other")?;
                answer.set_item("type", kind)?;
            }
            // A kind that the core has learned and this crate has not.
            _ => answer.set_item("kind", "other")?,
        }
        Ok(answer)
    };
    header.recipient_infos().map(recipient).collect()
}
