//! Field tokens and rows.

use std::borrow::Cow;

use fortress::{
    Context, Keyring,
    batch::{Batch, BatchError},
    group::Layout,
    token::{decode_text, encode_text},
};
use pyo3::{
    exceptions::PyTypeError,
    prelude::*,
    types::{PyBytes, PyDict, PyString},
};
use zeroize::Zeroizing;

use crate::{
    buffer::Bytes,
    failure::{Failure, of_field},
    keyring::KeyringHandle,
    random::Pool,
    text::{self, context, utf8},
};

/// What a value or a token is, or becomes, in Python.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Text,
    Bytes,
}

impl Form {
    pub(crate) fn of(text: bool) -> Form {
        if text { Form::Text } else { Form::Bytes }
    }

    /// A token in this form.
    pub(crate) fn token<'py>(self, py: Python<'py>, token: &[u8]) -> Bound<'py, PyAny> {
        match self {
            Form::Text => PyString::new(py, &encode_text(token)).into_any(),
            Form::Bytes => PyBytes::new(py, token).into_any(),
        }
    }

    /// A value in this form.
    pub(crate) fn value<'py>(self, py: Python<'py>, value: &[u8]) -> PyResult<Bound<'py, PyAny>> {
        match self {
            Form::Text => Ok(PyString::new(py, std::str::from_utf8(value).map_err(|_| not_text())?).into_any()),
            Form::Bytes => Ok(PyBytes::new(py, value).into_any()),
        }
    }
}

/// A value or a token: a string, or bytes.
pub(crate) enum Data<'py> {
    Text(Bound<'py, PyString>),
    Bytes(Bytes<'py>),
}

impl<'py> Data<'py> {
    pub(crate) fn of(value: &Bound<'py, PyAny>, what: &str) -> PyResult<Data<'py>> {
        if let Ok(text) = value.cast::<PyString>() {
            return Ok(Data::Text(text.clone()));
        }
        Bytes::of(value, what).map(Data::Bytes).map_err(|error| {
            if !error.is_instance_of::<PyTypeError>(value.py()) {
                return error;
            }
            let got = text::type_name(value);
            PyTypeError::new_err(format!(
                "{what} must be str or bytes, got {got}; convert it first, with str() for example"
            ))
        })
    }

    pub(crate) fn form(&self) -> Form {
        match self {
            Data::Text(_) => Form::Text,
            Data::Bytes(_) => Form::Bytes,
        }
    }

    /// The bytes of a value.
    fn value(&self) -> PyResult<&[u8]> {
        match self {
            Data::Text(text) => Ok(utf8(text)?.as_bytes()),
            Data::Bytes(bytes) => Ok(bytes.as_slice()),
        }
    }

    /// The bytes of a token.
    pub(crate) fn token(&self) -> PyResult<Cow<'_, [u8]>> {
        match self {
            Data::Text(text) => Ok(Cow::Owned(decode_text(utf8(text)?).map_err(Failure::from)?)),
            Data::Bytes(bytes) => Ok(Cow::Borrowed(bytes.as_slice())),
        }
    }
}

pub(crate) fn encrypt<'py>(
    keyring: &KeyringHandle,
    value: &Bound<'py, PyAny>,
    context_map: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = value.py();
    let context = context(context_map)?;
    let data = Data::of(value, "a value")?;
    let bytes = data.value()?;
    let token = keyring.with(py, bytes.len(), |keyring| Ok(keyring.encrypt(bytes, &context, &mut Pool)?))?;
    Ok(data.form().token(py, &token))
}

pub(crate) fn decrypt<'py>(
    keyring: &KeyringHandle,
    token: &Bound<'py, PyAny>,
    context_map: Option<&Bound<'py, PyAny>>,
    form: Form,
) -> PyResult<Bound<'py, PyAny>> {
    let py = token.py();
    let context = context(context_map)?;
    let data = Data::of(token, "a token")?;
    let bytes = data.token()?;
    let value = keyring.with(py, bytes.len(), |keyring| Ok(Zeroizing::new(keyring.decrypt(&bytes, &context)?)))?;
    form.value(py, &value)
}

pub(crate) fn reencrypt<'py>(
    keyring: &KeyringHandle,
    token: &Bound<'py, PyAny>,
    context_map: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = token.py();
    let context = context(context_map)?;
    let data = Data::of(token, "a token")?;
    let bytes = data.token()?;
    let token = keyring.with(py, bytes.len(), |keyring| Ok(keyring.reencrypt(&bytes, &context, &mut Pool)?))?;
    Ok(data.form().token(py, &token))
}

pub(crate) fn is_current(keyring: &KeyringHandle, token: &Bound<'_, PyAny>) -> PyResult<bool> {
    let data = Data::of(token, "a token")?;
    let bytes = data.token()?;
    Ok(keyring.with(token.py(), 0, |keyring| Ok(keyring.is_current(&bytes)?))?)
}

/// Encrypts a row: the header, and a member for each field in the form of its value.
pub(crate) fn encrypt_row<'py>(
    keyring: &KeyringHandle,
    row: &Bound<'py, PyAny>,
    context_map: Option<&Bound<'py, PyAny>>,
    layout: Layout,
) -> PyResult<(Bound<'py, PyBytes>, Bound<'py, PyDict>)> {
    let py = row.py();
    let context = context(context_map)?;
    let fields = Fields::of(row)?;
    let names = fields.names()?;
    let values = fields.0.iter().map(|(_, data)| data.value()).collect::<PyResult<Vec<_>>>()?;
    let len = values.iter().map(|value| value.len()).sum();
    let encrypted = keyring.with(py, len, |keyring| {
        keyring
            .encrypt_row(names.iter().copied().zip(values), &context, layout, &mut Pool)
            .map_err(|error| of_field(&error, &names))
    })?;
    let row = fields.dict(py, &encrypted.fields, |data, token| Ok(data.form().token(py, token)))?;
    Ok((PyBytes::new(py, &encrypted.header), row))
}

