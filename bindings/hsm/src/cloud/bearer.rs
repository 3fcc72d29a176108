//! Access tokens (RFC 6750): asked for when first needed, and again shortly before they end.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use zeroize::Zeroizing;

use super::CloudError;
use super::http::{Answer, Ask, Headers, Service};

/// What a service is called with. It holds one token at a time.
pub(super) struct Bearer {
    source: Box<dyn Source>,
    held: Mutex<Option<Held>>,
}

/// Where tokens come from.
pub(super) trait Source: Send + Sync {
    fn token(&self) -> Result<Token, CloudError>;
}

/// A token, wiped when dropped.
pub(super) struct Token {
    text: Zeroizing<String>,
    /// `None` where no other is to be had.
    lasts: Option<Duration>,
}

struct Held {
    header: Zeroizing<String>,
    until: Option<Instant>,
}

impl Bearer {
    pub(super) fn new(source: Box<dyn Source>) -> Bearer {
        Bearer { source, held: Mutex::default() }
    }

    /// Asks a service. Where it no longer takes the token, which may have been revoked, once more with a new one.
    pub(super) fn call(
        &self,
        service: &Service,
        path: &str,
        ask: &Ask,
        again: impl Fn(&Answer) -> Option<String>,
    ) -> Result<Answer, CloudError> {
        let ask_with = |header: &Zeroizing<String>| {
            service.call(path, ask, &again, |_| {
                let mut headers: Headers = vec![("Authorization", header.clone())];
                if let Ask::Post(_) = ask {
                    headers.push(("Content-Type", Zeroizing::new("application/json".to_owned())));
                }
                headers
            })
        };
        let (header, was_held) = self.header()?;
        let answer = ask_with(&header)?;
        if answer.status != 401 || !was_held || !self.forget(&header) {
            return Ok(answer);
        }
        ask_with(&self.header()?.0)
    }

    /// The header's value, and whether the token was there before. Who waits for a token that another thread asks for gets that one.
    fn header(&self) -> Result<(Zeroizing<String>, bool), CloudError> {
        // A panic in another thread leaves a token or none.
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(Held { header, until }) = &*held
            && until.is_none_or(|until| Instant::now() < until)
        {
            return Ok((header.clone(), true));
        }
        *held = None;
        let Token { text, lasts } = self.source.token()?;
        let header = Zeroizing::new(["Bearer ", &text].concat());
        let until = lasts.map(|lasts| Instant::now() + lasts.saturating_sub(BEFORE_END));
        *held = Some(Held { header: header.clone(), until });
        Ok((header, false))
    }

    /// Can there be another one than this?
    fn forget(&self, header: &Zeroizing<String>) -> bool {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        match &*held {
            Some(Held { until: None, .. }) => false,
            Some(Held { header: now, .. }) if now == header => {
                *held = None;
                true
            }
            // Another thread has forgotten it, and may have the next one.
            _ => true,
        }
    }
}

impl fmt::Debug for Bearer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bearer(***)")
    }
}

impl Token {
    /// `None` for what cannot stand in a header (RFC 6750, 2.1).
    pub(super) fn new(text: Zeroizing<String>, lasts: Option<Duration>) -> Option<Token> {
        fits_in_a_header(&text).then_some(Token { text, lasts })
    }

    /// The one in an answer (RFC 6749, 5.1); some write the seconds as a text.
    pub(super) fn of(answer: &Answer, service: &Service) -> Result<Token, CloudError> {
        let Answer { status, body } = answer;
        if *status != 200 {
            return Err(service.refused(*status, &reason(body)));
        }
        let text = Zeroizing::new(body["access_token"].as_str().unwrap_or_default().to_owned());
        let seconds = &body["expires_in"];
        let seconds = seconds.as_u64().or_else(|| seconds.as_str()?.parse().ok()).unwrap_or_default();
        let lasts = Duration::from_secs(seconds).min(LONGEST);
        Token::new(text, Some(lasts)).ok_or_else(|| service.not_understood("it gives no access token"))
    }
}

/// A token that there is no other than.
pub(super) struct Given(pub(super) Zeroizing<String>);

impl Source for Given {
    fn token(&self) -> Result<Token, CloudError> {
        Token::new(self.0.clone(), None).ok_or_else(|| unusable("the access token")(NOT_A_TOKEN))
    }
}

/// A form to post (WHATWG URL, 5.2).
pub(super) fn form(fields: &[(&str, &str)]) -> Ask {
    let len = fields.iter().map(|(name, value)| name.len() + 3 * value.len() + 2).sum();
    // Reserved whole, so that growing leaves no copy behind.
    let mut text = Zeroizing::new(String::with_capacity(len));
    for (name, value) in fields {
        if !text.is_empty() {
            text.push('&');
        }
        text.push_str(name);
        text.push('=');
        text.extend(utf8_percent_encode(value, NON_ALPHANUMERIC));
    }
    Ask::Post(text)
}

pub(super) fn form_headers() -> Headers {
    vec![("Content-Type", Zeroizing::new("application/x-www-form-urlencoded".to_owned()))]
}

/// Can this credential stand in a header as it is? A line break at its end, as files have it, cannot.
pub(super) fn fits_in_a_header(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Credentials that cannot be used, and why.
pub(super) fn unusable(what: impl Into<String>) -> impl Fn(&'static str) -> CloudError {
    let what = what.into();
    move |reason| CloudError::Credentials { what: what.clone(), reason }
}

/// What is said of an error (RFC 6749, 5.2).
fn reason(body: &Value) -> String {
    let text = |name: &str| body[name].as_str().unwrap_or_default();
    match format!("{} {}", text("error"), text("error_description")).trim() {
        "" => "no token is given, and no reason".to_owned(),
        reason => reason.to_owned(),
    }
}

pub(super) const NOT_A_TOKEN: &str = "it is not an access token";
/// A call that is under way when a token ends is not to fail.
const BEFORE_END: Duration = Duration::from_secs(60);
/// Whatever a service says.
const LONGEST: Duration = Duration::from_secs(86_400);
