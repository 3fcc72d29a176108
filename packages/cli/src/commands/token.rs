//! `fortress token …`: one value a line.

use std::io::{self, BufRead, BufReader, BufWriter, Read as _, Write};

use fortress::grant::Actions;
use fortress::token::{self, TokenError};
use fortress::{Context, Keyring, Suite, inspect};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::inspect::{object, text};
use crate::arguments::{Common, TokenCommand, TokenWith, Values};
use crate::failure::Failure;
use crate::keyrings;
use crate::random;
use crate::report::Report;

pub(super) fn run(command: TokenCommand, common: &Common, report: &Report) -> Result<(), Failure> {
    match command {
        TokenCommand::Encrypt { with, suite, values } => {
            let keys = Keys::new(&with, Actions::Encrypt, common)?;
            let suite = suite.unwrap_or(keys.keyring.token_suite());
            each(&values, report, |value, answer| keys.encrypt(suite, value, answer))
        }
        TokenCommand::Decrypt { with, values } => {
            let keys = Keys::new(&with, Actions::Decrypt, common)?;
            each(&values, report, |token, answer| keys.decrypt(token, answer))
        }
        TokenCommand::Inspect { values } => each(&values, report, |token, answer| {
            let inspection = inspect::token(&parse(token)?)?;
            if answer.json {
                answer.object(&Value::Object(object(&inspection)));
            } else {
                answer.bytes.extend_from_slice(text(&inspection).as_bytes());
            }
            Ok(())
        }),
    }
}

/// What the tokens of one call have in common.
struct Keys {
    keyring: Keyring,
    context: Context,
}

impl Keys {
    fn new(with: &TokenWith, wanted: Actions, common: &Common) -> Result<Keys, Failure> {
        let context = keyrings::context(&with.bound.context)?;
        let (unlock, trust, scope) = (&with.unlock, &with.trust, with.scope.as_ref());
        let used = keyrings::Used::open(&with.keyring, unlock, trust, scope, common)?;
        Ok(Keys { keyring: used.into_keyring(wanted)?, context })
    }

    fn encrypt(&self, suite: Suite, value: &[u8], answer: &mut Answer) -> Result<(), Failure> {
        let token = self.keyring.encrypt_with(suite, value, &self.context, &mut random::generator())?;
        let text = token::encode_text(&token);
        if answer.json {
            answer.object(&json!({ "token": text }));
        } else {
            answer.bytes.extend_from_slice(text.as_bytes());
        }
        Ok(())
    }

    fn decrypt(&self, token: &[u8], answer: &mut Answer) -> Result<(), Failure> {
        let value = Zeroizing::new(self.keyring.decrypt(&parse(token)?, &self.context)?);
        if answer.json {
            let Ok(text) = std::str::from_utf8(&value) else {
                return Err(Failure::usage(
                    "the value is not UTF-8 text, which JSON needs; leave out --json and give -0",
                ));
            };
            answer.object(&json!({ "value": text }));
        } else if answer.separator.is_some_and(|separator| value.contains(&separator)) {
            let name = if answer.separator == Some(0) { "a zero byte" } else { "a line break" };
            return Err(Failure::usage(format!(
                "the value holds {name} and would look like two; decrypt it with {}",
                if answer.separator == Some(0) { "--raw or --json" } else { "-0, --raw or --json" }
            )));
        } else {
            answer.bytes.extend_from_slice(&value);
        }
        Ok(())
    }
}

fn parse(token: &[u8]) -> Result<Vec<u8>, Failure> {
    let text = std::str::from_utf8(token).map_err(|_| TokenError::InvalidText)?;
    Ok(token::decode_text(text)?)
}

/// The line that is being answered.
struct Answer {
    json: bool,
    /// What a value must not hold.
    separator: Option<u8>,
    bytes: Zeroizing<Vec<u8>>,
}

impl Answer {
    fn object(&mut self, object: &Value) {
        self.bytes.extend_from_slice(object.to_string().as_bytes());
    }
}

/// Answers each value in order and stops at the first that fails: everything before it has been answered.
fn each(
    values: &Values,
    report: &Report,
    mut convert: impl FnMut(&[u8], &mut Answer) -> Result<(), Failure>,
) -> Result<(), Failure> {
    if values.raw {
        return only(&mut convert);
    }
    let separator = if values.null { 0 } else { b'\n' };
    let json = report.is_json();
    let mut answer = Answer { json, separator: Some(separator), bytes: Zeroizing::new(Vec::new()) };
    // Objects are a line each, whatever the values end with.
    let end = if json { b'\n' } else { separator };
    let mut output = BufWriter::with_capacity(1 << 16, io::stdout().lock());
    let failed = |error: io::Error| Failure::write("standard output", &error);
    let mut convert = |place: &str, value: &[u8], output: &mut BufWriter<_>| {
        answer.bytes.clear();
        convert(value, &mut answer).map_err(|failure| failure.of(place))?;
        answer.bytes.push(end);
        output.write_all(&answer.bytes).map_err(failed)
    };
    let mut answered = Ok(());
    if values.values.is_empty() {
        let mut input = BufReader::with_capacity(1 << 16, io::stdin().lock());
        let mut line = Zeroizing::new(Vec::new());
        for number in 1_u64.. {
            line.clear();
            let read =
                read_value(&mut input, separator, &mut line).map_err(|error| Failure::read("standard input", &error));
            match read {
                Ok(false) => break,
                Ok(true) => answered = convert(&format!("line {number}"), &line, &mut output),
                Err(failure) => answered = Err(failure),
            }
            // Whoever waits for an answer before writing the next line gets it.
            if answered.is_ok() && input.buffer().is_empty() {
                answered = output.flush().map_err(failed);
            }
            if answered.is_err() {
                break;
            }
        }
    } else {
        for (number, value) in (1..).zip(&values.values) {
            answered = convert(&format!("value {number}"), value.as_bytes(), &mut output);
            if answered.is_err() {
                break;
            }
        }
    }
    let flushed = output.flush().map_err(failed);
    answered.and(flushed)
}

/// Answers standard input as one value, and adds nothing to the answer.
fn only(convert: &mut impl FnMut(&[u8], &mut Answer) -> Result<(), Failure>) -> Result<(), Failure> {
    let mut value = Zeroizing::new(Vec::new());
    // One byte more than any value or token's text is enough to refuse it.
    let read = io::stdin().lock().take(MAX_RAW_LEN).read_to_end(&mut value);
    read.map_err(|error| Failure::read("standard input", &error))?;
    let mut answer = Answer { json: false, separator: None, bytes: Zeroizing::new(Vec::new()) };
    convert(&value, &mut answer)?;
    let mut stdout = io::stdout().lock();
    let written = stdout.write_all(&answer.bytes).and_then(|()| stdout.flush());
    written.map_err(|error| Failure::write("standard output", &error))
}

/// The next value without its separator; the last one may lack it.
fn read_value(input: &mut impl BufRead, separator: u8, value: &mut Vec<u8>) -> io::Result<bool> {
    if input.read_until(separator, value)? == 0 {
        return Ok(false);
    }
    if value.last() == Some(&separator) {
        value.pop();
    }
    Ok(true)
}

/// More than the text of the longest token.
const MAX_RAW_LEN: u64 = token::MAX_VALUE_LEN as u64 * 2;
