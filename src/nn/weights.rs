//! Named tensors of a network, in memory and in safetensors files.

use super::file_format;
use super::model::Model;
use super::numbers::floats;
use super::prefix::{check_prefix, has_prefix};
use super::stored_tensor::StoredTensor;
use super::torch_file;
use crate::{Error, ErrorKind, Result};
use safetensors::tensor::SafeTensors;
use std::collections::BTreeMap;
use std::path::Path;

/// The parameters and buffers of a network by name, as PyTorch's `state_dict`; read from and written to safetensors files.
///
/// ```
/// use cuaderno::nn::{Init, Linear, Model, Sequential, Weights};
/// # fn main() -> cuaderno::Result<()> {
/// let trained = Sequential::new().add(Linear::new(4, 2, &mut Init::seed(0))?);
/// let mut other = Sequential::new().add(Linear::new(4, 2, &mut Init::seed(1))?);
/// Weights::of(&trained).load_into(&mut other)?;
/// assert_eq!(trained.parameters()[0].1.values(), other.parameters()[0].1.values());
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Weights {
    tensors: BTreeMap<String, StoredTensor>,
    file: Option<std::path::PathBuf>,
}

/// Name of a weights file in a folder or repository.
pub(crate) const WEIGHTS_FILE: &str = "model.safetensors";

/// PyTorch's count of the batches that a normalization has seen; not used here.
const COUNTER: &str = "num_batches_tracked";

impl Weights {
    /// The parameters and buffers of a network.
    pub fn of(model: &dyn Model) -> Self {
        let parameters = model.parameters().into_iter().map(|(name, parameter)| {
            let values = parameter.values().into_owned();
            (name, StoredTensor { shape: parameter.shape(), values })
        });
        let buffers = model.buffers().into_iter().map(|(name, buffer)| {
            let values = buffer.values();
            (name, StoredTensor { shape: vec![values.len()], values })
        });
        Self { tensors: parameters.chain(buffers).collect(), file: None }
    }

    /// Reads a weights file: safetensors, or a PyTorch file (`torch.save` of a state dict, or of a checkpoint that contains
    /// one). The format is detected by content; no code of a PyTorch file is executed. Other number types are converted to
    /// `f32`.
    ///
    /// # Errors
    /// [`ErrorKind::File`] when the file cannot be read; [`ErrorKind::Weights`] when it is incomplete, has an unsupported
    /// number type, or another format (Keras, ONNX, a Git LFS pointer, …), with how to convert it.
    pub fn read(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let bytes = std::fs::read(path).map_err(|error| Error::io(path, &error))?;
        Self::from_file(path, &bytes)
    }

    /// Parses `bytes`, the content of a file; errors name the file, also when the weights are loaded into a network.
    pub(crate) fn from_file(path: &Path, bytes: &[u8]) -> Result<Self> {
        let weights = Self::from_bytes(bytes).map_err(|error| error.file(path))?;
        Ok(Self { file: Some(path.to_path_buf()), ..weights })
    }

