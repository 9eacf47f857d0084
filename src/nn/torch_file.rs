//! PyTorch files, as `torch.save` writes them since version 1.6: a zip archive of a pickle and a file per storage.
//!
//! The pickle is read without executing anything, so that a file from elsewhere can do no harm.

use super::numbers::floats;
use super::pickle::{self, Pickle, Ref, Value};
use super::stored_tensor::StoredTensor;
use crate::{Error, ErrorKind, Result};
use safetensors::tensor::Dtype;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{Cursor, Read};
use zip::ZipArchive;

/// Keys under which checkpoints hold a state dict.
const STATE_DICTS: [&str; 12] = [
    "state_dict",
    "model_state_dict",
    "model",
    "net",
    "network",
    "module",
    "weights",
    "params_ema",
    "params",
    "state",
    "checkpoint",
    "ema",
];
/// Nesting of dictionaries in a checkpoint, at most.
const DEPTH: usize = 8;
/// Bytes of all entries of a checkpoint's dictionaries, at most: dictionaries may contain one another many times.
const ENTRIES: usize = 1 << 26;
/// Bytes of an entry beside its name.
const ENTRY: usize = 64;
/// Axes of a tensor, at most, as in PyTorch's own operations.
const AXES: usize = 64;
/// Values of all tensors for each byte of the file, at most: tensors that share a storage are copied.
const COPIES: usize = 16;

type Archive<'a> = ZipArchive<Cursor<&'a [u8]>>;

/// Returns `true` if the file is a zip archive with a pickle.
pub(super) fn is_torch_file(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK")
        && ZipArchive::new(Cursor::new(bytes)).is_ok_and(|archive| folder(&archive).is_some())
}

/// The tensors of the state dict in a PyTorch file.
///
/// # Errors
/// [`ErrorKind::Weights`] when the file is damaged, holds no state dict, or a tensor has an unsupported type.
pub(super) fn read(bytes: &[u8]) -> Result<BTreeMap<String, StoredTensor>> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(damaged)?;
    let limit = bytes.len() as u64;
    let folder = folder(&archive).ok_or_else(|| fail("the PyTorch file has no data.pkl".into()))?;
    if names(&archive).any(|name| name == format!("{folder}constants.pkl")) {
        return Err(fail("the file is a TorchScript model, whose code would have to run".into())
            .help("save its weights in Python: `torch.save(torch.jit.load(file).state_dict(), \"weights.pth\")`"));
    }
    let program = member(&mut archive, &format!("{folder}data.pkl"), limit)?;
    if let Ok(order) = member(&mut archive, &format!("{folder}byteorder"), limit)
        && order.starts_with(b"big")
    {
        return Err(fail(
            "the PyTorch file has big-endian numbers, which are not supported".into(),
        ));
    }
    let pickle = pickle::read(&program)
        .map_err(|problem| fail(format!("the PyTorch file contains {problem}")))?;
    let dict = state_dict(&pickle)?;
    let mut named = Vec::new();
    let mut budget = ENTRIES;
    if flatten(&pickle, dict, "", 0, &mut budget, &mut named).is_none() {
        return Err(fail("the dictionaries of the PyTorch file have too many entries".into())
            .help("save `model.state_dict()` in Python"));
    }
    if named.is_empty() {
        return Err(fail("the state dict of the PyTorch file has no tensors".into())
            .help("save `model.state_dict()` in Python"));
    }
    let mut storages: BTreeMap<String, Vec<f32>> = BTreeMap::new();
    let mut tensors = BTreeMap::new();
    // Files of the archive may overlap; those that PyTorch writes do not, and together they are smaller than it.
    let mut left = limit;
    let mut room = bytes.len().saturating_mul(COPIES);
    for (name, tensor) in named {
        let Value::Tensor { storage, offset, shape, strides } = &pickle.values[tensor] else {
            continue;
        };
        let Value::Storage { dtype, key } = &pickle.values[*storage] else { continue };
        if shape.len() > AXES {
            let problem =
                format!("tensor `{name}` has {} axes, at most {AXES} are supported", shape.len());
            return Err(fail(problem));
        }
        let place = format!("{dtype} {key}");
        if !storages.contains_key(&place) {
            let bytes = member(&mut archive, &format!("{folder}data/{key}"), left)?;
            left -= bytes.len() as u64;
            let values = number_type(dtype).and_then(|dtype| floats(dtype, &bytes));
            let values = values.ok_or_else(|| {
                fail(format!("tensor `{name}` has the unsupported number type {dtype}"))
            })?;
            storages.insert(place.clone(), values);
        }
        let values = storages.get(&place).map(Vec::as_slice).unwrap_or_default();
        let count = placed(values.len(), *offset, shape, strides).ok_or_else(|| {
            fail(format!(
                "tensor `{name}` of shape {shape:?} does not fit its {} stored values",
                values.len()
            ))
        })?;
        room = room.checked_sub(count).ok_or_else(|| {
            fail(format!("the tensors up to `{name}` are too many copies of the same values"))
                .help("save each tensor once")
        })?;
        let values = strided(values, count, *offset, shape, strides);
        tensors.insert(name, StoredTensor { shape: shape.clone(), values });
    }
    Ok(tensors)
}

