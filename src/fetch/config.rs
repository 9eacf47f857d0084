//! Limits of a download.

use crate::{Error, ErrorKind, Result};
use std::time::Duration;

/// Kinds of content that a download keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accept {
    /// JPEG, PNG, GIF, WebP, BMP and TIFF files, recognized by their first bytes; a JPEG or PNG must also have its end.
    Images,
    /// Any content.
    Anything,
}

/// Limits of a download: how many at once, how long to wait, what to retry, what to refuse.
///
/// ```
/// use cuaderno::fetch::FetchConfig;
/// let gentle = FetchConfig { parallel: 4, per_host: 1, ..FetchConfig::default() };
/// assert_eq!(gentle.attempts, 4);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct FetchConfig {
    /// Requests under way at the same time, 1 to 256; default 32. Bodies are held in memory until they are complete, so
    /// that `parallel · max_bytes` bounds the memory.
    pub parallel: usize,
    /// Requests under way at the same time to one host, default 8.
    pub per_host: usize,
    /// Requests for one URL before it is given up, 1 or more; default 4. Only failures that may pass are retried:
    /// time-outs, broken connections, incomplete bodies, status 408, 429 and 5xx.
    pub attempts: usize,
    /// Wait before the second attempt, default 0.5 s. It doubles with each attempt, and half of it is random:
    /// `wait = backoff · 2^(attempt − 1) · (0.5 + u)`, `u` uniform in `[0, 1)`.
    pub backoff: Duration,
    /// Longest wait between two attempts, default 30 s. A server whose `Retry-After` is longer is given up.
    pub max_wait: Duration,
    /// Time to find and connect to a host, TLS included; default 10 s.
    pub connect_timeout: Duration,
    /// Time from the request to the header of the response; default 20 s.
    pub first_byte_timeout: Duration,
    /// Time for one request as a whole, to the last byte of the body; default 60 s.
    pub total_timeout: Duration,
    /// Size from which a file is given up, in bytes; default 20 MB.
    pub max_bytes: u64,
    /// Redirects followed for one URL, default 5.
    pub max_redirects: usize,
    /// Content that is kept, default images.
    pub accept: Accept,
    /// Hosts of private networks and of this machine that may be reached all the same, as `host` or `host:port`; default
    /// none. All others of 10.0.0.0/8, 127.0.0.0/8, 192.168.0.0/16, fc00::/7 and so on are refused. The check is made on
    /// the address that a connection is about to use, so neither a redirect nor a name server can get around it; behind
    /// a proxy, which looks names up itself, only addresses written as numbers and `localhost` are checked.
    pub private_hosts: Vec<String>,
    /// Retries, in a run that resumes, also failures that will not pass by themselves, such as "not found".
    pub retry_failed: bool,
}

impl Default for FetchConfig {
    fn default() -> Self {
        Self {
            parallel: 32,
            per_host: 8,
            attempts: 4,
            backoff: Duration::from_millis(500),
            max_wait: Duration::from_secs(30),
            connect_timeout: Duration::from_secs(10),
            first_byte_timeout: Duration::from_secs(20),
            total_timeout: Duration::from_secs(60),
            max_bytes: 20_000_000,
            max_redirects: 5,
            accept: Accept::Images,
            private_hosts: Vec::new(),
            retry_failed: false,
        }
    }
}

/// Most threads that a download starts.
const MAX_PARALLEL: usize = 256;
/// Longest time that a limit may be: one that a clock can still add.
const DAY: Duration = Duration::from_secs(86_400);

impl FetchConfig {
    /// Checks each limit.
    pub(super) fn check(&self) -> Result<()> {
        let count = |name: &str, value: usize, most: usize| {
            if (1..=most).contains(&value) {
                return Ok(());
            }
            Err(Error::new(
                ErrorKind::Parameter,
                format!("`{name}` must be between 1 and {most}, found {value}"),
            )
            .help("set it in `FetchConfig`"))
        };
        count("parallel", self.parallel, MAX_PARALLEL)?;
        count("per_host", self.per_host, usize::MAX)?;
        count("attempts", self.attempts, 100)?;
        count("max_bytes", usize::try_from(self.max_bytes).unwrap_or(usize::MAX), usize::MAX)?;
        for (name, value) in [
            ("connect_timeout", self.connect_timeout),
            ("first_byte_timeout", self.first_byte_timeout),
            ("total_timeout", self.total_timeout),
        ] {
            if value.is_zero() || value > DAY {
                let problem =
                    format!("`{name}` must be above 0 and at most a day, found {value:?}");
                return Err(Error::new(ErrorKind::Parameter, problem)
                    .help("set it in `FetchConfig`, such as `Duration::from_secs(20)`"));
            }
        }
        for (name, value) in [("backoff", self.backoff), ("max_wait", self.max_wait)] {
            if value > DAY {
                let problem = format!("`{name}` must be at most a day, found {value:?}");
                return Err(Error::new(ErrorKind::Parameter, problem)
                    .help("set it in `FetchConfig`, such as `Duration::from_secs(1)`"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn impossible_limits_are_refused_by_name() {
        let message = |config: FetchConfig| config.check().unwrap_err().to_string();
        let usual = FetchConfig::default;
        assert_eq!(usual().check(), Ok(()));
        assert!(
            message(FetchConfig { parallel: 0, ..usual() })
                .starts_with("`parallel` must be between 1 and 256, found 0")
        );
        assert!(message(FetchConfig { parallel: 257, ..usual() }).contains("`parallel`"));
        assert!(message(FetchConfig { max_bytes: 0, ..usual() }).contains("`max_bytes`"));
        assert!(
            message(FetchConfig { total_timeout: Duration::ZERO, ..usual() })
                .contains("`total_timeout`")
        );
        assert!(message(FetchConfig { backoff: Duration::MAX, ..usual() }).contains("`backoff`"));
    }
}
