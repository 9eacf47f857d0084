//! Convolutions of 3×3 with a quarter of the multiplications: minimal filtering by Winograd, F(4×4, 3×3) of Lavin and
//! Gray (2016).
//!
//! The output is cut into tiles of 4×4, each of which sees 6×6 pixels. Input tiles, and windows, are transformed to 36 points;
//! there, convolution is one matrix product over the channels per point; the products are transformed back to
//! output tiles. All three transforms are linear, so the backward pass is made of the same steps transposed.

mod axes;
mod backward;
mod forward;
mod tiles;
mod windows;

pub use backward::backward;
pub use forward::conv2d;

use super::{Conv2dShape, Window};

/// Output pixels of a tile, an axis.
const TILE: usize = 4;
/// Points at which tiles are multiplied, an axis.
const SIDE: usize = 6;
/// The same for both axes.
const POINTS: usize = SIDE * SIDE;

/// Whether this way is open, and shorter.
pub fn serves(shape: &Conv2dShape, images: usize) -> bool {
    let tiles = images * shape.output.map(|size| size.div_ceil(TILE)).iter().product::<usize>();
    shape.window == (Window { padding: shape.window.padding, ..Window::square(3, 1, 0) })
        && shape.window.padding.iter().flatten().all(|padding| *padding <= 2)
        && shape.groups == 1
        && shape.in_channels >= 16
        && shape.out_channels >= 16
        // Windows are transformed anew each time: that must pay.
        && tiles >= 16
}

/// Whether pooling with windows of this side can follow in the same pass.
pub fn pools(side: Option<usize>) -> bool {
    side.is_none_or(|side| TILE.is_multiple_of(side))
}
