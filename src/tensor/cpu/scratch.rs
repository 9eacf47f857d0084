//! Scratch memory per thread, and sums over images that use it.

use super::slices::{add_to, sized};
use super::sparse_matrix::SparseScratch;
use super::threads;
use std::cell::RefCell;
use std::ops::Range;

/// Scratch memory of a thread, reused between calls: fresh pages cost more than the work on them.
#[derive(Default)]
pub(super) struct Scratch {
    pub packed: Vec<f32>,
    pub columns: Vec<f32>,
    pub band: Vec<f32>,
    pub lines: Vec<f32>,
    pub sums: Vec<f32>,
    pub sparse: SparseScratch,
}

thread_local! {
    static SCRATCH: RefCell<Vec<Scratch>> = RefCell::default();
}

/// Runs `work` with scratch memory of this thread. Nested calls get memory of their own.
pub(super) fn with_scratch<T>(work: impl FnOnce(&mut Scratch) -> T) -> T {
    let mut scratch = SCRATCH.with_borrow_mut(Vec::pop).unwrap_or_default();
    let result = work(&mut scratch);
    SCRATCH.with_borrow_mut(|all| all.push(scratch));
    result
}

/// Sums the contributions of all images: `work(images, weight sum, bias sum, scratch)` adds those of some images to
/// sums of a thread, which are added in a fixed order, so that the result does not depend on timing. Sums that are not
/// needed are empty. The sum of the weights goes to `add_weights`.
pub(super) fn sum_over_images(
    images: usize,
    [weights, biases]: [usize; 2],
    work: impl Fn(Range<usize>, &mut [f32], &mut [f32], &mut Scratch) + Sync,
    mut add_weights: impl FnMut(&[f32]),
    bias_gradient: Option<&mut [f32]>,
) {
    let run = images.div_ceil(threads::count());
    with_scratch(|Scratch { sums, .. }| {
        let sums = sized(sums, images.div_ceil(run) * (weights + biases));
        threads::each_chunk(sums, weights + biases, |part, sums| {
            sums.fill(0.0);
            let (weights, biases) = sums.split_at_mut(weights);
            let mine = part * run..((part + 1) * run).min(images);
            with_scratch(|scratch| work(mine, weights, biases, scratch));
        });
        let parts = || sums.chunks_exact((weights + biases).max(1));
        parts().for_each(|sums| add_weights(&sums[..weights]));
        if let Some(gradient) = bias_gradient {
            parts().for_each(|sums| add_to(gradient, &sums[weights..]));
        }
    });
}
