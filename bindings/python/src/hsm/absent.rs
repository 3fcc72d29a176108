//! A build without keys in hardware and in services.

use std::sync::Arc;

use pyo3::prelude::*;

use super::{NativeKey, Options};
use crate::failure::Failure;

pub(super) fn open(_: Python<'_>, _: &Bound<'_, PyAny>, _: Options<'_, '_>) -> PyResult<Arc<NativeKey>> {
    let text = "this build is without keys in hardware and services; build it with the feature hsm";
    Err(Failure { code: "unsupported", text: text.into() }.into())
}

/// What its key would be was never opened.
pub(super) fn data_keys(key: Arc<NativeKey>, _: Option<f64>, _: Option<&Bound<'_, PyAny>>) -> PyResult<Arc<NativeKey>> {
    Ok(key)
}