/// Decrypts a row.
pub(crate) fn decrypt_row<'py>(
    keyring: &KeyringHandle,
    row: &Bound<'py, PyAny>,
    header: Option<&Bound<'py, PyAny>>,
    context_map: Option<&Bound<'py, PyAny>>,
    form: Form,
) -> PyResult<Bound<'py, PyDict>> {
    let (fields, mut values) = of_stored(keyring, row, header, context_map, |keyring, fields, header, context| {
        keyring.decrypt_row(fields, header, context)
    })?;
    let py = row.py();
    let row = fields.dict(py, &values, |_, value| form.value(py, value));
    values.wipe();
    row
}

/// Encrypts a row anew: the header, and a member for each field in the form that it had.
pub(crate) fn reencrypt_row<'py>(
    keyring: &KeyringHandle,
    row: &Bound<'py, PyAny>,
    header: Option<&Bound<'py, PyAny>>,
    context_map: Option<&Bound<'py, PyAny>>,
) -> PyResult<(Bound<'py, PyBytes>, Bound<'py, PyDict>)> {
    let (fields, anew) = of_stored(keyring, row, header, context_map, |keyring, fields, header, context| {
        keyring.reencrypt_row(fields, header, context, &mut Pool)
    })?;
    let py = row.py();
    let row = fields.dict(py, &anew.fields, |data, token| Ok(data.form().token(py, token)))?;
    Ok((PyBytes::new(py, &anew.header), row))
}

/// A row as it is stored, and what the keyring makes of its fields, its header and their context.
fn of_stored<'py, T: Send>(
    keyring: &KeyringHandle,
    row: &Bound<'py, PyAny>,
    header: Option<&Bound<'py, PyAny>>,
    context_map: Option<&Bound<'py, PyAny>>,
    make: impl FnOnce(&Keyring, Vec<(&str, &[u8])>, Option<&[u8]>, &Context) -> Result<T, BatchError> + Send,
) -> PyResult<(Fields<'py>, T)> {
    let context = context(context_map)?;
    let header = header.map(|header| Data::of(header, "a header")).transpose()?;
    let header = header.as_ref().map(Data::token).transpose()?;
    let fields = Fields::of(row)?;
    let (names, members) = (fields.names()?, fields.members()?);
    let len = members.iter().map(|member| member.len()).sum();
    let made = keyring.with(row.py(), len, |keyring| {
        let fields = names.iter().copied().zip(members.iter().map(|member| &**member)).collect();
        make(keyring, fields, header.as_deref(), &context).map_err(|error| of_field(&error, &names))
    })?;
    drop((names, members));
    Ok((fields, made))
}

/// The fields of a row, by name.
struct Fields<'py>(Vec<(Bound<'py, PyString>, Data<'py>)>);

impl<'py> Fields<'py> {
    fn of(row: &Bound<'py, PyAny>) -> PyResult<Fields<'py>> {
        let items = row.call_method0("items").map_err(|_| {
            PyTypeError::new_err(format!(
                "a row must be a mapping of field names to values, got {}",
                text::type_name(row)
            ))
        })?;
        let fields = items.try_iter()?.map(|item| {
            let (name, value): (Bound<'py, PyAny>, Bound<'py, PyAny>) = item?.extract()?;
            let name = text::string(&name, "the name of a field")?.clone();
            let data = Data::of(&value, &format!("the field {:?}", name.to_string_lossy()))?;
            Ok((name, data))
        });
        fields.collect::<PyResult<_>>().map(Fields)
    }

    fn names(&self) -> PyResult<Vec<&str>> {
        self.0.iter().map(|(name, _)| utf8(name)).collect()
    }

    /// The bytes of tokens.
    fn members(&self) -> PyResult<Vec<Cow<'_, [u8]>>> {
        self.0.iter().map(|(_, data)| data.token()).collect()
    }

    /// The same names, with what `convert` makes of each item of a batch.
    fn dict(
        &self,
        py: Python<'py>,
        batch: &Batch,
        convert: impl Fn(&Data<'py>, &[u8]) -> PyResult<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyDict>> {
        let dict = PyDict::new(py);
        for ((name, data), bytes) in self.0.iter().zip(batch.iter()) {
            dict.set_item(name, convert(data, bytes)?)?;
        }
        Ok(dict)
    }
}

/// The text form of a token.
#[pyfunction]
pub(crate) fn encode_token(token: &Bound<'_, PyAny>) -> PyResult<String> {
    Ok(encode_text(Bytes::of(token, "a token")?.as_slice()))
}

/// The bytes behind the text form of a token.
#[pyfunction]
pub(crate) fn decode_token<'py>(text: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyBytes>> {
    let token = decode_text(utf8(text::string(text, "the text of a token")?)?).map_err(Failure::from)?;
    Ok(PyBytes::new(text.py(), &token))
}

/// The error for a value that was not encrypted as text.
#[cold]
pub(crate) fn not_text() -> Failure {
    Failure { code: "invalid_utf8", text: "the value is not UTF-8 text; decrypt it as bytes".into() }
}
