//! Weights by name, on disk as safetensors.

use super::Model;
use super::model::check_part;
use crate::tensor::{Plain, tensor};
use crate::{Error, ErrorKind, Result};
use safetensors::tensor::{Dtype, SafeTensors, View};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;

/// Tensors by name: what a network holds, in memory or in a safetensors file. Names and shapes are PyTorch's.
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

/// One tensor of [`Weights`].
#[derive(Clone, Debug, PartialEq)]
pub struct StoredTensor {
    /// The sizes of the axes.
    pub shape: Vec<usize>,
    /// The values in row-major order.
    pub values: Vec<f32>,
}

impl StoredTensor {
    /// A tensor of rank 4, such as a batch of pictures `[batch, channels, height, width]`.
    ///
    /// Errors when the rank is another.
    pub fn tensor4(&self) -> Result<Plain<(usize, usize, usize, usize)>> {
        let [a, b, c, d] = self.shape[..] else {
            let problem = format!("a tensor of shape {:?} is not of rank 4", self.shape);
            return Err(Error::new(ErrorKind::Shape, problem));
        };
        tensor(self.values.clone(), (a, b, c, d))
    }

    /// The values as indices, such as labels are.
    ///
    /// Errors when one is not a whole number from 0 on.
    pub fn indices(&self) -> Result<Vec<usize>> {
        let index = |(place, value): (usize, &f32)| {
            // Above this, single precision no longer tells whole numbers apart.
            const MOST: f32 = 16_777_216.0;
            if value.fract() == 0.0 && (0.0..MOST).contains(value) {
                return Ok(*value as usize);
            }
            let problem = format!("value {place} is {value}, which is no index");
            Err(Error::new(ErrorKind::Numeric, problem)
                .help("number the classes from 0 in the order of their names"))
        };
        self.values.iter().enumerate().map(index).collect()
    }
}

/// PyTorch counts the batches that a normalization saw; nothing here depends on it.
const COUNTER: &str = "num_batches_tracked";

impl Weights {
    /// The weights and buffers of a network.
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

    /// Reads a safetensors file. Numbers of other types become single-precision ones.
    ///
    /// # Errors
    /// [`ErrorKind::File`] when it cannot be read; [`ErrorKind::Weights`] when it is not a whole safetensors file, or
    /// holds something other than common numbers.
    pub fn read(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let bytes = std::fs::read(path).map_err(|error| Error::io(path, &error))?;
        Self::from_file(path, &bytes)
    }

    /// What `bytes`, the content of a file, hold. Errors name the file, now and when the weights are loaded.
    pub(crate) fn from_file(path: &Path, bytes: &[u8]) -> Result<Self> {
        let weights = Self::from_bytes(bytes).map_err(|error| error.file(path))?;
        Ok(Self { file: Some(path.to_path_buf()), ..weights })
    }