/// The folder of the archive that holds the pickle, with a slash.
fn folder(archive: &Archive<'_>) -> Option<String> {
    let mut folders =
        names(archive).filter_map(|name| name.strip_suffix("data.pkl").map(str::to_string));
    folders.find(|folder| folder.ends_with('/') && folder.matches('/').count() == 1)
}

/// The names of the archive's files that can be read.
fn names<'a>(archive: &'a Archive<'_>) -> impl Iterator<Item = Cow<'a, str>> {
    archive.file_names().filter_map(std::result::Result::ok)
}

/// A file of the archive, of at most `limit` bytes: PyTorch stores files uncompressed, so that none is longer than the
/// archive.
fn member(archive: &mut Archive<'_>, name: &str, limit: u64) -> Result<Vec<u8>> {
    let file = archive.by_name(name).map_err(damaged)?;
    if file.size() > limit {
        let problem = format!(
            "the member `{name}` of the PyTorch file has {} bytes, more than the file has left",
            file.size()
        );
        return Err(fail(problem).help("write it again, uncompressed, in Python with `torch.save`"));
    }
    let mut bytes = Vec::new();
    file.take(limit)
        .read_to_end(&mut bytes)
        .map_err(|error| damaged(zip::result::ZipError::Io(error)))?;
    Ok(bytes)
}

/// The dictionary with the tensors: the top one, or one inside it under usual names.
fn state_dict(pickle: &Pickle) -> Result<Ref> {
    let Pickle { values, top } = pickle;
    let entries = match &values[*top] {
        Value::Dict(entries) => entries,
        Value::Opaque(class) => {
            return Err(fail(format!(
                "the file holds an object of the class {class}, whose code would have to run"
            ))
            .help(
                "save its weights in Python: `torch.save(model.state_dict(), \"weights.pth\")`",
            ));
        }
        _ => {
            return Err(fail("the file holds no dictionary of tensors".into())
                .help("save `model.state_dict()` in Python"));
        }
    };
    let is_text = |key: &Ref, text: &str| matches!(&values[*key], Value::Text(key) if key == text);
    let (mut dict, mut entries) = (*top, entries);
    for _ in 0..DEPTH {
        if entries.iter().any(|(_, value)| matches!(values[*value], Value::Tensor { .. })) {
            break;
        }
        let inside = STATE_DICTS.iter().find_map(|name| {
            let (_, value) = entries.iter().find(|(key, _)| is_text(key, name))?;
            match &values[*value] {
                Value::Dict(inner) if !inner.is_empty() => Some((*value, inner)),
                _ => None,
            }
        });
        let Some(inside) = inside else { break };
        (dict, entries) = inside;
    }
    Ok(dict)
}

