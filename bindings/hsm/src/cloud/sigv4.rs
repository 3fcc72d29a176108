//! Signature Version 4 of AWS, for one call at a time.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

/// For whom, where and when.
pub(super) struct Signing<'s> {
    pub(super) region: &'s str,
    pub(super) service: &'s str,
    pub(super) id: &'s str,
    /// Seconds since 1970.
    pub(super) now: u64,
}

impl Signing<'_> {
    /// The `Authorization` header of a request. The headers are those that are signed, by name in lowercase and in order.
    pub(super) fn authorization(
        &self,
        method: &str,
        path: &str,
        query: &str,
        headers: &[(&'static str, Zeroizing<String>)],
        body: &[u8],
        secret: &str,
    ) -> String {
        let names = headers.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";");
        let mut lines = Zeroizing::new(String::with_capacity(4_096));
        for (name, value) in headers {
            lines.push_str(name);
            lines.push(':');
            lines.push_str(value.trim());
            lines.push('\n');
        }
        let body = hex(&Sha256::digest(body));
        let request = Zeroizing::new(format!("{method}\n{path}\n{query}\n{}\n{names}\n{body}", lines.as_str()));
        let date_time = date_time(self.now);
        let date = &date_time[..8];
        let scope = format!("{date}/{}/{}/aws4_request", self.region, self.service);
        let to_sign = format!("AWS4-HMAC-SHA256\n{date_time}\n{scope}\n{}", hex(&Sha256::digest(request.as_bytes())));
        let mut key = Zeroizing::new([b"AWS4", secret.as_bytes()].concat());
        for part in [date, self.region, self.service, "aws4_request"] {
            key = mac(&key, part);
        }
        let signature = hex(&mac(&key, &to_sign));
        format!("AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={names}, Signature={signature}", self.id)
    }
}

/// `20150830T123600Z`, of seconds since 1970.
pub(super) fn date_time(seconds: u64) -> String {
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    // Civil from days: years that begin in March, in eras of 400.
    let shifted = days + 719_468;
    let (era, day) = (shifted / 146_097, shifted % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let (day, month) = (day - (153 * month + 2) / 5 + 1, if month < 10 { month + 3 } else { month - 9 });
    let year = year + era * 400 + u64::from(month <= 2);
    format!("{year:04}{month:02}{day:02}T{:02}{:02}{:02}Z", rest / 3_600, rest / 60 % 60, rest % 60)
}

fn mac(key: &[u8], message: &str) -> Zeroizing<Vec<u8>> {
    // HMAC takes a key of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return Zeroizing::default() };
    mac.update(message.as_bytes());
    Zeroizing::new(mac.finalize().into_bytes().to_vec())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example that AWS's documentation of Signature Version 4 works through.
    #[test]
    fn the_documented_example() {
        let header = |name, value: &str| (name, Zeroizing::new(value.to_owned()));
        let headers = [
            header("content-type", "application/x-www-form-urlencoded; charset=utf-8"),
            header("host", "iam.amazonaws.com"),
            header("x-amz-date", "20150830T123600Z"),
        ];
        let signing = Signing { region: "us-east-1", service: "iam", id: "AKIDEXAMPLE", now: 1_440_938_160 };
        let query = "Action=ListUsers&Version=2010-05-08";
        let authorization =
            signing.authorization("GET", "/", query, &headers, b"", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
        assert_eq!(
            authorization,
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, \
             SignedHeaders=content-type;host;x-amz-date, \
             Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"
        );
    }

    #[test]
    fn dates() {
        for (seconds, text) in [
            (0, "19700101T000000Z"),
            (951_782_399, "20000228T235959Z"),
            (951_782_400, "20000229T000000Z"),
            (1_440_938_160, "20150830T123600Z"),
            (4_107_542_400, "21000301T000000Z"),
        ] {
            assert_eq!(date_time(seconds), text);
        }
    }
}
