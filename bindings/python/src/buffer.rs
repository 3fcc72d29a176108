//! Bytes borrowed from Python: `bytes`, and whatever else has a buffer (bytearray, memoryview, mmap, NumPy arrays).
//!
//! The buffer interface is in the stable ABI's headers since 3.11. Its functions are exported, and its structure is laid
//! out as below, by every CPython since 3.3, so one wheel can serve 3.9 and later without copying.

use std::ffi::{c_char, c_int, c_void};

use pyo3::{exceptions::PyTypeError, ffi, prelude::*, types::PyBytes};

use crate::{
    failure::Failure,
    text::{is_str, type_name},
};

/// `Py_buffer`.
#[repr(C)]
struct RawBuffer {
    start: *mut c_void,
    owner: *mut ffi::PyObject,
    len: ffi::Py_ssize_t,
    item_size: ffi::Py_ssize_t,
    read_only: c_int,
    dimensions: c_int,
    format: *mut c_char,
    shape: *mut ffi::Py_ssize_t,
    strides: *mut ffi::Py_ssize_t,
    sub_offsets: *mut ffi::Py_ssize_t,
    internal: *mut c_void,
}

unsafe extern "C" {
    fn PyObject_GetBuffer(owner: *mut ffi::PyObject, view: *mut RawBuffer, flags: c_int) -> c_int;
    fn PyBuffer_Release(view: *mut RawBuffer);
}

/// Contiguous bytes, to be read.
const PYBUF_SIMPLE: c_int = 0;
/// Contiguous bytes, to be written.
const PYBUF_WRITABLE: c_int = 1;

/// An exported buffer, released on drop. It holds a raw pointer, so it stays with the thread that is attached.
struct Export(Box<RawBuffer>);

impl Export {
    fn of(owner: &Bound<'_, PyAny>, flags: c_int) -> PyResult<Export> {
        let mut view = Box::new(RawBuffer {
            start: std::ptr::null_mut(),
            owner: std::ptr::null_mut(),
            len: 0,
            item_size: 0,
            read_only: 0,
            dimensions: 0,
            format: std::ptr::null_mut(),
            shape: std::ptr::null_mut(),
            strides: std::ptr::null_mut(),
            sub_offsets: std::ptr::null_mut(),
            internal: std::ptr::null_mut(),
        });
        // SAFETY: `owner` is a live object, and `view` stays where it is until it is released.
        match unsafe { PyObject_GetBuffer(owner.as_ptr(), &raw mut *view, flags) } {
            0 => Ok(Export(view)),
            _ => Err(PyErr::fetch(owner.py())),
        }
    }

    fn len(&self) -> usize {
        self.0.len as usize
    }

    /// The first byte; never null, for slices must not be.
    fn start(&self) -> *mut u8 {
        if self.0.start.is_null() { std::ptr::NonNull::dangling().as_ptr() } else { self.0.start.cast() }
    }
}

impl Drop for Export {
    fn drop(&mut self) {
        // SAFETY: filled by PyObject_GetBuffer, released once, and by the thread that is attached.
        unsafe { PyBuffer_Release(&raw mut *self.0) }
    }
}

/// Bytes to be read.
pub(crate) enum Bytes<'py> {
    Object(Bound<'py, PyBytes>),
    Buffer(Readable),
}

/// A buffer to be read.
pub(crate) struct Readable(Export);

impl<'py> Bytes<'py> {
    /// The bytes of any object that has some; `what` names the argument in messages.
    pub(crate) fn of(value: &Bound<'py, PyAny>, what: &str) -> PyResult<Bytes<'py>> {
        if let Ok(bytes) = value.cast::<PyBytes>() {
            return Ok(Bytes::Object(bytes.clone()));
        }
        if is_str(value) {
            return Err(PyTypeError::new_err(format!("{what} must be bytes, got str; encode it first: text.encode()")));
        }
        match Export::of(value, PYBUF_SIMPLE) {
            Ok(export) => Ok(Bytes::Buffer(Readable(export))),
            Err(error) if error.is_instance_of::<PyTypeError>(value.py()) => {
                let got = type_name(value);
                Err(PyTypeError::new_err(format!("{what} must be bytes or another buffer of bytes, got {got}")))
            }
            Err(error) => Err(error),
        }
    }

    /// The bytes. The export keeps them in place: a bytearray cannot be resized meanwhile. Nothing keeps another thread from writing to
    /// them; what is made then is of bytes that were there at one time or another, as with every library that takes buffers without
    /// the interpreter. Columns, whose lengths are planned, copy what can change.
    pub(crate) fn as_slice(&self) -> &[u8] {
        match self {
            Bytes::Object(bytes) => bytes.as_bytes(),
            // SAFETY: the exporter keeps these bytes in place until the buffer is released.
            Bytes::Buffer(Readable(export)) => unsafe { std::slice::from_raw_parts(export.start(), export.len()) },
        }
    }
}

/// The bytes of a `bytes` object that something else keeps alive.
pub(crate) fn borrowed_bytes<'s>(bytes: Borrowed<'s, '_, PyBytes>) -> &'s [u8] {
    // SAFETY: `bytes` is a bytes object, which is immutable, and something keeps it alive for `'s`.
    unsafe {
        let (start, len) = (ffi::PyBytes_AsString(bytes.as_ptr()), ffi::PyBytes_Size(bytes.as_ptr()));
        std::slice::from_raw_parts(start.cast(), len as usize)
    }
}

/// A buffer to be written.
pub(crate) struct Writable(Export);

impl Writable {
    /// The bytes of an object that can be written, such as a bytearray.
    pub(crate) fn of(value: &Bound<'_, PyAny>, what: &str) -> PyResult<Writable> {
        Export::of(value, PYBUF_WRITABLE).map(Writable).map_err(|_| {
            let got = type_name(value);
            PyTypeError::new_err(format!("{what} must be a buffer that can be written, such as a bytearray, got {got}"))
        })
    }

    /// The bytes.
    pub(crate) fn as_mut_slice(&mut self) -> &mut [u8] {
        // SAFETY: the exporter has promised writable bytes that stay in place until the buffer is released.
        unsafe { std::slice::from_raw_parts_mut(self.0.start(), self.0.len()) }
    }

    /// Refuses to be written while `bytes`, over which it lies, are read.
    pub(crate) fn apart(&self, bytes: &[u8]) -> Result<(), Failure> {
        let (start, end) = (self.0.start() as usize, self.0.start() as usize + self.0.len());
        let read = bytes.as_ptr() as usize;
        if read < end && start < read + bytes.len() {
            return Err(Failure::argument("the output overlaps the input; give it a buffer of its own"));
        }
        Ok(())
    }
}
