//! Rows and columns brought up to date after a rotation. Their values do not leave the core.

use rand_core::TryCryptoRng;

use super::{Batch, BatchError, EncryptedRow, FieldNames, HoistedColumn, collect};
use crate::{
    context::Context,
    group::{GroupEncryptor, GroupReencryptor, Layout, value_len},
    keyring::Keyring,
};

impl Keyring {
    /// Encrypts a row anew under the primary version, given as for [`decrypt_row`](Keyring::decrypt_row), in the layout that it has: hoisted
    /// where its `header` is stored once, or else whole.
    pub fn reencrypt_row<'f, R: TryCryptoRng + ?Sized>(
        &self,
        fields: impl IntoIterator<Item = (&'f str, &'f [u8])>,
        header: Option<&[u8]>,
        context: &Context,
        rng: &mut R,
    ) -> Result<EncryptedRow, BatchError> {
        let layout = if header.is_some() { Layout::Hoisted } else { Layout::Whole };
        let (mut group, mut names) = (self.first_group(context, rng)?, FieldNames::default());
        let mut anew = self.group_reencryptor(context.clone(), header, layout);
        let bound = |(_, member): &(&str, &[u8])| anew_len(member, layout);
        let fields = collect(fields, bound, |(name, member), out| {
            anew.reencrypt_into(member, names.context_of(name)?, &mut group, out)
        })?;
        Ok(EncryptedRow { header: *group.header(), fields })
    }

    /// Encrypts the values of a column anew under the primary version, given as for [`decrypt_column`](Keyring::decrypt_column), as
    /// [`encrypt_column`](Keyring::encrypt_column) does.
    pub fn reencrypt_column<'v, R: TryCryptoRng + ?Sized>(
        &self,
        members: impl IntoIterator<Item = (&'v [u8], &'v Context)>,
        header: Option<&[u8]>,
        context: &Context,
        rng: &mut R,
    ) -> Result<Batch, BatchError> {
        let mut group = None;
        let mut anew = self.group_reencryptor(context.clone(), header, Layout::Whole);
        collect(
            members,
            |(member, _)| anew_len(member, Layout::Whole),
            |(member, member_context), out| {
                let group = self.group_with_room(&mut group, context, rng)?;
                anew.reencrypt_into(member, member_context, group, out)
            },
        )
    }

    /// As [`reencrypt_column`](Keyring::reencrypt_column), with the header stored once, as
    /// [`encrypt_column_hoisted`](Keyring::encrypt_column_hoisted) does.
    pub fn reencrypt_column_hoisted<'v, R: TryCryptoRng + ?Sized>(
        &self,
        members: impl IntoIterator<Item = (&'v [u8], &'v Context)>,
        header: Option<&[u8]>,
        context: &Context,
        rng: &mut R,
    ) -> Result<HoistedColumn, BatchError> {
        let mut group = self.first_group(context, rng)?;
        let mut anew = self.group_reencryptor(context.clone(), header, Layout::Hoisted);
        let members = group.reencrypt_all(members, &mut anew)?;
        Ok(HoistedColumn { header: *group.header(), members })
    }
}

impl GroupEncryptor {
    /// As [`encrypt_all`](GroupEncryptor::encrypt_all), for the values of members that `anew` reads.
    pub fn reencrypt_all<'v>(
        &mut self,
        members: impl IntoIterator<Item = (&'v [u8], &'v Context)>,
        anew: &mut GroupReencryptor<'_>,
    ) -> Result<Batch, BatchError> {
        let layout = anew.layout();
        collect(
            members,
            |(member, _)| anew_len(member, layout),
            |(member, context), out| anew.reencrypt_into(member, context, self, out),
        )
    }
}

/// Bytes that a member becomes. What is none becomes nothing.
fn anew_len(member: &[u8], layout: Layout) -> usize {
    value_len(member).map_or(0, |len| len + layout.overhead())
}

#[cfg(test)]
mod tests;
