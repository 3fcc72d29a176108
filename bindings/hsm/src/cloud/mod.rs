//! Keys in services: they wrap and unwrap over the network, one call for an envelope.

mod aws;
mod azure;
mod azure_credentials;
mod bearer;
mod crc32c;
mod error;
mod google;
mod google_credentials;
mod http;
mod sigv4;
mod vault;

use std::env;

use fortress::external::MAX_WRAPPED_LEN;

pub use aws::{AwsCredentials, AwsKmsKey};
pub use azure::AzureKey;
pub use azure_credentials::AzureCredentials;
pub use error::CloudError;
pub use google::GcpKmsKey;
pub use google_credentials::GcpCredentials;
pub use http::{Patience, Wait};
pub use vault::{TransitKey, VaultToken};

/// The value of the first of these variables that has one.
fn variable(names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| env::var(name).ok().filter(|value| !value.is_empty()))
}

/// What an error repeats of a text that was given as a URI: its start, and nothing of a query.
fn shown(text: &str) -> String {
    text.split('?').next().unwrap_or_default().chars().take(100).collect()
}

/// The first byte of what a key in a service gives (spec X-9).
const VERSION: u8 = 1;

fn framed(wrapped: &[u8]) -> Vec<u8> {
    [&[VERSION], wrapped].concat()
}

/// What a service gave, out of its frame.
fn unframed(wrapped: &[u8]) -> Option<&[u8]> {
    match wrapped.split_first() {
        Some((&VERSION, wrapped)) if !wrapped.is_empty() && wrapped.len() <= MAX_WRAPPED_LEN => Some(wrapped),
        _ => None,
    }
}