    /// The same from the bytes of such a file.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let fail = |problem: String| Error::new(ErrorKind::Weights, problem);
        let stored = SafeTensors::deserialize(bytes).map_err(|error| {
            fail(format!("this is not a whole safetensors file ({error})"))
                .help("download it again, or save it with `Weights::write`")
        })?;
        let mut tensors = BTreeMap::new();
        for (name, view) in stored.iter() {
            if name.ends_with(COUNTER) {
                continue;
            }
            let values = floats(view.dtype(), view.data()).ok_or_else(|| {
                fail(format!("tensor `{name}` holds {:?}, which is not supported", view.dtype()))
            })?;
            let shape = view.shape().to_vec();
            tensors.insert(name.to_string(), StoredTensor { shape, values });
        }
        Ok(Self { tensors, file: None })
    }

    /// Writes a safetensors file, whole or not at all.
    pub fn write(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        crate::files::replace(path, |part| {
            safetensors::serialize_to_file(&self.tensors, None, part).map_err(|error| match error {
                safetensors::SafeTensorError::IoError(error) => error,
                other => std::io::Error::other(other.to_string()),
            })
        })
    }

    /// The names in alphabetical order.
    pub fn names(&self) -> Vec<&str> {
        self.tensors.keys().map(String::as_str).collect()
    }

    /// The tensor of this name, if there is one.
    pub fn get(&self, name: &str) -> Option<&StoredTensor> {
        self.tensors.get(name)
    }

    /// Puts a tensor under a name.
    ///
    /// Errors when its values do not fill its shape.
    pub fn insert(&mut self, name: &str, tensor: StoredTensor) -> Result<()> {
        if tensor.shape.iter().product::<usize>() != tensor.values.len() {
            let problem =
                format!("{} values do not fill the shape {:?}", tensor.values.len(), tensor.shape);
            return Err(Error::new(ErrorKind::Shape, problem).layer(name));
        }
        self.tensors.insert(name.to_string(), tensor);
        Ok(())
    }

    /// The same tensors with `from` replaced by `to` in every name, for files with names of their own.
    pub fn renamed(self, from: &str, to: &str) -> Self {
        let tensors = self.tensors.into_iter();
        let tensors = tensors.map(|(name, tensor)| (name.replace(from, to), tensor)).collect();
        Self { tensors, ..self }
    }

    /// Gives a network all its weights and buffers.
    ///
    /// # Errors
    /// [`ErrorKind::Weights`] listing what is missing, surplus or of another shape, or not a number. The network is
    /// then as it was.
    pub fn load_into(&self, model: &mut dyn Model) -> Result<()> {
        self.load(model, &[])
    }

    /// Gives a network its weights except those under the names in `head`, such as `["fc"]`: these stay as they are,
    /// whatever the file has for them. For a pretrained network with a new head.
    ///
    /// # Errors
    /// As [`Self::load_into`]; and [`ErrorKind::Parameter`] when the network has nothing under a name in `head`.
    pub fn load_backbone_into(&self, model: &mut dyn Model, head: &[&str]) -> Result<()> {
        self.load(model, head)
    }

    fn load(&self, model: &mut dyn Model, head: &[&str]) -> Result<()> {
        let parameters = model.parameters();
        head.iter().try_for_each(|part| check_part(part, parameters.iter().map(|(n, _)| &**n)))?;
        let kept = |name: &str| head.iter().any(|head| is_under(name, head));
        let fail = |problems: Vec<String>| {
            let error = Error::new(ErrorKind::Weights, problems.join("; "));
            Err(match &self.file {
                Some(file) => error.file(file),
                None => error,
            })
        };
        let mut wanted: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        wanted.extend(parameters.into_iter().map(|(name, p)| (name, p.shape())));
        wanted.extend(model.buffers().into_iter().map(|(name, b)| (name, vec![b.count()])));
        wanted.retain(|name, _| !kept(name));
        let missing =
            wanted.keys().filter(|name| !self.tensors.contains_key(*name)).cloned().collect();
        let surplus = self.tensors.keys();
        let surplus = surplus.filter(|n| !wanted.contains_key(*n) && !kept(n)).cloned().collect();
        let misshapen = wanted.iter().filter_map(|(name, shape)| {
            let found = &self.tensors.get(name)?.shape;
            (found != shape).then(|| format!("`{name}` is {found:?}, expected {shape:?}"))
        });
        let mut problems = Vec::new();
        list(&mut problems, "missing", missing, true);
        list(&mut problems, "surplus", surplus, true);
        list(&mut problems, "misshapen", misshapen.collect(), false);
        if problems.is_empty() {
            let broken = wanted.keys().filter_map(|name| {
                let values = &self.tensors.get(name)?.values;
                let value = values.iter().find(|value| !value.is_finite())?;
                Some(format!("`{name}` holds {value}"))
            });
            list(&mut problems, "not finite", broken.collect(), false);
        }
        if !problems.is_empty() {
            return fail(problems);
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

/// Whether `name` is `part` or lies under it; everything lies under "".
pub(crate) fn is_under(name: &str, part: &str) -> bool {
    part.is_empty()
        || name.strip_prefix(part).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// Adds a line that lists `items`: all of them, unless there are so many that the file is that of another network.
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

/// Numbers of the common types as `f32`.
fn floats(dtype: Dtype, bytes: &[u8]) -> Option<Vec<f32>> {
    fn each<const N: usize>(bytes: &[u8], read: impl Fn([u8; N]) -> f32) -> Vec<f32> {
        let (chunks, _) = bytes.as_chunks::<N>();
        chunks.iter().map(|chunk| read(*chunk)).collect()
    }
    Some(match dtype {
        Dtype::F32 => each(bytes, f32::from_le_bytes),
        Dtype::F64 => each(bytes, |b| f64::from_le_bytes(b) as f32),
        Dtype::BF16 => each(bytes, |b| f32::from_bits(u32::from(u16::from_le_bytes(b)) << 16)),
        Dtype::F16 => each(bytes, |b| half(u16::from_le_bytes(b))),
        Dtype::I64 => each(bytes, |b| i64::from_le_bytes(b) as f32),
        Dtype::I32 => each(bytes, |b| i32::from_le_bytes(b) as f32),
        Dtype::I16 => each(bytes, |b| f32::from(i16::from_le_bytes(b))),
        Dtype::I8 => each(bytes, |b| f32::from(i8::from_le_bytes(b))),
        Dtype::U64 => each(bytes, |b| u64::from_le_bytes(b) as f32),
        Dtype::U32 => each(bytes, |b| u32::from_le_bytes(b) as f32),
        Dtype::U16 => each(bytes, |b| f32::from(u16::from_le_bytes(b))),
        Dtype::U8 => each(bytes, |[b]| f32::from(b)),
        _ => return None,
    })
}

/// IEEE 754 half precision: one sign bit, five of exponent, ten of fraction.
fn half(bits: u16) -> f32 {
    let sign = if bits & 0x8000 == 0 { 1.0 } else { -1.0 };
    let (exponent, fraction) = (i32::from(bits >> 10 & 0x1f), f32::from(bits & 0x3ff) / 1024.0);
    sign * match exponent {
        0 => fraction * 2f32.powi(-14),
        31 if fraction == 0.0 => f32::INFINITY,
        31 => f32::NAN,
        _ => (1.0 + fraction) * 2f32.powi(exponent - 15),
    }
}

impl View for &StoredTensor {
    fn dtype(&self) -> Dtype {
        Dtype::F32
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        self.values.iter().flat_map(|value| value.to_le_bytes()).collect()
    }

    fn data_len(&self) -> usize {
        self.values.len() * size_of::<f32>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_precision_numbers_are_read() {
        let cases =
            [(0x3c00, 1.0), (0xc000, -2.0), (0x3555, 0.333_251_95), (0x0001, 5.960_464_5e-8)];
        for (bits, value) in cases {
            assert_eq!(half(bits), value);
        }
        assert!(half(0x7c00).is_infinite() && half(0x7e00).is_nan());
    }

    #[test]
    fn names_lie_under_whole_parts() {
        assert!(is_under("layer1.0.weight", "layer1") && is_under("fc", "fc"));
        assert!(is_under("fc.weight", "") && !is_under("layer10.weight", "layer1"));
    }
}
