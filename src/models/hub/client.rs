//! Requests to a hub. A thread of their own makes them, so that whoever waits for an answer can be interrupted
//! whatever the network does.

use super::settings::{Hub, patience};
use crate::{Error, notebook};
use std::io::{self, Read};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;
use ureq::http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_RANGE, LOCATION, RANGE};
use ureq::http::{HeaderMap, Uri};
use ureq::{Agent, Body};

/// How often one who waits looks for an interruption.
const LOOK: Duration = Duration::from_millis(100);
/// The most that is read at once, in bytes, and how many such pieces may wait for the disk.
const PIECE: usize = 1 << 16;
const WAITING: usize = 16;

/// Why there is no file.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The server's answer.
    Status(u16),
    /// What went wrong on the way.
    Network(String),
    /// Another program has the file in hand.
    Locked,
    /// An error that needs no more words.
    Own(Error),
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Self::Own(error)
    }
}

/// One who asks a hub.
pub(super) struct Client {
    agent: Agent,
    token: Option<String>,
    /// Where the token may go.
    home: Uri,
    patience: Duration,
}

impl Client {
    /// A client whose token goes to the host of `address` alone.
    pub(super) fn new(hub: &Hub, address: &Uri) -> Result<Self, Trouble> {
        let patience = patience()?;
        let agent = Agent::config_builder()
            // Redirections are followed here, where it is known what each host may see.
            .max_redirects(0)
            .http_status_as_error(false)
            .user_agent(concat!("cuaderno/", env!("CARGO_PKG_VERSION")))
            .timeout_resolve(Some(patience))
            .timeout_connect(Some(patience))
            .timeout_recv_response(Some(patience))
            .timeout_per_read(Some(patience))
            .timeout_per_write(Some(patience))
            .build()
            .into();
        let token = hub.token.as_deref().map(|token| token.trim().to_string());
        Ok(Self { agent, token, home: address.clone(), patience })
    }

    /// Asks for a file from byte `from` on.
    pub(super) fn get(&self, address: &Uri, from: u64) -> Result<Response, Trouble> {
        let mut request = self.agent.get(address);
        if from > 0 {
            request = request.header(RANGE, format!("bytes={from}-"));
        }
        if let Some(token) = &self.token
            && origin(address) == origin(&self.home)
        {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        let (sender, pieces) = sync_channel(WAITING);
        std::thread::Builder::new()
            .name("cuaderno-hub".into())
            .spawn(move || match request.call() {
                Ok(answer) => {
                    let (head, body) = answer.into_parts();
                    if sender.send(Ok(Piece::Head(head.status.as_u16(), head.headers))).is_ok() {
                        send(body, &sender);
                    }
                }
                // Who has stopped waiting wants no error.
                Err(error) => drop(sender.send(Err(error))),
            })
            .map_err(|error| Trouble::Network(error.to_string()))?;
        let mut response =
            Response { status: 0, headers: HeaderMap::new(), pieces, patience: self.patience };
        if let Piece::Head(status, headers) = response.next()? {
            response.status = status;
            response.headers = headers;
        }
        match response.status {
            200 | 206 | 301 | 302 | 303 | 307 | 308 => Ok(response),
            status => Err(Trouble::Status(status)),
        }
    }
}

/// What the thread that makes a request has to say.
enum Piece {
    Head(u16, HeaderMap),
    Bytes(Vec<u8>),
    End,
}

fn send(body: Body, sender: &SyncSender<Result<Piece, ureq::Error>>) {
    let mut reader = body.into_reader();
    let mut buffer = vec![0; PIECE];
    loop {
        let piece = match reader.read(&mut buffer) {
            Ok(0) => Ok(Piece::End),
            Ok(length) => Ok(Piece::Bytes(buffer[..length].to_vec())),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => Err(ureq::Error::from(error)),
        };
        let more = matches!(piece, Ok(Piece::Bytes(_)));
        if sender.send(piece).is_err() || !more {
            break;
        }
    }
}

/// An answer whose body comes by and by. Dropping it ends the request.
pub(super) struct Response {
    status: u16,
    headers: HeaderMap,
    pieces: Receiver<Result<Piece, ureq::Error>>,
    patience: Duration,
}

impl Response {
    /// The next bytes of the body, or `None` at its end.
    pub(super) fn read(&self) -> Result<Option<Vec<u8>>, Trouble> {
        match self.next()? {
            Piece::Bytes(bytes) => Ok(Some(bytes)),
            _ => Ok(None),
        }
    }

