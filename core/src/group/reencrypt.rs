//! Members encrypted anew, as members of another group: what a rotation asks for.

use alloc::vec::Vec;

use super::{GroupEncryptor, GroupPart, GroupReader, Layout};
use crate::{
    context::Context,
    keyring::Keyring,
    secret::{redacted_debug, wipe},
    token::TokenError,
};

/// Encrypts members of any group under one group context anew. Their values stay in here, one at a time.
pub struct GroupReencryptor<'k> {
    reader: GroupReader<'k>,
    header: Option<&'k [u8]>,
    layout: Layout,
    /// The value that is being encrypted.
    value: Vec<u8>,
}

redacted_debug!(GroupReencryptor<'_>);

impl Keyring {
    /// Encrypts members under `context` anew, in `layout`. Hoisted ones need the `header` that is stored beside them.
    pub fn group_reencryptor<'k>(
        &'k self,
        context: Context,
        header: Option<&'k [u8]>,
        layout: Layout,
    ) -> GroupReencryptor<'k> {
        GroupReencryptor { reader: self.group_reader(context), header, layout, value: Vec::new() }
    }
}

impl GroupReencryptor<'_> {
    /// What members become.
    pub fn layout(&self) -> Layout {
        self.layout
    }

    /// Encrypts a member's value anew as the next one of `group`, and appends that to `out`.
    pub fn reencrypt_into(
        &mut self,
        member: &[u8],
        context: &Context,
        group: &mut GroupEncryptor,
        out: &mut Vec<u8>,
    ) -> Result<(), TokenError> {
        self.open(member, context)?;
        group.encrypt_into(&self.value, context, self.layout, out)
    }

    /// As [`reencrypt_into`](GroupReencryptor::reencrypt_into), as the next one of `part`, into `out`, which is longer than the value
    /// by just the layout's [`overhead`](Layout::overhead).
    pub fn reencrypt_to(
        &mut self,
        member: &[u8],
        context: &Context,
        part: &mut GroupPart,
        out: &mut [u8],
    ) -> Result<(), TokenError> {
        self.open(member, context)?;
        part.encrypt_to(&self.value, context, self.layout, out)
    }

    fn open(&mut self, member: &[u8], context: &Context) -> Result<(), TokenError> {
        self.value.clear();
        if self.value.capacity() < member.len() {
            // Growing would leave a value behind.
            wipe(&mut self.value);
            self.value.reserve(member.len());
        }
        self.reader.decrypt_into(self.header, member, context, &mut self.value)
    }
}

impl Drop for GroupReencryptor<'_> {
    fn drop(&mut self) {
        wipe(&mut self.value);
    }
}
