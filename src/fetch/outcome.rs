//! How the download of one URL ended.

use std::fmt;

/// The outcome of the download of one URL.
///
/// ```
/// use cuaderno::fetch::Outcome;
/// assert_eq!(Outcome::NotFound.to_string(), "not found");
/// assert!(Outcome::Timeout.is_transient() && !Outcome::NotFound.is_transient());
/// ```
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// The file is in the folder.
    Ok,
    /// Status 404 or 410.
    NotFound,
    /// Another status from 400 to 499, such as 403.
    Denied,
    /// Status 429, or a `Retry-After` longer than allowed.
    RateLimited,
    /// A status from 500 to 599, or an answer that is not HTTP.
    ServerError,
    /// A time limit passed.
    Timeout,
    /// The host was not found, or the connection failed.
    Unreachable,
    /// The connection ended before the file did.
    Incomplete,
    /// The content is of another kind, such as a web page.
    NotAnImage,
    /// The file is larger than allowed.
    TooLarge,
    /// More redirects than allowed.
    TooManyRedirects,
    /// The URL, or one it redirects to, is of a private network or of another protocol.
    Blocked,
    /// The text is not a URL.
    InvalidUrl,
}

impl Outcome {
    /// All outcomes, success first.
    pub(super) const ALL: [Self; 13] = [
        Self::Ok,
        Self::NotFound,
        Self::Denied,
        Self::RateLimited,
        Self::ServerError,
        Self::Timeout,
        Self::Unreachable,
        Self::Incomplete,
        Self::NotAnImage,
        Self::TooLarge,
        Self::TooManyRedirects,
        Self::Blocked,
        Self::InvalidUrl,
    ];

    /// The name, such as "not found".
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::NotFound => "not found",
            Self::Denied => "denied",
            Self::RateLimited => "rate limited",
            Self::ServerError => "server error",
            Self::Timeout => "time-out",
            Self::Unreachable => "unreachable",
            Self::Incomplete => "incomplete",
            Self::NotAnImage => "not an image",
            Self::TooLarge => "too large",
            Self::TooManyRedirects => "too many redirects",
            Self::Blocked => "blocked address",
            Self::InvalidUrl => "invalid URL",
        }
    }

    /// Returns `true` if a later attempt may succeed: time-outs, rate limits, server errors, broken connections.
    pub fn is_transient(self) -> bool {
        matches!(
            self,
            Self::RateLimited
                | Self::ServerError
                | Self::Timeout
                | Self::Unreachable
                | Self::Incomplete
        )
    }

    /// The outcome of a name.
    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.name() == name)
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
