//! Calls over HTTP: with a time-out, tried again a few times, and never in the clear beyond this machine.

use std::fmt::{self, Write as _};
use std::io::Read as _;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use rustls::crypto::aws_lc_rs;
use serde_json::Value;
use ureq::http::Uri;
use ureq::tls::{RootCerts, TlsConfig};
use ureq::{Agent, RequestBuilder};
use zeroize::{Zeroize as _, Zeroizing};

use super::CloudError;

/// How long to wait for a service, and how often to ask again.
///
/// A call that gets no answer, or one that the service cannot answer now, is made again after a pause that doubles with each try, and of which a random
/// part is waited: so that many clients do not come back at once.
#[derive(Clone, Debug)]
pub struct Patience {
    /// For one try; at most a day.
    pub timeout: Duration,
    /// In all, at least one.
    pub tries: u32,
    /// The pause before the second try, at most.
    pub first_pause: Duration,
    /// Any pause, at most; itself at most a day.
    pub longest_pause: Duration,
    /// What waits.
    pub wait: Wait,
}

impl Default for Patience {
    /// Three tries of five seconds.
    fn default() -> Patience {
        Patience {
            timeout: Duration::from_secs(5),
            tries: 3,
            first_pause: Duration::from_millis(200),
            longest_pause: Duration::from_secs(2),
            wait: Wait::default(),
        }
    }
}

/// What waits between two tries.
#[derive(Clone)]
pub struct Wait(Arc<dyn Fn(Duration) + Send + Sync>);

impl Wait {
    /// Waits by calling this.
    pub fn by(wait: impl Fn(Duration) + Send + Sync + 'static) -> Wait {
        Wait(Arc::new(wait))
    }
}

impl Default for Wait {
    /// Lets the thread sleep.
    fn default() -> Wait {
        Wait::by(thread::sleep)
    }
}

impl fmt::Debug for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Wait")
    }
}

/// A service at an address.
#[derive(Debug)]
pub(super) struct Service {
    agent: Agent,
    address: String,
    /// For errors: no path, no credentials.
    pub(super) host: String,
    patience: Patience,
}

/// What is asked of a service.
pub(super) enum Ask {
    Get,
    /// It may hold a file key or a credential.
    Post(Zeroizing<String>),
}

/// JSON to post. Wiped when dropped: it may hold a file key.
pub(super) struct Body(pub(super) Value);

/// What a service answered. Wiped when dropped: it may hold a file key.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Value,
}

impl From<Body> for Ask {
    fn from(body: Body) -> Ask {
        // Reserved whole, so that growing leaves no copy behind.
        let mut text = Zeroizing::new(String::with_capacity(MAX_LEN));
        // To a string nothing fails.
        let _ = write!(text, "{}", body.0);
        Ask::Post(text)
    }
}

impl Drop for Body {
    fn drop(&mut self) {
        wipe(&mut self.0);
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        wipe(&mut self.body);
    }
}

impl Service {
    pub(super) fn new(address: &str, patience: Patience) -> Result<Service, CloudError> {
        Service::at(address, patience, &[])
    }

    /// A service of the machine that a program runs on, at an address that leads no further: credentials of its own come from there, in the clear.
    pub(super) fn of_machine(address: &str, patience: Patience) -> Result<Service, CloudError> {
        Service::at(address, patience, &METADATA_HOSTS)
    }

    fn at(address: &str, patience: Patience, near: &[&str]) -> Result<Service, CloudError> {
        let address = address.trim_end_matches('/');
        let refused = || CloudError::Address { address: shown(address) };
        let uri: Uri = address.parse().map_err(|_| refused())?;
        let authority = uri.authority().ok_or_else(refused)?;
        let host = authority.host();
        let is_near = THIS_MACHINE.contains(&host) || near.contains(&host);
        match uri.scheme_str() {
            // A password in an address would end up in logs, and one with a slash in it would be taken for a host.
            _ if address.contains('@') => return Err(refused()),
            Some("https") => {}
            Some("http") if is_near => {}
            _ => return Err(refused()),
        }
        let tls = TlsConfig::builder()
            .root_certs(RootCerts::PlatformVerifier)
            .unversioned_rustls_crypto_provider(Arc::new(aws_lc_rs::default_provider()))
            .build();
        let mut config = Agent::config_builder()
            .timeout_global(Some(patience.timeout.min(LONGEST)))
            .http_status_as_error(false)
            // Credentials go to the address that was given, and to no other.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .tls_config(tls);
        // What would go to this machine in the clear would go to a proxy of the environment so, too.
        if is_near {
            config = config.proxy(None);
        }
        let host = authority.as_str().to_owned();
        Ok(Service { agent: config.build().into(), address: address.to_owned(), host, patience })
    }

    /// Asks, with headers made anew for every try. An answer for which `again` gives a reason is asked for once more.
    pub(super) fn call(
        &self,
        path: &str,
        ask: &Ask,
        again: impl Fn(&Answer) -> Option<String>,
        headers: impl Fn(&[u8]) -> Headers,
    ) -> Result<Answer, CloudError> {
        let body = match ask {
            Ask::Get => &[][..],
            Ask::Post(body) => body.as_bytes(),
        };
        let tries = self.patience.tries.max(1);
        let longest = self.patience.longest_pause.min(LONGEST);
        let mut pause = self.patience.first_pause.min(longest);
        let mut reason = String::new();
        for attempt in 1..=tries {
            reason = match self.try_once(path, ask, headers(body)) {
                Ok(answer) => match again(&answer) {
                    None => return Ok(answer),
                    Some(reason) => reason,
                },
                Err(error) => match of_tls(&error) {
                    // Another try finds the same.
                    Some(error @ rustls::Error::InvalidCertificate(_)) => {
                        return Err(CloudError::Untrusted {
                            service: self.host.clone(),
                            reason: cut(&error.to_string()),
                        });
                    }
                    Some(error) => format!("TLS failed: {}", cut(&error.to_string())),
                    None => told(&error),
                },
            };
            if attempt < tries {
                (self.patience.wait.0)(part_of(pause));
                pause = (pause * 2).min(longest);
            }
        }
        Err(CloudError::Unreachable { service: self.host.clone(), reason, tries })
    }

