//! Requests to an MLflow server.

use super::store::Content;
use crate::{Error, ErrorKind, Result, notebook};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use std::fmt;
use std::time::Duration;
use ureq::Agent;

/// Longest wait for an answer, and for a connection.
const ANSWER: Duration = Duration::from_secs(60);
const CONNECT: Duration = Duration::from_secs(10);
/// Waits before a request is made again, after a server that was busy or did not answer.
const RETRIES: [Duration; 3] =
    [Duration::from_millis(250), Duration::from_secs(1), Duration::from_secs(3)];

/// A client of one server. Its `Debug` form does not show the token.
pub(super) struct Client {
    agent: Agent,
    server: String,
    authorization: Option<String>,
}

/// The error that a server answers with.
#[derive(Debug)]
pub(super) struct Refusal {
    /// MLflow's name of the error, such as `RESOURCE_DOES_NOT_EXIST`.
    pub code: String,
    pub error: Error,
}

impl Refusal {
    pub fn into_error(self) -> Error {
        self.error
    }
}

/// An answer: its status and its body.
type Answer = (u16, String);
type Sent = std::result::Result<Answer, ureq::Error>;

impl Client {
    pub fn new(server: &str) -> Self {
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .user_agent(concat!("cuaderno/", env!("CARGO_PKG_VERSION")))
            .timeout_resolve(Some(CONNECT))
            .timeout_connect(Some(CONNECT))
            .timeout_recv_response(Some(ANSWER))
            .timeout_per_read(Some(ANSWER))
            .timeout_per_write(Some(ANSWER))
            .build()
            .into();
        Self { agent, server: server.to_string(), authorization: authorization() }
    }

    /// The address of the server.
    pub fn server(&self) -> &str {
        &self.server
    }

    /// Reads by GET, with these parameters in the address.
    pub fn get(&self, method: &str, query: &[(&str, &str)]) -> std::result::Result<Value, Refusal> {
        let address = format!("{}/api/2.0/mlflow/{method}", self.server);
        self.json(&address, true, &|| {
            let mut request = self.agent.get(&address);
            for (name, value) in query {
                request = request.query(name, value);
            }
            if let Some(authorization) = &self.authorization {
                request = request.header("Authorization", authorization);
            }
            answer(request.call())
        })
    }

    /// Sends JSON by POST. `again` allows a second try when the answer is lost: what the request does twice counts once.
    pub fn post(
        &self,
        method: &str,
        body: &Value,
        again: bool,
    ) -> std::result::Result<Value, Refusal> {
        let address = format!("{}/api/2.0/mlflow/{method}", self.server);
        let body = body.to_string();
        self.json(&address, again, &|| {
            let mut request = self.agent.post(&address).header("Content-Type", "application/json");
            if let Some(authorization) = &self.authorization {
                request = request.header("Authorization", authorization);
            }
            answer(request.send(&body))
        })
    }

    /// Sends a file by PUT; `server` where it is another one.
    pub fn put(&self, server: Option<&str>, path: &str, content: Content<'_>) -> Result<()> {
        let scheme = self.server.split("://").next().unwrap_or("http");
        let server =
            server.map_or_else(|| self.server.clone(), |host| format!("{scheme}://{host}"));
        let address = format!("{server}/api/2.0/mlflow-artifacts/artifacts/{}", encoded(path));
        // The token is for the tracking server alone.
        let own = server == self.server;
        let opened = match content {
            Content::File(file) => {
                std::fs::File::open(file).map(|_| ()).map_err(|e| Error::io(file, &e))
            }
            Content::Bytes(_) => Ok(()),
        };
        opened?;
        self.json(&address, true, &|| {
            let mut request =
                self.agent.put(&address).header("Content-Type", "application/octet-stream");
            if let Some(authorization) = self.authorization.as_ref().filter(|_| own) {
                request = request.header("Authorization", authorization);
            }
            answer(match content {
                Content::Bytes(bytes) => request.send(bytes),
                Content::File(file) => match std::fs::File::open(file) {
                    Ok(file) => request.send(file),
                    Err(error) => Err(ureq::Error::from(error)),
                },
            })
        })
        .map_err(Refusal::into_error)?;
        Ok(())
    }

