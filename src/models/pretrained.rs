//! Weights that others trained.

#[cfg(feature = "hub")]
use super::hub::{Download, Hub};
use crate::Result;
use crate::nn::{Model, Weights};
use std::path::PathBuf;

/// Weights that others trained: on the Hugging Face Hub, in a file, or in a folder. Nothing is read before they are asked
/// for.
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

/// What a folder or a repository calls its weights.
pub(super) const FILE: &str = "model.safetensors";

impl Pretrained {
    /// The file `model.safetensors` of a repository of the Hugging Face Hub, such as `timm/resnet18.tv_in1k`, with the
    /// environment's settings; [`Hub::pretrained`] is the same with others. It is downloaded once and then kept.
    #[cfg(feature = "hub")]
    pub fn hub(repository: impl Into<String>) -> Self {
        Self { source: Source::Hub(None, Download::new(repository.into())) }
    }

    #[cfg(feature = "hub")]
    pub(super) fn from_hub(hub: &Hub, repository: String) -> Self {
        Self { source: Source::Hub(Some(hub.clone()), Download::new(repository)) }
    }

    /// The state of the repository with this branch, tag or commit, for results that can be repeated. Without effect on
    /// files.
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
        Self::file(path.into().join(FILE))
    }

    /// The weights.
    ///
    /// # Errors
    /// Those of [`Weights::read`]; and when a download fails, saying what to do without a connection.
    pub fn weights(&self) -> Result<Weights> {
        match &self.source {
            Source::File(path) => Weights::read(path),
            #[cfg(feature = "hub")]
            Source::Hub(Some(hub), download) => download.weights(hub),
            #[cfg(feature = "hub")]
            Source::Hub(None, download) => download.weights(&Hub::from_env()?),
        }
    }

    /// Gives a network all of them; see [`Weights::load_into`].
    pub fn load_into(&self, model: &mut dyn Model) -> Result<()> {
        self.weights()?.load_into(model)
    }

    /// Gives a network all of them but those under the names in `head`; see [`Weights::load_backbone_into`].
    pub fn load_backbone_into(&self, model: &mut dyn Model, head: &[&str]) -> Result<()> {
        self.weights()?.load_backbone_into(model, head)
    }
}
