//! Pretrained weights.

#[cfg(feature = "hub")]
use super::hub::{Download, Hub};
use crate::Result;
use crate::nn::{Model, WEIGHTS_FILE, Weights};
use std::path::PathBuf;

/// Pretrained weights: on the Hugging Face Hub, in a file, or in a folder. They are read when they are loaded.
///
/// ```no_run
/// use cuaderno::models::{Pretrained, resnet18};
/// # fn main() -> cuaderno::Result<()> {
/// let mut model = resnet18(12, 0)?;
/// Pretrained::hub("timm/resnet18.tv_in1k").load_backbone_into(&mut model, &["fc"])?;
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Pretrained {
    source: Source,
}

#[derive(Clone, Debug)]
enum Source {
    File(PathBuf),
    #[cfg(feature = "hub")]
    Hub(Option<Hub>, Download),
}

impl Pretrained {
    /// The file `model.safetensors` of a repository of the Hugging Face Hub, such as `timm/resnet18.tv_in1k`, downloaded once
    /// and cached, with the settings of the environment ([`Hub::from_env`]); [`Hub::pretrained`] takes other settings.
    #[cfg(feature = "hub")]
    pub fn hub(repository: impl Into<String>) -> Self {
        Self { source: Source::Hub(None, Download::new(repository.into())) }
    }

    /// Sets the branch, tag or commit of the repository, for reproducible results. Without effect on files.
    #[cfg(feature = "hub")]
    pub fn revision(mut self, revision: impl Into<String>) -> Self {
        if let Source::Hub(_, download) = &mut self.source {
            download.revision = revision.into();
        }
        self
    }

    /// A safetensors file.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self { source: Source::File(path.into()) }
    }

    /// The file `model.safetensors` in a folder.
    pub fn folder(path: impl Into<PathBuf>) -> Self {
        Self::file(path.into().join(WEIGHTS_FILE))
    }

    /// Reads the weights, after downloading them if need be.
    ///
    /// # Errors
    /// Those of [`Weights::read`]; [`ErrorKind::Network`](crate::ErrorKind::Network) when a download fails.
    pub fn weights(&self) -> Result<Weights> {
        match &self.source {
            Source::File(path) => Weights::read(path),
            #[cfg(feature = "hub")]
            Source::Hub(Some(hub), download) => download.weights(hub),
            #[cfg(feature = "hub")]
            Source::Hub(None, download) => download.weights(&Hub::from_env()?),
        }
    }

    /// Loads all weights into a network; see [`Weights::load_into`].
    ///
    /// # Errors
    /// Those of [`Self::weights`] and [`Weights::load_into`].
    pub fn load_into(&self, model: &mut dyn Model) -> Result<()> {
        self.weights()?.load_into(model)
    }

    /// Loads all weights except those under the prefixes in `head`; see [`Weights::load_backbone_into`].
    ///
    /// # Errors
    /// Those of [`Self::weights`] and [`Weights::load_backbone_into`].
    pub fn load_backbone_into(&self, model: &mut dyn Model, head: &[&str]) -> Result<()> {
        self.weights()?.load_backbone_into(model, head)
    }
}

#[cfg(feature = "hub")]
impl Hub {
    /// The weights of a repository with these settings.
    pub fn pretrained(&self, repository: impl Into<String>) -> Pretrained {
        Pretrained { source: Source::Hub(Some(self.clone()), Download::new(repository.into())) }
    }
}