    /// What an answer's status says, where it is not 200 and not a finding about what was sent.
    pub(super) fn refused(&self, status: u16, reason: &str) -> CloudError {
        CloudError::Refused { service: self.host.clone(), status, reason: cut(reason) }
    }

    pub(super) fn not_understood(&self, what: &'static str) -> CloudError {
        CloudError::Answer { service: self.host.clone(), what }
    }

    fn try_once(&self, path: &str, ask: &Ask, headers: Headers) -> Result<Answer, ureq::Error> {
        let address = format!("{}{path}", self.address);
        let mut response = match ask {
            Ask::Get => with(self.agent.get(address), &headers).call()?,
            Ask::Post(body) => with(self.agent.post(address), &headers).send(body.as_str())?,
        };
        let status = response.status().as_u16();
        let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_LEN));
        response.body_mut().with_config().limit(MAX_LEN as u64).reader().read_to_end(&mut bytes)?;
        Ok(Answer { status, body: serde_json::from_slice(&bytes).unwrap_or(Value::Null) })
    }
}

/// Names and values. They may hold credentials.
pub(super) type Headers = Vec<(&'static str, Zeroizing<String>)>;

fn with<B>(request: RequestBuilder<B>, headers: &Headers) -> RequestBuilder<B> {
    headers.iter().fold(request, |request, (name, value)| request.header(*name, value.as_str()))
}

/// Why to ask again: too many calls, or a fault on the way or at the service. The same call may go through later.
pub(super) fn by_status(answer: &Answer) -> Option<String> {
    matches!(answer.status, 408 | 429 | 500..).then(|| format!("it answers {}", answer.status))
}

/// What an error repeats of an address: scheme and host. Whoever writes something else in its place may have written a secret, as others write one
/// before an `@`, or behind the host.
fn shown(address: &str) -> String {
    let Some((scheme, rest)) = address.split_once("://") else { return HIDDEN.to_owned() };
    let (before, rest) = rest.rsplit_once('@').unwrap_or(("", rest));
    // Where the host is cannot be told.
    if before.contains(BEHIND_HOST) {
        return HIDDEN.to_owned();
    }
    let host = rest.split(BEHIND_HOST).next().unwrap_or_default();
    format!("{scheme}://{host}").chars().take(100).collect()
}

/// What a stranger says, as much of it as an error repeats.
fn cut(text: &str) -> String {
    text.chars().take(200).collect()
}

/// Wipes all texts in it.
fn wipe(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(values) => values.iter_mut().for_each(wipe),
        Value::Object(values) => values.values_mut().for_each(wipe),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// What TLS found, which comes as an error of the connection when it is found in a handshake.
fn of_tls(error: &ureq::Error) -> Option<&rustls::Error> {
    match error {
        ureq::Error::Rustls(error) => Some(error),
        ureq::Error::Io(error) => error.get_ref()?.downcast_ref(),
        _ => None,
    }
}

/// Without what was sent: an error of the client may show a header.
fn told(error: &ureq::Error) -> String {
    match error {
        ureq::Error::Timeout(_) => "it did not answer in time".to_owned(),
        ureq::Error::HostNotFound => "its name is not known".to_owned(),
        ureq::Error::ConnectionFailed => "the connection failed".to_owned(),
        ureq::Error::Io(error) => error.kind().to_string(),
        ureq::Error::BodyExceedsLimit(_) => "its answer is too long".to_owned(),
        _ => "the call failed".to_owned(),
    }
}

/// A random part of a pause.
fn part_of(pause: Duration) -> Duration {
    let mut byte = [0];
    // Without randomness, all of it.
    match getrandom::fill(&mut byte) {
        Ok(()) => pause.mul_f64(f64::from(byte[0]) / 255.0),
        Err(_) => pause,
    }
}

/// What is reached without leaving the machine.
const THIS_MACHINE: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];
/// Where clouds tell a machine of itself, in the clear: a link-local address, and the name that Google gives it.
const METADATA_HOSTS: [&str; 2] = ["169.254.169.254", "metadata.google.internal"];
/// With what a path, a query and a fragment start (RFC 3986, 3).
const BEHIND_HOST: [char; 3] = ['/', '?', '#'];
/// In place of what is not shown.
const HIDDEN: &str = "…";
/// For a try, and for a pause: more than anyone waits, and nothing that overflows the clock.
const LONGEST: Duration = Duration::from_secs(86_400);
/// Of what is answered; what is posted is shorter.
const MAX_LEN: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn all_texts_are_wiped() {
        let mut body = json!({ "data": { "plaintext": "c2VzYW1l" }, "all": ["c2VzYW1l", 1, null, true] });
        wipe(&mut body);
        assert_eq!(body, json!({ "data": { "plaintext": "" }, "all": ["", 1, null, true] }));
    }
}
