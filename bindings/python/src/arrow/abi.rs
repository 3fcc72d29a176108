//! The structures of the C data and C stream interfaces.

use std::ffi::{CStr, c_char, c_int, c_void};

use crate::failure::Failure;

/// `ArrowSchema`: the type of an array.
#[repr(C)]
pub(super) struct Schema {
    pub(super) format: *const c_char,
    pub(super) name: *const c_char,
    pub(super) metadata: *const c_char,
    pub(super) flags: i64,
    pub(super) n_children: i64,
    pub(super) children: *mut *mut Schema,
    pub(super) dictionary: *mut Schema,
    pub(super) release: Option<unsafe extern "C" fn(*mut Schema)>,
    pub(super) private_data: *mut c_void,
}

/// `ArrowArray`: its buffers.
#[repr(C)]
pub(super) struct Array {
    pub(super) length: i64,
    pub(super) null_count: i64,
    pub(super) offset: i64,
    pub(super) n_buffers: i64,
    pub(super) n_children: i64,
    pub(super) buffers: *mut *const c_void,
    pub(super) children: *mut *mut Array,
    pub(super) dictionary: *mut Array,
    pub(super) release: Option<unsafe extern "C" fn(*mut Array)>,
    pub(super) private_data: *mut c_void,
}

/// `ArrowArrayStream`: arrays of one type, one after the other.
#[repr(C)]
pub(super) struct Stream {
    pub(super) get_schema: Option<unsafe extern "C" fn(*mut Stream, *mut Schema) -> c_int>,
    pub(super) get_next: Option<unsafe extern "C" fn(*mut Stream, *mut Array) -> c_int>,
    pub(super) get_last_error: Option<unsafe extern "C" fn(*mut Stream) -> *const c_char>,
    pub(super) release: Option<unsafe extern "C" fn(*mut Stream)>,
    pub(super) private_data: *mut c_void,
}

/// The flag of a schema whose arrays may have nulls.
pub(super) const NULLABLE: i64 = 2;

macro_rules! released {
    ($($structure:ident),+) => {$(
        impl Drop for $structure {
            fn drop(&mut self) {
                if let Some(release) = self.release {
                    // SAFETY: a structure whose `release` is set has not been released, and this holder is its only one.
                    unsafe { release(self) }
                }
            }
        }

        impl $structure {
            /// Moves a structure out of a place, which is left released (C data interface, "Moving an array").
            ///
            /// # Safety
            /// `place` points to an initialised structure that nobody else is using.
            pub(super) unsafe fn moved_from(place: *mut $structure) -> $structure {
                // SAFETY: as the caller promises; the bits left behind are marked as released, so there is one owner.
                unsafe {
                    let structure = std::ptr::read(place);
                    (*place).release = None;
                    structure
                }
            }
        }

        // SAFETY: the interface lets a structure be released by any thread, and nothing here is shared unsynchronised.
        unsafe impl Send for $structure {}
    )+};
}

released!(Schema, Array, Stream);

// SAFETY: an array's buffers are not changed by anyone until it is released.
unsafe impl Sync for Array {}

impl Schema {
    pub(super) fn released() -> Schema {
        Schema {
            format: std::ptr::null(),
            name: std::ptr::null(),
            metadata: std::ptr::null(),
            flags: 0,
            n_children: 0,
            children: std::ptr::null_mut(),
            dictionary: std::ptr::null_mut(),
            release: None,
            private_data: std::ptr::null_mut(),
        }
    }

    /// The type, as the interface writes it.
    pub(super) fn format(&self) -> &str {
        if self.format.is_null() {
            return "";
        }
        // SAFETY: a producer's format is a C string that lives as long as the schema.
        unsafe { CStr::from_ptr(self.format) }.to_str().unwrap_or_default()
    }
}

impl Array {
    pub(super) fn released() -> Array {
        Array {
            length: 0,
            null_count: 0,
            offset: 0,
            n_buffers: 0,
            n_children: 0,
            buffers: std::ptr::null_mut(),
            children: std::ptr::null_mut(),
            dictionary: std::ptr::null_mut(),
            release: None,
            private_data: std::ptr::null_mut(),
        }
    }
}

impl Stream {
    /// The type of its arrays.
    pub(super) fn schema(&mut self) -> Result<Schema, Failure> {
        let mut schema = Schema::released();
        let get = self.get_schema.ok_or_else(|| Failure::argument("an Arrow stream without get_schema"))?;
        // SAFETY: the stream is not released, and `schema` is a place to write to.
        match unsafe { get(self, &raw mut schema) } {
            0 => Ok(schema),
            _ => Err(self.last_error()),
        }
    }

    /// The next array; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Array>, Failure> {
        let mut array = Array::released();
        let get = self.get_next.ok_or_else(|| Failure::argument("an Arrow stream without get_next"))?;
        // SAFETY: the stream is not released, and `array` is a place to write to.
        match unsafe { get(self, &raw mut array) } {
            0 => Ok(array.release.is_some().then_some(array)),
            _ => Err(self.last_error()),
        }
    }

    fn last_error(&mut self) -> Failure {
        let text = self.get_last_error.and_then(|get| {
            // SAFETY: called on a stream that is not released, right after an error; the text is a C string or null.
            let text = unsafe { get(self) };
            // SAFETY: as above.
            (!text.is_null()).then(|| unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned())
        });
        Failure::argument(format!("the Arrow stream failed: {}", text.unwrap_or_else(|| "no reason given".into())))
    }
}
