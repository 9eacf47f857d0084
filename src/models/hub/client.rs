//! HTTP requests to a hub, made by a thread of their own so that waiting for a response can be interrupted.

use super::settings::{Hub, timeout};
use crate::fetch::address::{origin, resolve};
use crate::{Error, notebook};
use std::io::{self, Read};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;
use ureq::http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_RANGE, LOCATION, RANGE};
use ureq::http::{HeaderMap, Uri};
use ureq::{Agent, Body};

/// Time between two checks for an interruption while waiting.
const INTERRUPT_INTERVAL: Duration = Duration::from_millis(100);
/// Bytes per chunk of a body, and the number of chunks that may wait to be written.
const CHUNK: usize = 1 << 16;
const QUEUED_CHUNKS: usize = 16;

/// Why a download failed.
#[derive(Debug)]
pub(super) enum Failure {
    /// The server's HTTP status.
    Status(u16),
    /// The network error.
    Network(String),
    /// Another process is downloading the file.
    Locked,
    /// A complete error of this crate.
    Own(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Own(error)
    }
}

/// An HTTP client for one hub.
pub(super) struct Client {
    agent: Agent,
    token: Option<String>,
    /// The only address that gets the token.
    home: Uri,
    timeout: Duration,
}

impl Client {
    /// A client that sends its token to the host of `address` alone.
    pub(super) fn new(hub: &Hub, address: &Uri) -> Result<Self, Failure> {
        let timeout = timeout()?;
        let agent = Agent::config_builder()
            // Redirects are followed in `find`, since not every host may see the token.
            .max_redirects(0)
            .http_status_as_error(false)
            .user_agent(concat!("cuaderno/", env!("CARGO_PKG_VERSION")))
            .timeout_resolve(Some(timeout))
            .timeout_connect(Some(timeout))
            .timeout_recv_response(Some(timeout))
            .timeout_per_read(Some(timeout))
            .timeout_per_write(Some(timeout))
            .build()
            .into();
        let token = hub.token.as_deref().map(|token| token.trim().to_string());
        Ok(Self { agent, token, home: address.clone(), timeout })
    }

    /// Requests a file from byte `from`.
    pub(super) fn get(&self, address: &Uri, from: u64) -> Result<Response, Failure> {
        let mut request = self.agent.get(address);
        if from > 0 {
            request = request.header(RANGE, format!("bytes={from}-"));
        }
        if let Some(token) = &self.token
            && origin(address) == origin(&self.home)
        {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        let (sender, messages) = sync_channel(QUEUED_CHUNKS);
        std::thread::Builder::new()
            .name("cuaderno-hub".into())
            .spawn(move || match request.call() {
                Ok(answer) => {
                    let (head, body) = answer.into_parts();
                    if sender.send(Ok(Message::Head(head.status.as_u16(), head.headers))).is_ok() {
                        send(body, &sender);
                    }
                }
                // Nothing receives the error of an abandoned request.
                Err(error) => drop(sender.send(Err(error))),
            })
            .map_err(|error| Failure::Network(error.to_string()))?;
        let mut response =
            Response { status: 0, headers: HeaderMap::new(), messages, timeout: self.timeout };
        if let Message::Head(status, headers) = response.next()? {
            response.status = status;
            response.headers = headers;
        }
        match response.status {
            200 | 206 | 301 | 302 | 303 | 307 | 308 => Ok(response),
            status => Err(Failure::Status(status)),
        }
    }
}

/// A message from the thread of a request.
enum Message {
    Head(u16, HeaderMap),
    Bytes(Vec<u8>),
    End,
}

fn send(body: Body, sender: &SyncSender<Result<Message, ureq::Error>>) {
    let mut reader = body.into_reader();
    let mut buffer = vec![0; CHUNK];
    loop {
        let message = match reader.read(&mut buffer) {
            Ok(0) => Ok(Message::End),
            Ok(length) => Ok(Message::Bytes(buffer[..length].to_vec())),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => Err(ureq::Error::from(error)),
        };
        let more = matches!(message, Ok(Message::Bytes(_)));
        if sender.send(message).is_err() || !more {
            break;
        }
    }
}

/// A response whose body arrives in chunks. Dropping it ends the request.
pub(super) struct Response {
    status: u16,
    headers: HeaderMap,
    messages: Receiver<Result<Message, ureq::Error>>,
    timeout: Duration,
}

impl Response {
    /// The next chunk of the body; `None` at its end.
    pub(super) fn read(&self) -> Result<Option<Vec<u8>>, Failure> {
        match self.next()? {
            Message::Bytes(bytes) => Ok(Some(bytes)),
            _ => Ok(None),
        }
    }

    fn next(&self) -> Result<Message, Failure> {
        loop {
            notebook::check()?;
            match self.messages.recv_timeout(INTERRUPT_INTERVAL) {
                Ok(message) => return message.map_err(|error| self.failure(&error)),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(Failure::Network("the request ended without a response".into()));
                }
            }
        }
    }

    fn failure(&self, error: &ureq::Error) -> Failure {
        Failure::Network(match error {
            ureq::Error::Timeout(_) => {
                format!("no data for {} s", self.timeout.as_secs())
            }
            error => error.to_string(),
        })
    }

    /// A header as text.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The length of the body, if the server sends it.
    pub(super) fn length(&self) -> Option<u64> {
        self.header(CONTENT_LENGTH.as_str())?.parse().ok()
    }

    /// Returns `true` if the body is the rest of the file after its first `from` bytes, not the whole file.
    pub(super) fn continues_at(&self, from: u64) -> bool {
        let range = self.header(CONTENT_RANGE.as_str()).unwrap_or_default();
        self.status == 206 && range.starts_with(&format!("bytes {from}-"))
    }

    /// The address to which the server redirects from `address`, if any.
    pub(super) fn redirection(&self, address: &Uri) -> Result<Option<Uri>, Failure> {
        if self.status < 300 {
            return Ok(None);
        }
        let location = self.header(LOCATION.as_str()).unwrap_or_default();
        let next = resolve(address, location).ok_or_else(|| {
            Failure::Network(format!(
                "the server redirects to `{location}`, which is not a valid address"
            ))
        })?;
        Ok(Some(next))
    }
}
