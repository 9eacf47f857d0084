//! Gradients of a convolution by tiles.

use super::axes::GradientAxis;
use super::forward::{conv2d, to_points};
use super::tiles::{Points, ToPoints, blocks};
use super::{POINTS, TILE, windows};
use crate::tensor::cpu::conv2d::{Scratch, with_scratch};
use crate::tensor::cpu::kernel::aligned;
use crate::tensor::cpu::products::Target;
use crate::tensor::cpu::threads;
use crate::tensor::cpu::{Conv2dShape, Matrix, MatrixMut, Weights, matmul, sized};
use pulp::Arch;

/// Tiles of a block: long enough sums.
const TOGETHER: usize = 256;

/// Adds to the gradients that are given those of the convolution without what follows it.
pub fn backward(
    shape: &Conv2dShape,
    input: &[f32],
    weight: &[f32],
    gradient: &[f32],
    input_gradient: Option<&mut [f32]>,
    weight_gradient: Option<&mut [f32]>,
) {
    if let (Some(sum), Some(transposed)) = (input_gradient, shape.transposed()) {
        conv2d(&transposed, gradient, Weights::Backward(weight), Target::Sum, sum);
    }
    if let Some(sum) = weight_gradient {
        weight_backward(shape, input, gradient, sum);
    }
}

fn weight_backward(shape: &Conv2dShape, input: &[f32], gradient: &[f32], sum: &mut [f32]) {
    let (channels, inputs) = (shape.out_channels, shape.in_channels);
    let images = gradient.len() / (channels * shape.output[0] * shape.output[1]);
    with_scratch(|Scratch { packed, columns, band, .. }| {
        let windows = sized(band, POINTS * channels * inputs);
        for (number, block) in blocks(shape, images, TOGETHER).iter().enumerate() {
            let stride = block.stride();
            let points = aligned(columns, Points::count(inputs, stride));
            let products = aligned(packed, Points::count(channels, stride));
            // SAFETY: every channel of either is a task of its own.
            let (to, from) = unsafe {
                (Points::new(points, inputs, stride), Points::new(products, channels, stride))
            };
            threads::each(inputs + channels, |channel| {
                with_scratch(|scratch| match channel.checked_sub(inputs) {
                    None => to_points(shape, block, input, channel, to, scratch),
                    Some(channel) => Arch::new().dispatch(ToPoints::<GradientAxis, TILE> {
                        axis: GradientAxis,
                        block,
                        pictures: gradient,
                        channels,
                        channel,
                        size: shape.output,
                        before: [0, 0],
                        points: from,
                        buffer: &mut scratch.lines,
                    }),
                });
            });
            let (from, to) = (from.step, to.step);
            let (points, products) = (&*points, &*products);
            threads::each_chunk(windows, channels * inputs, |point, windows| {
                let points = &points[point * to..];
                let products = &products[point * from..];
                matmul(
                    MatrixMut::new(windows, channels, inputs),
                    Matrix::strided(products, channels, block.tiles, stride),
                    Matrix::strided(points, inputs, block.tiles, stride).transposed(),
                    number > 0,
                );
            });
        }
        windows::add_back(shape, windows, sum);
    });
}
