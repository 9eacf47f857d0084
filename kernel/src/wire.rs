//! Jupyter messages as they travel: frames, signature, and the four JSON parts.

use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use std::fmt::Write as _;
use std::time::{SystemTime, UNIX_EPOCH};
use zeromq::ZmqMessage;

const DELIMITER: &[u8] = b"<IDS|MSG>";

/// One Jupyter message with the routing identities it came from or goes to.
#[derive(Clone, Debug)]
pub struct Message {
    pub identities: Vec<Bytes>,
    pub header: Value,
    pub parent: Value,
    pub metadata: Value,
    pub content: Value,
    pub buffers: Vec<Bytes>,
}

/// Why frames were not taken for a message.
#[derive(Debug, PartialEq, Eq)]
pub enum Rejected {
    /// The delimiter or some of the parts are missing, or a part is no JSON object.
    Malformed,
    /// The signature does not match, or there is none.
    Signature,
}

/// Signs and checks messages with the key of a connection file; an empty key switches both off.
#[derive(Clone)]
pub struct Signer {
    mac: Option<Hmac<Sha256>>,
}

impl Signer {
    pub fn new(key: &str) -> Self {
        let mac = (!key.is_empty()).then(|| Hmac::new_from_slice(key.as_bytes()).ok()).flatten();
        Self { mac }
    }

    /// Turns frames into a message if they are well formed and signed with this key.
    pub fn open(&self, frames: ZmqMessage) -> Result<Message, Rejected> {
        let mut frames = frames.into_vec();
        let at = frames.iter().position(|f| &f[..] == DELIMITER).ok_or(Rejected::Malformed)?;
        let mut rest = frames.split_off(at);
        if rest.len() < 6 {
            return Err(Rejected::Malformed);
        }
        let buffers = rest.split_off(6);
        if let Some(mac) = &self.mac {
            let mut mac = mac.clone();
            rest[2..6].iter().for_each(|part| mac.update(part));
            let claimed = unhex(&rest[1]).ok_or(Rejected::Signature)?;
            mac.verify_slice(&claimed).map_err(|_| Rejected::Signature)?;
        }
        let object = |part: &Bytes| match serde_json::from_slice(part) {
            Ok(value @ Value::Object(_)) => Ok(value),
            _ => Err(Rejected::Malformed),
        };
        Ok(Message {
            identities: frames,
            header: object(&rest[2])?,
            parent: object(&rest[3])?,
            metadata: object(&rest[4])?,
            content: object(&rest[5])?,
            buffers,
        })
    }

    /// Turns a message into signed frames.
    pub fn seal(&self, message: &Message) -> ZmqMessage {
        let parts: Vec<Bytes> =
            [&message.header, &message.parent, &message.metadata, &message.content]
                .iter()
                .map(|part| Bytes::from(part.to_string()))
                .collect();
        let signature = match &self.mac {
            None => String::new(),
            Some(mac) => {
                let mut mac = mac.clone();
                parts.iter().for_each(|part| mac.update(part));
                hex(&mac.finalize().into_bytes())
            }
        };
        let mut frames = ZmqMessage::from(DELIMITER.to_vec());
        frames.push_back(signature.into_bytes().into());
        parts.into_iter().chain(message.buffers.iter().cloned()).for_each(|f| frames.push_back(f));
        message.identities.iter().rev().for_each(|id| frames.push_front(id.clone()));
        frames
    }
}

impl Message {
    /// A message of this process that answers or belongs to `parent`.
    pub fn child(kind: &str, session: &str, parent: &Value, content: Value) -> Self {
        Self {
            identities: Vec::new(),
            header: json!({
                "msg_id": uuid::Uuid::new_v4().to_string(),
                "msg_type": kind,
                "session": session,
                "username": "kernel",
                "date": now(),
                "version": "5.4",
            }),
            parent: parent.clone(),
            metadata: json!({}),
            content,
            buffers: Vec::new(),
        }
    }