    /// Parses the bytes of a weights file, as [`Self::read`].
    ///
    /// # Errors
    /// [`ErrorKind::Weights`] as [`Self::read`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let mut tensors = if torch_file::is_torch_file(bytes) {
            torch_file::read(bytes)?
        } else {
            safetensors(bytes)?
        };
        tensors.retain(|name, _| !name.ends_with(COUNTER));
        Ok(Self { tensors, file: None })
    }

    /// Writes a safetensors file atomically: on failure an earlier file stays as it was.
    ///
    /// # Errors
    /// [`ErrorKind::File`] when it cannot be written.
    pub fn write(&self, path: impl AsRef<Path>) -> Result<()> {
        self.write_annotated(path.as_ref(), None)
    }

    /// The same with a text under `key` in the file's metadata.
    pub(crate) fn write_with(&self, path: impl AsRef<Path>, key: &str, text: &str) -> Result<()> {
        self.write_annotated(path.as_ref(), Some([(key.to_string(), text.to_string())].into()))
    }

    fn write_annotated(
        &self,
        path: &Path,
        metadata: Option<std::collections::HashMap<String, String>>,
    ) -> Result<()> {
        crate::files::replace_synced(path, |part| {
            safetensors::serialize_to_file(&self.tensors, metadata, part).map_err(|error| {
                match error {
                    safetensors::SafeTensorError::IoError(error) => error,
                    other => std::io::Error::other(other.to_string()),
                }
            })
        })
    }

    /// The weights of a file and the text under `key` in its metadata.
    pub(crate) fn read_with(path: impl AsRef<Path>, key: &str) -> Result<(Self, Option<String>)> {
        let path = path.as_ref();
        let bytes = std::fs::read(path).map_err(|error| Error::io(path, &error))?;
        let weights = Self::from_file(path, &bytes)?;
        let metadata = SafeTensors::read_metadata(&bytes).ok();
        let text = metadata.and_then(|(_, data)| data.metadata().as_ref()?.get(key).cloned());
        Ok((weights, text))
    }

    /// The names in alphabetical order.
    pub fn names(&self) -> Vec<&str> {
        self.tensors.keys().map(String::as_str).collect()
    }

    /// The tensor of this name; `None` when there is none.
    pub fn get(&self, name: &str) -> Option<&StoredTensor> {
        self.tensors.get(name)
    }

    /// Inserts a tensor, replacing one of the same name.
    ///
    /// # Errors
    /// [`ErrorKind::Shape`] when its values do not fill its shape.
    pub fn insert(&mut self, name: &str, tensor: StoredTensor) -> Result<()> {
        let count = tensor.shape.iter().product::<usize>();
        if count != tensor.values.len() {
            let problem = format!(
                "expected {count} values for the shape {:?}, found {}",
                tensor.shape,
                tensor.values.len()
            );
            return Err(Error::new(ErrorKind::Shape, problem).layer(name));
        }
        self.tensors.insert(name.to_string(), tensor);
        Ok(())
    }

    /// Removes `prefix` from the names that start with it, such as `module.` of PyTorch's `DataParallel` or `_orig_mod.` of
    /// `torch.compile`.
    ///
    /// ```no_run
    /// use cuaderno::models::resnet18;
    /// use cuaderno::nn::Weights;
    /// # fn main() -> cuaderno::Result<()> {
    /// let mut model = resnet18(10, 0)?;
    /// Weights::read("checkpoint.pth")?.without_prefix("module.").load_into(&mut model)?;
    /// # Ok(()) }
    /// ```
    pub fn without_prefix(self, prefix: &str) -> Self {
        let short = |name: String| name.strip_prefix(prefix).map(str::to_string).unwrap_or(name);
        let tensors = self.tensors.into_iter().map(|(name, tensor)| (short(name), tensor));
        Self { tensors: tensors.collect(), file: self.file }
    }

    /// Adds `prefix` to every name, for the weights of one part of a network, such as `image.`.
    pub fn with_prefix(self, prefix: &str) -> Self {
        let tensors = self.tensors.into_iter();
        let tensors = tensors.map(|(name, tensor)| (format!("{prefix}{name}"), tensor));
        Self { tensors: tensors.collect(), file: self.file }
    }

    /// Replaces `from` by `to` in every name, for files with other names than the network's.
    pub fn renamed(self, from: &str, to: &str) -> Self {
        let tensors = self.tensors.into_iter();
        let tensors = tensors.map(|(name, tensor)| (name.replace(from, to), tensor)).collect();
        Self { tensors, ..self }
    }

    /// Loads all parameters and buffers into a network.
    ///
    /// # Errors
    /// [`ErrorKind::Weights`] with the names of missing, unexpected, wrongly shaped and non-finite tensors; the network is
    /// then unchanged.
    pub fn load_into(&self, model: &mut dyn Model) -> Result<()> {
        self.load(model, &[])
    }

    /// Loads all parameters and buffers except those under the prefixes in `head`, such as `["fc"]`, which keep their values:
    /// for a pretrained backbone under a new head.
    ///
    /// # Errors
    /// As [`Self::load_into`]; [`ErrorKind::Parameter`] when the network has no parameter under a prefix in `head`.
    pub fn load_backbone_into(&self, model: &mut dyn Model, head: &[&str]) -> Result<()> {
        self.load(model, head)
    }

    fn load(&self, model: &mut dyn Model, head: &[&str]) -> Result<()> {
        let parameters = model.parameters();
        head.iter()
            .try_for_each(|part| check_prefix(part, parameters.iter().map(|(n, _)| &**n)))?;
        let kept = |name: &str| head.iter().any(|head| has_prefix(name, head));
        let fail = |problems: Vec<String>, help: Option<String>| {
            let mut error = Error::new(ErrorKind::Weights, problems.join("; "));
            if let Some(help) = help {
                error = error.help(help);
            }
            Err(match &self.file {
                Some(file) => error.file(file),
                None => error,
            })
        };
        let mut wanted: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        wanted.extend(parameters.into_iter().map(|(name, p)| (name, p.shape())));
        wanted.extend(model.buffers().into_iter().map(|(name, b)| (name, vec![b.count()])));
        wanted.retain(|name, _| !kept(name));
        let missing: Vec<String> =
            wanted.keys().filter(|name| !self.tensors.contains_key(*name)).cloned().collect();
        let any_missing = !missing.is_empty();
        let is_transposed = |(name, shape): (&String, &Vec<usize>)| {
            let found = self.tensors.get(name).map(|tensor| &tensor.shape);
            shape.len() == 2 && found.is_some_and(|found| found[..] == [shape[1], shape[0]])
        };
        let transposed = wanted.iter().any(is_transposed).then(|| {
            "Keras stores weights as [in, out], PyTorch and this library as [out, in]: \
             transpose them before saving"
                .to_string()
        });
        let unexpected = self.tensors.keys();
        let unexpected =
            unexpected.filter(|n| !wanted.contains_key(*n) && !kept(n)).cloned().collect();
        let mismatched = wanted.iter().filter_map(|(name, shape)| {
            let found = &self.tensors.get(name)?.shape;
            (found != shape).then(|| format!("`{name}` is {found:?}, expected {shape:?}"))
        });
        let mut problems = Vec::new();
        list(&mut problems, "missing", missing, true);
        list(&mut problems, "unexpected", unexpected, true);
        list(&mut problems, "size mismatch", mismatched.collect(), false);
        if problems.is_empty() {
            let broken = wanted.keys().filter_map(|name| {
                let values = &self.tensors.get(name)?.values;
                let value = values.iter().find(|value| !value.is_finite())?;
                Some(format!("`{name}` holds {value}"))
            });
            list(&mut problems, "not finite", broken.collect(), false);
        }
        if !problems.is_empty() {
            let help =
                if any_missing { prefix_help(wanted.keys(), &self.tensors) } else { transposed };
            return fail(problems, help);
        }
        for (name, parameter) in model.parameters_mut() {
            if let Some(tensor) = self.tensors.get(&name).filter(|_| !kept(&name)) {
                parameter.update(&mut |values| values.copy_from_slice(&tensor.values))?;
            }
        }
        for (name, buffer) in model.buffers() {
            if let Some(tensor) = self.tensors.get(&name).filter(|_| !kept(&name)) {
                buffer.set(tensor.values.clone())?;
            }
        }
        Ok(())
    }
}

