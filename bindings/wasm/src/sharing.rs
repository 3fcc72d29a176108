//! Identities and share sets.

use std::rc::Rc;

use fortress::{
    envelope,
    identity::{PublicIdentity, SecretIdentity},
    shares::{Share, ShareSet},
};
use wasm_bindgen::prelude::wasm_bindgen;

use crate::{
    frame,
    json::{self, Json},
    random::Pool,
};

/// Someone's key pair. Dropping the last holder wipes it.
#[wasm_bindgen]
pub struct IdentityHandle(Rc<SecretIdentity>);

#[wasm_bindgen]
impl IdentityHandle {
    /// A fresh one.
    pub fn generate() -> Option<IdentityHandle> {
        frame::make(0, |_, _| Ok(IdentityHandle(Rc::new(SecretIdentity::generate(&mut Pool)?))))
    }

    /// The one of a secret text. Frame: the text.
    pub fn from_secret(len: usize) -> Option<IdentityHandle> {
        frame::make(len, |input, _| Ok(IdentityHandle(Rc::new(SecretIdentity::from_text(input.rest_text()?)?))))
    }

    /// What others encrypt for. Result: JSON, its id and the public text.
    pub fn describe(&self) -> i32 {
        frame::call(0, |_, out| {
            describe(self.0.public(), out);
            Ok(())
        })
    }

    /// Result: the secret text, in the clear.
    pub fn expose_secret(&self) -> i32 {
        frame::call(0, |_, out| {
            out.extend_from_slice(self.0.expose_text().as_bytes());
            Ok(())
        })
    }

    /// The shares that an envelope's header holds for it. Frame: everything before the first chunk. Result: JSON, their texts, in the clear.
    pub fn expose_held_shares(&self, len: usize) -> i32 {
        frame::call(len, |input, out| {
            write_shares(&envelope::held_shares(input.rest(), &self.0)?, out);
            Ok(())
        })
    }
}

impl IdentityHandle {
    /// A second holder.
    pub(crate) fn shared(&self) -> Rc<SecretIdentity> {
        Rc::clone(&self.0)
    }
}

/// Reads a public text. Frame: the text. Result: JSON, its id and the text.
#[wasm_bindgen]
pub fn public_identity(len: usize) -> i32 {
    frame::call(len, |input, out| {
        describe(&input.rest_text()?.parse()?, out);
        Ok(())
    })
}

/// A set of shares, whole. Dropping the last holder wipes it.
#[wasm_bindgen]
pub struct ShareSetHandle(Rc<ShareSet>);

#[wasm_bindgen]
impl ShareSetHandle {
    /// A fresh set of `count` shares, of which any `threshold` open.
    pub fn generate(threshold: u8, count: u8) -> Option<ShareSetHandle> {
        frame::make(0, |_, _| Ok(ShareSetHandle(Rc::new(ShareSet::generate(threshold, count, &mut Pool)?))))
    }

    /// Result: its id.
    pub fn id(&self) -> i32 {
        frame::call(0, |_, out| {
            out.extend_from_slice(self.0.id().to_string().as_bytes());
            Ok(())
        })
    }

    /// Result: JSON, the texts of its shares, in the clear.
    pub fn expose_shares(&self) -> i32 {
        frame::call(0, |_, out| {
            write_shares(self.0.shares(), out);
            Ok(())
        })
    }
}

impl ShareSetHandle {
    /// A second holder.
    pub(crate) fn shared(&self) -> Rc<ShareSet> {
        Rc::clone(&self.0)
    }
}

fn describe(public: &PublicIdentity, out: &mut Vec<u8>) {
    let mut object = Json::object(out);
    json::string(object.key("id"), &public.id().to_string());
    json::string(object.key("text"), &public.to_string());
    object.end();
}

/// A text is characters that JSON takes as they are. Reserved whole, so that growing leaves no share behind.
fn write_shares(shares: &[Share], out: &mut Vec<u8>) {
    let texts: Vec<_> = shares.iter().map(Share::expose_text).collect();
    out.reserve(2 + texts.iter().map(|text| text.len() + 3).sum::<usize>());
    let mut array = Json::array(out);
    for text in &texts {
        let element = array.element();
        element.push(b'"');
        element.extend_from_slice(text.as_bytes());
        element.push(b'"');
    }
    array.end();
}
