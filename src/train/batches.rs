//! The batches of an epoch: which examples each has, and their preparation beside the training step.

use super::callback::Batch;
use super::config::LastBatch;
#[cfg(not(feature = "cuda"))]
use super::parallel::on_worker;
use crate::Result;
use crate::data::Dataset;
use crate::nn::Inputs;

/// Batches that are prepared ahead of the step that takes them.
#[cfg(not(feature = "cuda"))]
const AHEAD: usize = 2;

/// The examples of each batch of an epoch; they depend on seed and epoch alone.
pub(super) fn plan(
    set: &Dataset,
    batch_size: usize,
    last: LastBatch,
    seed: u64,
    epoch: usize,
) -> Vec<Vec<usize>> {
    let mut batches = set.shuffled_batches(batch_size, seed, epoch as u64);
    let short = batches.last().map_or(batch_size, Vec::len);
    let cut = match last {
        LastBatch::Merge => short == 1 && batch_size > 1,
        LastBatch::Drop => short < batch_size,
        LastBatch::Keep => false,
    };
    if cut
        && batches.len() > 1
        && let Some(rest) = batches.pop()
        && let (LastBatch::Merge, Some(before)) = (last, batches.last_mut())
    {
        before.extend(rest);
    }
    batches
}

/// Prepares one batch.
pub(super) fn prepare(set: &Dataset, indices: &[usize], seed: u64, epoch: usize) -> Result<Batch> {
    let (inputs, _) = set.batch(indices, seed, epoch as u64)?;
    with_targets(set, indices, inputs)
}

/// A batch of these inputs.
pub(super) fn with_targets(set: &Dataset, indices: &[usize], inputs: Inputs) -> Result<Batch> {
    let targets = set.targets().select(indices)?;
    let weights = set.weights().map(|weights| indices.iter().map(|row| weights[*row]).collect());
    Ok(Batch { indices: indices.to_vec(), inputs, targets, weights, mixed: None })
}

/// Passes the batches of an epoch to `step` one after the other. Images are decoded and augmented on another thread
/// while the step before runs; the batches are the same either way.
///
/// On a thread of rayon's, this thread prepares them itself: images are decoded on rayon's pool, and would never be
/// ready once all of its threads waited for such batches.
#[cfg(not(feature = "cuda"))]
pub(super) fn each(
    set: &Dataset,
    order: &[Vec<usize>],
    (seed, epoch): (u64, usize),
    step: &mut dyn FnMut(Batch) -> Result<bool>,
) -> Result<()> {
    if !set.has_images() || order.len() < 2 || on_worker() {
        return each_here(set, order, (seed, epoch), step);
    }
    std::thread::scope(|scope| {
        let (sender, receiver) = std::sync::mpsc::sync_channel(AHEAD);
        scope.spawn(move || {
            for indices in order {
                // The receiver is gone once training has stopped.
                if sender.send(prepare(set, indices, seed, epoch)).is_err() {
                    return;
                }
            }
        });
        for batch in receiver {
            if !step(batch?)? {
                break;
            }
        }
        Ok(())
    })
}

/// As on the processor, but on this thread: tensors on a GPU stay on the thread that made them.
#[cfg(feature = "cuda")]
pub(super) fn each(
    set: &Dataset,
    order: &[Vec<usize>],
    key: (u64, usize),
    step: &mut dyn FnMut(Batch) -> Result<bool>,
) -> Result<()> {
    each_here(set, order, key, step)
}

fn each_here(
    set: &Dataset,
    order: &[Vec<usize>],
    (seed, epoch): (u64, usize),
    step: &mut dyn FnMut(Batch) -> Result<bool>,
) -> Result<()> {
    for indices in order {
        if !step(prepare(set, indices, seed, epoch)?)? {
            break;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_last_batch_of_one_is_merged_kept_or_dropped() {
        let set = Dataset::new(&[0; 9], &["a"]).unwrap();
        let lengths = |last| plan(&set, 4, last, 1, 1).iter().map(Vec::len).collect::<Vec<_>>();
        assert_eq!(lengths(LastBatch::Merge), [4, 5]);
        assert_eq!(lengths(LastBatch::Keep), [4, 4, 1]);
        assert_eq!(lengths(LastBatch::Drop), [4, 4]);
        let mut all: Vec<usize> = plan(&set, 4, LastBatch::Merge, 1, 1).concat();
        all.sort_unstable();
        assert_eq!(all, (0..9).collect::<Vec<_>>());
        assert_eq!(plan(&set, 1, LastBatch::Merge, 1, 1).len(), 9);
        assert_eq!(plan(&set, 6, LastBatch::Merge, 1, 1).len(), 2, "three examples may stay");
    }
}
