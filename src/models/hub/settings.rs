//! Where the hub is, where its files are kept, and who asks.

use super::super::Pretrained;
use crate::{Error, ErrorKind, Result};
use hf_hub::Cache;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// Where the Hugging Face Hub is, where its files are kept, and who asks.
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
    /// The address of the hub or of a mirror of it.
    pub endpoint: String,
    /// The folder that keeps what was downloaded, in the order that Python's `huggingface_hub` keeps too.
    pub cache: PathBuf,
    /// What proves to the hub who asks, for repositories that are not open to all. It is sent to the endpoint alone, never
    /// to another host or port that the endpoint redirects to; no error and no output tells it.
    pub token: Option<String>,
}

/// How long a connection may be silent, unless the environment says otherwise.
const PATIENCE: Duration = Duration::from_secs(30);

impl Hub {
    /// The settings that the environment variables `HF_ENDPOINT`, `HF_HOME` and `HF_TOKEN` give: without them, the hub
    /// itself, `.cache/huggingface` in the user's folder, and the token that Python's `huggingface_hub` left there.
    ///
    /// Whatever the settings, a download ends with an error when nothing comes for 30 seconds, or as many as
    /// `HF_HUB_DOWNLOAD_TIMEOUT` says.
    ///
    /// Errors when `HF_HOME` is not set and there is no user's folder.
    pub fn from_env() -> Result<Self> {
        let home = match std::env::var_os("HF_HOME").filter(|home| !home.is_empty()) {
            Some(home) => PathBuf::from(home),
            None => {
                let user = std::env::home_dir().ok_or_else(|| {
                    Error::new(ErrorKind::File, "there is no user's folder to keep weights in")
                        .help("name a folder in HF_HOME")
                })?;
                user.join(".cache").join("huggingface")
            }
        };
        let cache = home.join("hub");
        let token = set("HF_TOKEN").or_else(|| Cache::new(cache.clone()).token());
        let endpoint = set("HF_ENDPOINT").unwrap_or_else(|| "https://huggingface.co".to_string());
        Ok(Self { endpoint, cache, token })
    }

    /// The weights of a repository with these settings.
    pub fn pretrained(&self, repository: impl Into<String>) -> Pretrained {
        Pretrained::from_hub(self, repository.into())
    }

    /// Without the token.
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

/// How long a connection may be silent.
pub(super) fn patience() -> Result<Duration> {
    const NAME: &str = "HF_HUB_DOWNLOAD_TIMEOUT";
    match set(NAME) {
        Some(text) => seconds(&text).ok_or_else(|| {
            Error::new(ErrorKind::Parameter, format!("{NAME} is `{text}`"))
                .help("set it to a number of seconds, 1 or more")
        }),
        None => Ok(PATIENCE),
    }
}

fn seconds(text: &str) -> Option<Duration> {
    // A day is more than anybody waits, and what a clock can still add.
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