    pub fn kind(&self) -> &str {
        self.header["msg_type"].as_str().unwrap_or_default()
    }

    pub fn id(&self) -> &str {
        self.header["msg_id"].as_str().unwrap_or_default()
    }

    pub fn parent_id(&self) -> &str {
        self.parent["msg_id"].as_str().unwrap_or_default()
    }
}

/// The present time as ISO 8601 in UTC, for message headers.
pub fn now() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let (days, seconds) = (since.as_secs() / 86_400, since.as_secs() % 86_400);
    let (year, month, day) = civil(days as i64);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let micros = since.subsec_micros();
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{micros:06}Z")
}

/// Year, month and day of a count of days since 1970 (Howard Hinnant's `civil_from_days`).
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, of_year - (153 * shifted + 2) / 5 + 1)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn unhex(text: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(text).ok()?;
    if text.len() % 2 != 0 || !text.is_ascii() {
        return None;
    }
    (0..text.len()).step_by(2).map(|i| u8::from_str_radix(&text[i..i + 2], 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Message {
        Message::child("stream", "s", &json!({"msg_id": "p"}), json!({"text": "¡ñandú!"}))
    }

    #[test]
    fn a_sealed_message_opens_with_the_same_key() {
        let signer = Signer::new("llave");
        let mut message = sample();
        message.identities = vec![Bytes::from_static(b"a"), Bytes::from_static(b"b")];
        message.buffers = vec![Bytes::from_static(&[0, 255])];
        let opened = signer.open(signer.seal(&message)).unwrap();
        assert_eq!(opened.identities, message.identities);
        assert_eq!(opened.content["text"], "¡ñandú!");
        assert_eq!(opened.parent_id(), "p");
        assert_eq!(opened.buffers, message.buffers);
    }

    #[test]
    fn another_key_or_none_is_rejected() {
        let frames = Signer::new("one").seal(&sample());
        assert_eq!(Signer::new("two").open(frames).unwrap_err(), Rejected::Signature);
        let unsigned = Signer::new("").seal(&sample());
        assert_eq!(Signer::new("two").open(unsigned).unwrap_err(), Rejected::Signature);
    }

    #[test]
    fn the_signature_is_that_of_pythons_hmac() {
        // hmac.new(b"key", b'{"a":1}' b'{}' b'{}' b'{}', "sha256").hexdigest() in Python 3.
        let message = Message {
            identities: vec![],
            header: json!({"a": 1}),
            parent: json!({}),
            metadata: json!({}),
            content: json!({}),
            buffers: vec![],
        };
        let frames = Signer::new("key").seal(&message).into_vec();
        assert_eq!(&frames[1][..], PYTHON_HMAC.as_bytes());
    }
    const PYTHON_HMAC: &str = "f1128388193e4dd1aa760827bd756a1b40b627676b5efe22c0e8297919bfa218";

    #[test]
    fn short_or_broken_frames_are_malformed() {
        let signer = Signer::new("");
        let mut frames = ZmqMessage::from(DELIMITER.to_vec());
        assert_eq!(signer.open(frames.clone()).unwrap_err(), Rejected::Malformed);
        for part in ["", "{", "{}", "{}", "{}"] {
            frames.push_back(Bytes::from_static(part.as_bytes()));
        }
        assert_eq!(signer.open(frames).unwrap_err(), Rejected::Malformed);
        assert_eq!(signer.open(ZmqMessage::from("no delimiter")).unwrap_err(), Rejected::Malformed);
    }

    #[test]
    fn days_become_dates() {
        // Python: datetime.date(1970, 1, 1) + timedelta(days=...)
        assert_eq!(civil(0), (1970, 1, 1));
        assert_eq!(civil(11_016), (2000, 2, 29));
        assert_eq!(civil(20_779), (2026, 11, 22));
    }
}
