//! 3×3 convolution with a quarter of the multiplications: Winograd's minimal filtering F(4×4, 3×3) (Lavin and Gray,
//! 2016).
//!
//! The output is partitioned into tiles of 4×4, each computed from 6×6 pixels. Input tiles and weights are transformed
//! to 36 points, where convolution is one matrix product over the channels per point; the products are transformed back
//! to output tiles. All three transforms are linear, so the backward pass consists of the same steps transposed.

mod axes;
mod backward;
mod forward;
mod tiles;
mod windows;

pub use backward::backward;
pub use forward::conv2d;

use super::conv_shape::Conv2dShape;
use super::window::Window;

/// Output pixels of a tile per axis.
const TILE: usize = 4;
/// Points per axis.
const SIDE: usize = 6;
/// Points of a tile.
const POINTS: usize = SIDE * SIDE;

/// Returns `true` if the algorithm applies, and is faster.
pub fn serves(shape: &Conv2dShape, images: usize) -> bool {
    let tiles = images * shape.output.map(|size| size.div_ceil(TILE)).iter().product::<usize>();
    shape.window == (Window { padding: shape.window.padding, ..Window::square(3, 1, 0) })
        && shape.window.padding.iter().flatten().all(|padding| *padding <= 2)
        && shape.groups == 1
        && shape.in_channels >= 16
        && shape.out_channels >= 16
        // The weights are transformed at each call, which must pay off.
        && tiles >= 16
}

/// Returns `true` if pooling with windows of this side can follow in the same pass.
pub fn pools(side: Option<usize>) -> bool {
    side.is_none_or(|side| TILE.is_multiple_of(side))
}