/// Lists tensors with their names, those of nested dictionaries joined by dots; `None` when they take more bytes than
/// the budget.
fn flatten(
    pickle: &Pickle,
    dict: Ref,
    prefix: &str,
    depth: usize,
    budget: &mut usize,
    into: &mut Vec<(String, Ref)>,
) -> Option<()> {
    let Value::Dict(entries) = &pickle.values[dict] else { return Some(()) };
    if depth > DEPTH {
        return Some(());
    }
    for (key, value) in entries {
        *budget = budget.checked_sub(ENTRY)?;
        let Value::Text(key) = &pickle.values[*key] else { continue };
        *budget = budget.checked_sub(prefix.len() + key.len())?;
        let name = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
        match &pickle.values[*value] {
            Value::Tensor { .. } => into.push((name, *value)),
            Value::Dict(_) => flatten(pickle, *value, &name, depth + 1, budget, into)?,
            _ => {}
        }
    }
    Some(())
}

fn number_type(class: &str) -> Option<Dtype> {
    Some(match class.rsplit('.').next()? {
        "FloatStorage" => Dtype::F32,
        "DoubleStorage" => Dtype::F64,
        "HalfStorage" => Dtype::F16,
        "BFloat16Storage" => Dtype::BF16,
        "LongStorage" => Dtype::I64,
        "IntStorage" => Dtype::I32,
        "ShortStorage" => Dtype::I16,
        "CharStorage" => Dtype::I8,
        "ByteStorage" | "BoolStorage" => Dtype::U8,
        _ => return None,
    })
}

/// The number of values of a tensor, repeated ones included; `None` when they are not all in a storage of `stored` values.
fn placed(stored: usize, offset: usize, shape: &[usize], strides: &[usize]) -> Option<usize> {
    let count = shape.iter().try_fold(1usize, |count, size| count.checked_mul(*size))?;
    if count == 0 {
        return Some(0);
    }
    let last = shape.iter().zip(strides).try_fold(offset, |last, (size, stride)| {
        last.checked_add((size - 1).checked_mul(*stride)?)
    })?;
    (last < stored).then_some(count)
}

/// The values of a tensor in row-major order, which are [`placed`] in the storage.
fn strided(
    storage: &[f32],
    count: usize,
    offset: usize,
    shape: &[usize],
    strides: &[usize],
) -> Vec<f32> {
    let mut index = vec![0; shape.len()];
    let mut values = Vec::with_capacity(count);
    let mut at = offset;
    for _ in 0..count {
        values.push(storage[at]);
        for axis in (0..shape.len()).rev() {
            index[axis] += 1;
            at += strides[axis];
            if index[axis] < shape[axis] {
                break;
            }
            at -= strides[axis] * shape[axis];
            index[axis] = 0;
        }
    }
    values
}

fn fail(problem: String) -> Error {
    Error::new(ErrorKind::Weights, problem)
}

fn damaged(error: zip::result::ZipError) -> Error {
    fail(format!("the PyTorch file is damaged ({error})"))
        .help("download it again")
        .caused_by(error)
}

#[cfg(test)]
mod tests {
    use super::{placed, strided};

    #[test]
    fn strides_and_offsets_are_followed() {
        let storage: Vec<f32> = (0..12).map(|value| value as f32).collect();
        let values = |offset, shape: &[usize], strides: &[usize]| {
            let count = placed(storage.len(), offset, shape, strides)?;
            Some(strided(&storage, count, offset, shape, strides))
        };
        // torch.arange(12.).reshape(3, 4).t()[1:3]
        let found = values(1, &[2, 3], &[1, 4]).unwrap();
        assert_eq!(found, [1.0, 5.0, 9.0, 2.0, 6.0, 10.0]);
        assert_eq!(values(0, &[0, 3], &[3, 1]), Some(Vec::new()));
        assert_eq!(values(11, &[], &[]), Some(vec![11.0]));
        // torch.arange(12.)[:2].unsqueeze(1).expand(2, 3)
        let found = values(0, &[2, 3], &[1, 0]).unwrap();
        assert_eq!(found, [0.0, 0.0, 0.0, 1.0, 1.0, 1.0]);
        assert_eq!(values(1, &[12], &[1]), None);
        assert_eq!(values(0, &[usize::MAX, 2], &[1, 1]), None);
    }
}
