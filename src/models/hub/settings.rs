//! Settings of a hub: address, cache folder and token.

use crate::{Error, ErrorKind, Result};
use hf_hub::Cache;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// Settings of the Hugging Face Hub: address, cache folder and token.
///
/// ```no_run
/// use cuaderno::models::Hub;
/// # fn main() -> cuaderno::Result<()> {
/// let mirror = Hub { endpoint: "https://hub.example.org".into(), ..Hub::from_env()? };
/// let weights = mirror.pretrained("timm/resnet18.tv_in1k").weights()?;
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Hub {
    /// The address of the hub or of a mirror.
    pub endpoint: String,
    /// The cache folder, with the layout of Python's `huggingface_hub`.
    pub cache: PathBuf,
    /// The access token for gated or private repositories. It is sent to the endpoint alone, never to another host or port
    /// that the endpoint redirects to, and appears in no error and no output.
    pub token: Option<String>,
}

/// Default time without data after which a connection fails.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);

impl Hub {
    /// The settings of the environment variables `HF_ENDPOINT`, `HF_HOME` and `HF_TOKEN`. The defaults are the Hugging Face
    /// Hub, `.cache/huggingface` in the home folder, and the token stored there by Python's `huggingface_hub`.
    ///
    /// A download fails after 30 seconds without data, or the number of seconds in `HF_HUB_DOWNLOAD_TIMEOUT`.
    ///
    /// # Errors
    /// [`ErrorKind::File`] when `HF_HOME` is not set and there is no home folder.
    pub fn from_env() -> Result<Self> {
        let home = match std::env::var_os("HF_HOME").filter(|home| !home.is_empty()) {
            Some(home) => PathBuf::from(home),
            None => {
                let user = std::env::home_dir().ok_or_else(|| {
                    Error::new(ErrorKind::File, "there is no home folder for the cache")
                        .help("set HF_HOME to a folder")
                })?;
                user.join(".cache").join("huggingface")
            }
        };
        let cache = home.join("hub");
        let token = set("HF_TOKEN").or_else(|| Cache::new(cache.clone()).token());
        let endpoint = set("HF_ENDPOINT").unwrap_or_else(|| "https://huggingface.co".to_string());
        Ok(Self { endpoint, cache, token })
    }

    /// `text` with the token replaced by an ellipsis.
    pub(super) fn scrubbed(&self, text: String) -> String {
        match self.token.as_deref().map(str::trim) {
            Some(token) if !token.is_empty() => text.replace(token, "…"),
            _ => text,
        }
    }
}

impl fmt::Debug for Hub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hub")
            .field("endpoint", &self.endpoint)
            .field("cache", &self.cache)
            .field("token", &self.token.as_ref().map(|_| "…"))
            .finish()
    }
}

fn set(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.trim().is_empty())
}

/// Time without data after which a connection fails.
pub(super) fn timeout() -> Result<Duration> {
    const NAME: &str = "HF_HUB_DOWNLOAD_TIMEOUT";
    match set(NAME) {
        Some(text) => seconds(&text).ok_or_else(|| {
            Error::new(
                ErrorKind::Parameter,
                format!("{NAME} must be a number of seconds of at least 1, found `{text}`"),
            )
        }),
        None => Ok(DEFAULT_TIMEOUT),
    }
}

fn seconds(text: &str) -> Option<Duration> {
    // More than a day may overflow a clock.
    text.trim().parse().ok().filter(|n| *n >= 1).map(|n: u64| Duration::from_secs(n.min(86_400)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_timeout_is_a_whole_number_of_seconds() {
        assert_eq!(seconds(" 10\n"), Some(Duration::from_secs(10)));
        assert_eq!(seconds(&u64::MAX.to_string()), Some(Duration::from_secs(86_400)));
        for text in ["0", "-1", "1.5", "ten", ""] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }
}
