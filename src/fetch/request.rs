//! One request: its answer, or why there is none.

use super::address;
use super::config::FetchConfig;
use super::content::{self, SIGNATURE};
use super::guard::{Guard, check_address, is_refusal};
use super::outcome::Outcome;
use super::retry_after;
use std::io::{ErrorKind, Read};
use std::time::{Duration, SystemTime};
use ureq::http::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_LENGTH, LOCATION, RETRY_AFTER};
use ureq::http::{HeaderMap, Uri};
use ureq::{Agent, Proxy, Timeout};

/// Bytes read at once.
const PIECE: usize = 1 << 16;
/// Longest idle time of a connection that is kept for the next request.
const IDLE: Duration = Duration::from_secs(15);

/// The answer to one request.
#[derive(Debug)]
pub(super) enum Answer {
    /// A complete file, now in the buffer, with the extension of its content.
    File(Option<&'static str>),
    /// Another address.
    Redirect(Uri),
    /// No file: why, in words, and how long the server asks to wait.
    Failure(Outcome, String, Option<Duration>),
}

impl Answer {
    pub(super) fn failure(outcome: Outcome, detail: impl Into<String>) -> Self {
        Self::Failure(outcome, detail.into(), None)
    }
}

/// An agent that keeps connections, follows no redirect by itself, and connects only where it may.
pub(super) fn agent(config: &FetchConfig) -> Agent {
    let proxy = Proxy::try_from_env();
    let guard = Guard::new(&config.private_hosts, proxy.as_ref());
    let settings = Agent::config_builder()
        .proxy(proxy)
        // A redirect leads to another host, which has a limit of its own.
        .max_redirects(0)
        .http_status_as_error(false)
        .user_agent(concat!("cuaderno/", env!("CARGO_PKG_VERSION")))
        .max_idle_connections(config.parallel)
        .max_idle_connections_per_host(config.per_host.min(config.parallel))
        .max_idle_age(IDLE)
        .timeout_resolve(Some(config.connect_timeout))
        .timeout_connect(Some(config.connect_timeout))
        .timeout_recv_response(Some(config.first_byte_timeout))
        .timeout_global(Some(config.total_timeout))
        .build();
    Agent::with_parts(settings, ureq::unversioned::transport::DefaultConnector::default(), guard)
}

/// Makes one request; the body goes into `buffer`.
pub(super) fn once(
    agent: &Agent,
    address: &Uri,
    config: &FetchConfig,
    buffer: &mut Vec<u8>,
) -> Answer {
    buffer.clear();
    if let Err(reason) = check_address(address, config) {
        return Answer::failure(Outcome::Blocked, reason);
    }
    let request = agent
        .get(address)
        .header(ACCEPT, "image/*,*/*;q=0.8")
        // Nothing is unpacked: a small body cannot become a large one.
        .header(ACCEPT_ENCODING, "identity");
    match request.call() {
        Ok(response) => {
            let (head, body) = response.into_parts();
            match head.status.as_u16() {
                200 | 203 => read(body.into_reader(), &head.headers, config, buffer),
                301 | 302 | 303 | 307 | 308 => redirect(address, &head.headers),
                status => failure(status, &head.headers),
            }
        }
        Err(error) => broken(&error, Outcome::Unreachable),
    }
}

fn read(
    mut body: impl Read,
    headers: &HeaderMap,
    config: &FetchConfig,
    buffer: &mut Vec<u8>,
) -> Answer {
    let too_large = |bytes: u64| {
        let detail = format!("{bytes} bytes or more, {} are allowed", config.max_bytes);
        Answer::failure(Outcome::TooLarge, detail)
    };
    let announced: Option<u64> =
        headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    if let Some(length) = announced.filter(|length| *length > config.max_bytes) {
        return too_large(length);
    }
    let mut extension = None;
    let mut known = false;
    let mut filled = 0;
    loop {
        let room = announced.map_or(PIECE, |length| {
            (length as usize - filled.min(length as usize)).clamp(1, PIECE)
        });
        buffer.resize(filled + room, 0);
        let end = match body.read(&mut buffer[filled..]) {
            Ok(0) => true,
            Ok(length) => {
                filled += length;
                false
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return broken(&ureq::Error::from(error), Outcome::Incomplete),
        };
        if !known && (end || filled >= SIGNATURE) {
            match content::extension(&buffer[..filled], config.accept) {
                Ok(found) => (extension, known) = (found, true),
                Err(reason) => return Answer::failure(Outcome::NotAnImage, reason),
            }
        }
        if filled as u64 > config.max_bytes {
            return too_large(filled as u64);
        }
        if end {
            break;
        }
    }
    buffer.truncate(filled);
    if announced.is_some_and(|length| length != filled as u64) {
        let detail = format!("{filled} of {} bytes came", announced.unwrap_or_default());
        return Answer::failure(Outcome::Incomplete, detail);
    }
    if !content::is_whole(buffer, extension) {
        let detail = format!("the file has no end, {filled} bytes came");
        return Answer::failure(Outcome::Incomplete, detail);
    }
    Answer::File(extension)
}

fn redirect(address: &Uri, headers: &HeaderMap) -> Answer {
    let location =
        headers.get(LOCATION).map(|location| String::from_utf8_lossy(location.as_bytes()));
    let location = location.unwrap_or_default();
    // Protocols that are no web address do not parse as one.
    if let Some((scheme, _)) = location.split_once(':')
        && !scheme.contains(['/', '?', '#'])
        && !["http", "https"].contains(&scheme.trim().to_ascii_lowercase().as_str())
    {
        let detail = format!("it redirects to `{location}`; only http and https are allowed");
        return Answer::failure(Outcome::Blocked, detail);
    }
    match address::resolve(address, &location).and_then(|next| address::without_credentials(&next))
    {
        Some(next) => Answer::Redirect(next),
        None => {
            let detail = format!("it redirects to `{location}`, which is not a URL");
            Answer::failure(Outcome::ServerError, detail)
        }
    }
}

fn failure(status: u16, headers: &HeaderMap) -> Answer {
    let outcome = match status {
        404 | 410 => Outcome::NotFound,
        408 => Outcome::Timeout,
        429 => Outcome::RateLimited,
        400..=499 => Outcome::Denied,
        _ => Outcome::ServerError,
    };
    let wait = match status {
        429 | 503 => headers
            .get(RETRY_AFTER)
            .and_then(|text| retry_after::parse(text.to_str().ok()?, SystemTime::now())),
        _ => None,
    };
    Answer::Failure(outcome, format!("status {status}"), wait)
}

/// The failure that an error means; `usual` where the error does not say.
fn broken(error: &ureq::Error, usual: Outcome) -> Answer {
    let (outcome, detail) = match error {
        error if is_refusal(error) => (Outcome::Blocked, error.to_string()),
        ureq::Error::Timeout(reason) => {
            let phase = match reason {
                Timeout::Resolve => "the name server did not answer in time",
                Timeout::Connect => "no connection in time",
                Timeout::SendRequest | Timeout::RecvResponse => "no answer in time",
                _ => "the whole took too long",
            };
            (Outcome::Timeout, phase.to_string())
        }
        ureq::Error::HostNotFound => (Outcome::Unreachable, "the host was not found".to_string()),
        ureq::Error::Protocol(error) if usual == Outcome::Unreachable => {
            (Outcome::ServerError, format!("the answer is not HTTP: {error}"))
        }
        ureq::Error::BadUri(reason) => (Outcome::InvalidUrl, reason.clone()),
        error => (usual, error.to_string()),
    };
    Answer::failure(outcome, detail)
}