    fn next(&self) -> Result<Piece, Trouble> {
        loop {
            notebook::check()?;
            match self.pieces.recv_timeout(LOOK) {
                Ok(piece) => return piece.map_err(|error| self.trouble(&error)),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(Trouble::Network("the request ended without an answer".into()));
                }
            }
        }
    }

    fn trouble(&self, error: &ureq::Error) -> Trouble {
        Trouble::Network(match error {
            ureq::Error::Timeout(_) => {
                format!("nothing has come for {} s", self.patience.as_secs())
            }
            error => error.to_string(),
        })
    }

    /// A header as text.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The length of the body, where the server tells it.
    pub(super) fn length(&self) -> Option<u64> {
        self.header(CONTENT_LENGTH.as_str())?.parse().ok()
    }

    /// Whether the body is what follows the first `from` bytes of the file, not the whole of it.
    pub(super) fn continues_at(&self, from: u64) -> bool {
        let range = self.header(CONTENT_RANGE.as_str()).unwrap_or_default();
        self.status == 206 && range.starts_with(&format!("bytes {from}-"))
    }

    /// The address to which the server redirects from `address`, if it does.
    pub(super) fn redirection(&self, address: &Uri) -> Result<Option<Uri>, Trouble> {
        if self.status < 300 {
            return Ok(None);
        }
        let location = self.header(LOCATION.as_str()).unwrap_or_default();
        let next = resolve(address, location).ok_or_else(|| {
            Trouble::Network(format!("it redirects to `{location}`, which is no address"))
        })?;
        Ok(Some(next))
    }
}

/// The address that `location` means on the page `address`.
fn resolve(address: &Uri, location: &str) -> Option<Uri> {
    let scheme = address.scheme_str()?;
    let whole = if location.contains("://") {
        location.to_string()
    } else if location.starts_with("//") {
        format!("{scheme}:{location}")
    } else if location.starts_with('/') {
        format!("{scheme}://{}{location}", address.authority()?)
    } else {
        return None;
    };
    // A fragment is not part of what is asked for.
    whole.split('#').next()?.parse().ok().filter(|uri: &Uri| uri.host().is_some())
}

/// Who answers at an address: scheme, host and port.
fn origin(address: &Uri) -> (Option<&str>, Option<String>, Option<u16>) {
    let scheme = address.scheme_str();
    let usual = if scheme == Some("https") { 443 } else { 80 };
    let host = address.host().map(str::to_ascii_lowercase);
    (scheme, host, address.port_u16().or(Some(usual)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uri(text: &str) -> Uri {
        text.parse().unwrap()
    }

    #[test]
    fn redirections_are_relative_to_their_page() {
        let page = uri("https://hub.test:8443/a/b");
        for (location, expected) in [
            ("https://cdn.test/x?y=1#z", Some("https://cdn.test/x?y=1")),
            ("//cdn.test/x", Some("https://cdn.test/x")),
            ("/c/d?next=e", Some("https://hub.test:8443/c/d?next=e")),
            ("", None),
            ("c d", None),
            ("https://", None),
        ] {
            assert_eq!(resolve(&page, location), expected.map(uri), "{location}");
        }
    }

    #[test]
    fn another_scheme_host_or_port_is_somebody_else() {
        let same = |a: &str, b: &str| origin(&uri(a)) == origin(&uri(b));
        assert!(same("https://hub.test/a", "https://HUB.test:443/b?c"));
        assert!(same("http://hub.test/a", "http://hub.test:80/"));
        assert!(!same("https://hub.test/", "http://hub.test/"));
        assert!(!same("https://hub.test/", "https://cdn.hub.test/"));
        assert!(!same("https://hub.test/", "https://hub.test:8443/"));
        assert!(!same("http://hub.test/", "http://hub.test@evil.test/"));
    }
}
