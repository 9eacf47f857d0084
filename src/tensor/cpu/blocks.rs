//! Partition of a convolution's work into blocks of output rows, of one image or of several small ones.

use std::ops::Range;

/// Output rows of one image and their offset in the block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The image.
    pub image: usize,
    /// The rows.
    pub rows: Range<usize>,
    /// Offset of the first position in the block.
    pub start: usize,
}

/// Output positions whose columns form one matrix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// The rows of each image.
    pub parts: Vec<Part>,
    /// The number of positions.
    pub positions: usize,
}

/// Partitions `images`, each of `rows` output rows of `width` positions, into blocks of about `target` positions. Rows
/// per block are a multiple of `step`, except at the end of an image. The number of blocks of several images is a
/// multiple of `sharing`, the number of threads, as far as there are images.
pub fn blocks(
    images: Range<usize>,
    rows: usize,
    width: usize,
    step: usize,
    target: usize,
    sharing: usize,
) -> Vec<Block> {
    let size = rows * width;
    if size == 0 {
        return Vec::new();
    }
    if size < target {
        let together = (target / size).max(1);
        // As even as whole images allow.
        let count = images.len().div_ceil(together);
        let count = count.next_multiple_of(sharing.max(1)).min(images.len()).max(1);
        let (share, rest) = (images.len() / count, images.len() % count);
        let mut next = images.start;
        return (0..count)
            .map(|block| {
                let mine = next..next + share + usize::from(block < rest);
                next = mine.end;
                let parts: Vec<Part> = mine
                    .enumerate()
                    .map(|(place, image)| Part { image, rows: 0..rows, start: place * size })
                    .collect();
                Block { positions: parts.len() * size, parts }
            })
            .filter(|block| block.positions > 0)
            .collect();
    }
    let bands = size.div_ceil(target).max(1);
    let band = rows.div_ceil(bands).next_multiple_of(step);
    images
        .flat_map(|image| {
            (0..rows).step_by(band).map(move |start| {
                let rows = start..(start + band).min(rows);
                let positions = rows.len() * width;
                Block { parts: vec![Part { image, rows, start: 0 }], positions }
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_in_one_block() {
        for images in 0..6 {
            for rows in [0, 1, 2, 4, 6, 14] {
                for width in [1, 7, 30] {
                    for (step, target) in [(1, 1), (2, 50), (1, 200), (2, 10_000)] {
                        if rows % step != 0 {
                            continue;
                        }
                        let mut seen = vec![0; images * rows];
                        for block in blocks(0..images, rows, width, step, target, 1 + images % 3) {
                            let mut start = 0;
                            for part in &block.parts {
                                assert_eq!((part.start, part.rows.start % step), (start, 0));
                                start += part.rows.len() * width;
                                for row in part.rows.clone() {
                                    seen[part.image * rows + row] += 1;
                                }
                            }
                            assert_eq!(start, block.positions);
                        }
                        assert!(width == 0 || seen.iter().all(|count| *count == 1));
                    }
                }
            }
        }
    }
}