    /// The JSON of an answer, asked for several times where the server is busy.
    fn json(
        &self,
        address: &str,
        again: bool,
        request: &dyn Fn() -> Sent,
    ) -> std::result::Result<Value, Refusal> {
        let mut waits = RETRIES.iter();
        let (status, text) = loop {
            let found = request();
            let wait = match &found {
                Ok((429 | 503, _)) => waits.next(),
                Ok((500 | 502 | 504, _)) if again => waits.next(),
                // Nothing was sent.
                Err(ureq::Error::ConnectionFailed | ureq::Error::HostNotFound) => waits.next(),
                Err(ureq::Error::Io(error))
                    if again || error.kind() == std::io::ErrorKind::ConnectionRefused =>
                {
                    waits.next()
                }
                Err(ureq::Error::Timeout(_)) if again => waits.next(),
                _ => None,
            };
            match (wait, found) {
                (Some(wait), _) => {
                    notebook::check().map_err(|error| self.refusal("", error))?;
                    std::thread::sleep(*wait);
                }
                (None, Ok(answer)) => break answer,
                (None, Err(error)) => return Err(self.unreachable(&error)),
            }
        };
        let found: Option<Value> =
            serde_json::from_str(if text.is_empty() { "{}" } else { &text }).ok();
        match (status, found) {
            (200..=299, Some(found)) => Ok(found),
            (_, found) => Err(self.refused(address, status, found.as_ref(), &text)),
        }
    }

    fn refusal(&self, code: &str, error: Error) -> Refusal {
        Refusal { code: code.to_string(), error }
    }

    fn unreachable(&self, error: &ureq::Error) -> Refusal {
        let problem = format!("the tracking server {} does not answer: {error}", self.server);
        let help = "start it with `mlflow server`, or set `MLFLOW_TRACKING_URI` to another one";
        self.refusal("", Error::new(ErrorKind::Network, problem).help(help))
    }

    fn refused(&self, address: &str, status: u16, found: Option<&Value>, text: &str) -> Refusal {
        let of = |name: &str| found.and_then(|found| found[name].as_str()).unwrap_or_default();
        let message = if of("message").is_empty() { text } else { of("message") };
        let message: String =
            message.lines().next().unwrap_or_default().chars().take(300).collect();
        let problem = format!("the tracking server answered {status} at {address}: {message}");
        let help = match status {
            401 | 403 => {
                "set `MLFLOW_TRACKING_USERNAME` and `MLFLOW_TRACKING_PASSWORD`, or `MLFLOW_TRACKING_TOKEN`"
            }
            200..=299 | 404 if found.is_none() => {
                "set `MLFLOW_TRACKING_URI` to the address of an MLflow server"
            }
            _ => return self.refusal(of("error_code"), Error::new(ErrorKind::Network, problem)),
        };
        self.refusal(of("error_code"), Error::new(ErrorKind::Network, problem).help(help))
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("server", &self.server).finish_non_exhaustive()
    }
}

fn answer(answer: std::result::Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Sent {
    let mut answer = answer?;
    let status = answer.status().as_u16();
    // A page of runs may have megabytes.
    let text = answer.body_mut().with_config().limit(256 << 20).read_to_string()?;
    Ok((status, text))
}

/// The header by which MLflow's own client shows who it is.
fn authorization() -> Option<String> {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    if let Some(user) = variable("MLFLOW_TRACKING_USERNAME") {
        let password = variable("MLFLOW_TRACKING_PASSWORD").unwrap_or_default();
        return Some(format!("Basic {}", STANDARD.encode(format!("{user}:{password}"))));
    }
    variable("MLFLOW_TRACKING_TOKEN").map(|token| format!("Bearer {token}"))
}

/// A path in an address: letters, digits and `-._~/` as they are.
fn encoded(path: &str) -> String {
    let byte = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
            char::from(byte).to_string()
        }
        _ => format!("%{byte:02X}"),
    };
    path.bytes().map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_encoded_byte_by_byte() {
        assert_eq!(encoded("1/a b/ñ#?.txt"), "1/a%20b/%C3%B1%23%3F.txt");
    }
}
