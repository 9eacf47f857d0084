//! The Turbo color map.

/// Coefficients of x⁰ to x⁵ for red, green and blue: the polynomial approximation of Turbo (Mikhailov, Google, 2019;
/// Apache-2.0), a rainbow of even lightness in place of Jet.
const COEFFICIENTS: [[f32; 6]; 3] = [
    [0.135_721_38, 4.615_392_6, -42.660_324, 132.131_08, -152.942_4, 59.286_38],
    [0.091_402_61, 2.194_188_4, 4.842_966_6, -14.185_033, 4.277_298_6, 2.829_566],
    [0.106_673_3, 12.641_946, -60.582_05, 110.362_77, -89.903_11, 27.348_25],
];

/// The color of `share`, from 0 (dark blue) to 1 (dark red), each channel from 0 to 1.
pub(super) fn turbo(share: f32) -> [f32; 3] {
    let x = if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 };
    COEFFICIENTS.map(|c| c.iter().rev().fold(0.0, |sum, c| sum * x + c).clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::turbo;

    #[test]
    fn colors_are_those_of_the_published_table() {
        // Rows 0, 64, 128, 192 and 255 of Google's lookup table; the polynomial is
        // within 0.08 of it, and within 0.13 at both ends.
        let table = [
            (0.0, [0.189_95, 0.071_76, 0.232_17]),
            (0.250_98, [0.162_5, 0.734, 0.938_84]),
            (0.501_96, [0.643_62, 0.989_99, 0.233_56]),
            (0.752_94, [0.984_3, 0.504_5, 0.125_5]),
            (1.0, [0.479_6, 0.015_83, 0.010_55]),
        ];
        for (share, expected) in table {
            let found = turbo(share);
            let most = if share == 0.0 || share == 1.0 { 0.13 } else { 0.08 };
            let near = found.iter().zip(expected).all(|(a, b)| (a - b).abs() < most);
            assert!(near, "{share}: {found:?}, the table has {expected:?}");
        }
        assert_eq!(turbo(f32::NAN), turbo(0.0));
    }
}
