//! Memory that a library lends for a column.
//!
//! A library that keeps memory ready, as PyArrow does, saves what the system takes for pages that nobody has touched: that is as long as encrypting takes. And
//! its own account of memory is right.

use pyo3::prelude::*;
use zeroize::zeroize_bytes;

use crate::{buffer::Writable, failure::Failure};

/// A function that takes a size and returns something with a buffer of as many bytes that can be written; and bytes of values up to which offsets have 32 bits.
pub(crate) struct Lender<'py>(Bound<'py, PyAny>, usize);

/// What was lent. Wiped unless it is passed on: it may hold a part of a plaintext.
pub(super) struct Lent<'py> {
    object: Bound<'py, PyAny>,
    bytes: Writable,
    is_passed_on: bool,
}

impl<'py> Lender<'py> {
    pub(crate) fn new((lend, most_by_32_bits): (Bound<'py, PyAny>, usize)) -> Lender<'py> {
        Lender(lend, most_by_32_bits.min(i32::MAX as usize))
    }

    /// Do offsets into values of so many bytes have 64 bits?
    pub(super) fn is_wide(&self, len: usize) -> bool {
        len > self.1
    }

    /// Memory, which may hold anything.
    pub(super) fn lend(&self, len: usize) -> PyResult<Lent<'py>> {
        let object = self.0.call1((len,))?;
        let mut bytes = Writable::of(&object, "memory for a column")?;
        let got = bytes.as_mut_slice().len();
        if got != len {
            return Err(Failure::argument(format!("{len} bytes of memory were asked for, and {got} came")).into());
        }
        Ok(Lent { object, bytes, is_passed_on: false })
    }
}

impl<'py> Lent<'py> {
    pub(super) fn as_mut_slice(&mut self) -> &mut [u8] {
        self.bytes.as_mut_slice()
    }

    /// What was lent, filled.
    pub(super) fn passed_on(mut self) -> Bound<'py, PyAny> {
        self.is_passed_on = true;
        self.object.clone()
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        if !self.is_passed_on {
            zeroize_bytes(self.bytes.as_mut_slice());
        }
    }
}