/// Adds a list of `items` to the problems; only the first of very many, as when the file is that of another network.
fn list(problems: &mut Vec<String>, what: &str, items: Vec<String>, quoted: bool) {
    const ALL: usize = 100;
    const FIRST: usize = 8;
    if items.is_empty() {
        return;
    }
    let count = if items.len() > ALL { FIRST } else { items.len() };
    let shown = items.iter().take(count);
    let shown: Vec<String> =
        shown.map(|item| if quoted { format!("`{item}`") } else { item.clone() }).collect();
    let rest = match items.len() - count {
        0 => String::new(),
        rest => format!(" and {rest} more"),
    };
    problems.push(format!("{} {what}: {}{rest}", items.len(), shown.join(", ")));
}

/// The tensors of a safetensors file.
fn safetensors(bytes: &[u8]) -> Result<BTreeMap<String, StoredTensor>> {
    let fail = |problem: String| Error::new(ErrorKind::Weights, problem);
    let stored = SafeTensors::deserialize(bytes).map_err(|error| {
        file_format::foreign(bytes).unwrap_or_else(|| {
            fail(format!("the file is not a complete safetensors file ({error})"))
                .help("download it again, or write it with `Weights::write`")
                .caused_by(error)
        })
    })?;
    let tensor = |(name, view): (&str, safetensors::tensor::TensorView<'_>)| {
        let values = floats(view.dtype(), view.data()).ok_or_else(|| {
            fail(format!("tensor `{name}` has the unsupported number type {:?}", view.dtype()))
        })?;
        Ok((name.to_string(), StoredTensor { shape: view.shape().to_vec(), values }))
    };
    stored.iter().map(tensor).collect()
}

/// How to load a file whose names differ from the network's by a prefix, if most of them do.
fn prefix_help<'a>(
    expected: impl Iterator<Item = &'a String> + Clone,
    found: &BTreeMap<String, StoredTensor>,
) -> Option<String> {
    let mut counts: BTreeMap<(bool, &str), usize> = BTreeMap::new();
    for wanted in expected.clone() {
        for name in found.keys() {
            let longer = name.strip_suffix(wanted.as_str()).filter(|prefix| prefix.ends_with('.'));
            let shorter = wanted.strip_suffix(name.as_str()).filter(|prefix| prefix.ends_with('.'));
            for (key, prefix) in [(false, longer), (true, shorter)] {
                if let Some(prefix) = prefix {
                    *counts.entry((key, prefix)).or_default() += 1;
                }
            }
        }
    }
    let ((missing, prefix), count) = counts.into_iter().max_by_key(|(_, count)| *count)?;
    let most = 2 * count >= if missing { found.len() } else { expected.count() };
    most.then(|| match missing {
        false => format!(
            "the names in the file start with `{prefix}`: \
             `Weights::read(file)?.without_prefix(\"{prefix}\").load_into(&mut model)?` loads them"
        ),
        true => format!(
            "the names in the network start with `{prefix}`: \
             `Weights::read(file)?.with_prefix(\"{prefix}\")` has these names, \
             and `load_backbone_into` leaves out the parts that the file lacks"
        ),
    })
}
