//! What layers and networks of one's own refuse, and how they say so.

use cuaderno::ErrorKind;
use cuaderno::nn::{BatchNorm2d, Conv1d, Conv2d, Conv2dConfig, Embedding, Init, Linear};

#[test]
fn layers_of_no_size_are_refused_where_they_are_made() {
    let init = &mut Init::seed(0);
    let conv = |config, init: &mut Init| Conv2d::new(config, init).map(|_| ());
    for (refused, says) in [
        (Linear::new(0, 3, init).map(|_| ()), "[3, 0]"),
        (Linear::normal(3, 0, 0.1, init).map(|_| ()), "[0, 3]"),
        (Embedding::new(0, 8, None, init).map(|_| ()), "[0, 8]"),
        (Conv1d::new(4, 0, 3, init).map(|_| ()), "[0, 4, 3]"),
        (conv(Conv2dConfig::new(0, 4, 3), init), "[4, 0, 3, 3]"),
        (conv(Conv2dConfig::new(3, 4, 0), init), "[4, 3, 0, 0]"),
        (conv(Conv2dConfig::new(3, 4, 3).stride(0), init), "stride or dilation of 0"),
        (conv(Conv2dConfig::new(3, 4, 3).groups(2), init), "2 groups do not divide"),
        (BatchNorm2d::new(0).map(|_| ()), "0 channels"),
    ] {
        let error = refused.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Parameter);
        assert!(error.to_string().contains(says), "{error}");
    }
}
