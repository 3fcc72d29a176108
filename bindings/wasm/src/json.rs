//! Answers with structure, as JSON that the other side parses.

/// A JSON object or array that is being written.
pub(crate) struct Json<'o> {
    out: &'o mut Vec<u8>,
    close: u8,
    first: bool,
}

impl<'o> Json<'o> {
    pub(crate) fn object(out: &'o mut Vec<u8>) -> Json<'o> {
        out.push(b'{');
        Json { out, close: b'}', first: true }
    }

    pub(crate) fn array(out: &'o mut Vec<u8>) -> Json<'o> {
        out.push(b'[');
        Json { out, close: b']', first: true }
    }

    /// Begins a member of an object; its value follows by one of the others.
    pub(crate) fn key(&mut self, key: &str) -> &mut Vec<u8> {
        self.separate();
        string(self.out, key);
        self.out.push(b':');
        self.out
    }

    /// Begins an element of an array.
    pub(crate) fn element(&mut self) -> &mut Vec<u8> {
        self.separate();
        self.out
    }

    pub(crate) fn end(self) {
        self.out.push(self.close);
    }

    fn separate(&mut self) {
        if !std::mem::take(&mut self.first) {
            self.out.push(b',');
        }
    }
}

pub(crate) fn number(out: &mut Vec<u8>, number: u64) {
    out.extend_from_slice(number.to_string().as_bytes());
}

pub(crate) fn boolean(out: &mut Vec<u8>, value: bool) {
    out.extend_from_slice(if value { b"true" } else { b"false" });
}

pub(crate) fn null(out: &mut Vec<u8>) {
    out.extend_from_slice(b"null");
}

/// Writes strings by their names.
#[cfg(feature = "envelopes")]
pub(crate) fn map<'m>(out: &mut Vec<u8>, entries: impl Iterator<Item = (&'m str, &'m str)>) {
    let mut object = Json::object(out);
    for (key, value) in entries {
        string(object.key(key), value);
    }
    object.end();
}

/// Writes `value`, or `null`.
pub(crate) fn option<T>(out: &mut Vec<u8>, value: Option<T>, write: impl FnOnce(&mut Vec<u8>, T)) {
    match value {
        Some(value) => write(out, value),
        None => null(out),
    }
}

/// Writes a string (RFC 8259, 7).
pub(crate) fn string(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    // Nearly every string is one piece.
    for piece in text.split_inclusive(|c| c < ' ' || c == '"' || c == '\\') {
        let plain = piece.trim_end_matches(|c| c < ' ' || c == '"' || c == '\\');
        out.extend_from_slice(plain.as_bytes());
        match piece[plain.len()..].chars().next() {
            None => {}
            Some(c @ ('"' | '\\')) => out.extend_from_slice(&[b'\\', c as u8]),
            Some(c) => out.extend_from_slice(format!("\\u{:04x}", u32::from(c)).as_bytes()),
        }
    }
    out.push(b'"');
}
