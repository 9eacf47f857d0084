//! Images that stay on disk against the same images in memory.

use cuaderno::data::Dataset;
use cuaderno::images::{
    Augmentation, ImageSet, LoadOptions, RandomResizedCrop, ResizeMode, Transform, TrivialAugment,
    load_rgb_on_disk, load_rgb_with,
};
use cuaderno::nn::{Conv2d, Conv2dConfig, Init, Layer, Linear, Sequential, Weights};
use cuaderno::train::{Learner, Silent, TrainConfig};
use std::path::{Path, PathBuf};

/// Files of 20×14 pixels in a new folder.
fn files(name: &str, count: usize) -> Vec<PathBuf> {
    let folder = std::env::temp_dir().join(format!("cuaderno-{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    let path = |at: usize| folder.join(format!("{at}.png"));
    (0..count).for_each(|at| save(&path(at), at as u32));
    (0..count).map(path).collect()
}

fn save(path: &Path, seed: u32) {
    let value = |x: u32, y: u32, c: u32| (x * 53 + y * 101 + c * 29 + seed * 17) % 251;
    image::RgbImage::from_fn(20, 14, |x, y| image::Rgb([0, 1, 2].map(|c| value(x, y, c) as u8)))
        .save(path)
        .unwrap();
}

fn lively() -> Transform {
    Transform::imagenet().augmented(Augmentation {
        rotation_range: 20.0,
        horizontal_flip: 0.5,
        contrast: 0.2,
        random_resized_crop: Some(RandomResizedCrop::default()),
        trivial_augment: Some(TrivialAugment::default()),
        ..Default::default()
    })
}

/// All values of an epoch, batch by batch.
fn epoch(images: &ImageSet, labels: &[usize]) -> Vec<(Vec<f32>, Vec<usize>)> {
    let set = Dataset::new(labels, &["a", "b", "c"]).unwrap().with_images(images).unwrap();
    let set = set.with_transform(&lively());
    let batches = set.shuffled_batches(16, 3, 2);
    let batch = |rows: &Vec<usize>| {
        let (inputs, labels) = set.batch(rows, 3, 2).unwrap();
        (inputs.images.unwrap().as_vec(), labels)
    };
    batches.iter().map(batch).collect()
}

#[test]
fn batches_from_disk_are_those_from_memory_bit_for_bit() {
    let paths = files("disk", 70);
    let options = LoadOptions { resize: ResizeMode::Pad([9, 8, 7]), ..LoadOptions::default() };
    let memory = load_rgb_with(&paths, 12, 16, &options).unwrap();
    let file = paths[0].with_file_name("all.images");
    let disk = load_rgb_on_disk(&paths, 12, 16, &options, &file).unwrap();
    assert_eq!((disk.len(), disk.width(), disk.height()), (70, 12, 16));
    assert_eq!(std::fs::metadata(&file).unwrap().len(), 16 + 70 * 12 * 16 * 3);
    for index in [0, 69, 33] {
        assert_eq!(disk.image(index).unwrap(), memory.image(index).unwrap());
    }
    let labels: Vec<usize> = (0..70).map(|row| row % 3).collect();
    assert_eq!(epoch(&disk, &labels), epoch(&memory, &labels));
    assert_eq!(
        disk.channel_statistics(&[1, 5, 60]).unwrap(),
        memory.channel_statistics(&[1, 5, 60]).unwrap()
    );
    let error = disk.pixels(3).unwrap_err().to_string();
    assert!(error.contains("on disk") && error.contains("image(index)"), "{error}");
    assert!(disk.image(70).unwrap_err().to_string().contains("no image 70"));
    assert!(format!("{disk:?}").contains("on disk"));
}

/// Batches are prepared on another thread while the network trains.
#[test]
fn training_from_disk_is_training_from_memory() {
    let paths = files("disk-training", 40);
    let options = LoadOptions::default();
    let labels: Vec<usize> = (0..40).map(|row| row % 3).collect();
    let train = |images: &ImageSet| {
        let set = Dataset::new(&labels, &["a", "b", "c"]).unwrap().with_images(images).unwrap();
        let set = set.with_transform(&lively());
        let mut init = Init::seed(5);
        let network = Sequential::new()
            .named("conv", Conv2d::new(Conv2dConfig::same(3, 4, 3), &mut init).unwrap())
            .named("relu", Layer::Relu)
            .named("pool", Layer::GlobalAveragePool2d)
            .named("head", Linear::new(4, 3, &mut init).unwrap());
        let config = TrainConfig { batch_size: 8, ..TrainConfig::default() };
        let mut learner = Learner::new(network, &set, &set, &config).unwrap();
        learner.fit_with(2, &mut Silent).unwrap();
        Weights::of(learner.model())
    };
    let memory = load_rgb_with(&paths, 10, 8, &options).unwrap();
    let file = paths[0].with_file_name("all.images");
    let disk = load_rgb_on_disk(&paths, 10, 8, &options, file).unwrap();
    assert!(train(&memory) == train(&disk));
}

#[test]
fn the_file_is_read_until_an_image_or_an_option_changes() {
    let paths = files("disk-again", 3);
    let file = paths[0].with_file_name("all.images");
    let load = |options: &LoadOptions| load_rgb_on_disk(&paths, 10, 7, options, &file);
    let options = LoadOptions::default();
    let first = load(&options).unwrap().image(1).unwrap();
    // The file is what is read: with other pixels it gives those.
    let mut bytes = std::fs::read(&file).unwrap();
    bytes[16 + 210..16 + 420].fill(77);
    std::fs::write(&file, &bytes).unwrap();
    assert_eq!(load(&options).unwrap().image(1).unwrap().into_raw(), vec![77; 210]);
    // Truncated, it is written again.
    std::fs::write(&file, &bytes[..500]).unwrap();
    assert_eq!(load(&options).unwrap().image(1).unwrap(), first);
    let crop = LoadOptions { resize: ResizeMode::CenterCrop { resize: 12 }, ..options };
    assert_ne!(load(&crop).unwrap().image(1).unwrap(), first);
    let open = load(&options).unwrap();
    image::RgbImage::new(30, 40).save(&paths[1]).unwrap();
    assert_eq!(load(&options).unwrap().image(1).unwrap().into_raw(), vec![0; 210]);
    // What was open still shows the images of that time.
    assert_eq!(open.image(1).unwrap(), first);
    std::fs::write(&paths[2], "no image").unwrap();
    let error = load(&options).unwrap_err().to_string();
    assert!(error.contains("2.png"), "{error}");
    // A file that shrinks while it is in use is an error, not a panic.
    let cut = std::fs::OpenOptions::new().write(true).open(&file).unwrap();
    cut.set_len(100).unwrap();
    let open = load_rgb_on_disk(&paths[..2], 10, 7, &options, &file).unwrap();
    std::fs::OpenOptions::new().write(true).open(&file).unwrap().set_len(100).unwrap();
    let error = open.image(1).unwrap_err().to_string();
    assert!(error.contains("load the images again"), "{error}");
}

/// 4000 images of 80×80 pixels, 77 MB.
#[cfg(target_os = "linux")]
#[test]
fn memory_does_not_grow_with_the_number_of_images() {
    let resident = || {
        let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
        pages.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
    };
    let few = files("disk-memory", 4);
    let paths: Vec<PathBuf> = few.iter().cycle().take(4000).cloned().collect();
    let file = paths[0].with_file_name("all.images");
    let before = resident();
    let mut most = before;
    let images = load_rgb_on_disk(&paths, 80, 80, &LoadOptions::default(), &file).unwrap();
    let few = load_rgb_with(&few, 80, 80, &LoadOptions::default()).unwrap();
    let labels = vec![0; images.len()];
    let set = Dataset::new(&labels, &["a"]).unwrap().with_images(&images).unwrap();
    for rows in set.shuffled_batches(32, 0, 0) {
        let (inputs, _) = set.batch(&rows, 0, 0).unwrap();
        most = most.max(resident());
        let values = inputs.images.unwrap().as_vec();
        let mut expected = vec![0.0; few.numel()];
        few.fill_batch(&[rows[0] % 4], &Transform::default(), 0, 0, &mut expected).unwrap();
        assert_eq!(values[..few.numel()], expected);
    }
    let length = std::fs::metadata(&file).unwrap().len();
    std::fs::remove_file(&file).unwrap();
    let grown = most.saturating_sub(before);
    assert!(length > 76_000_000 && grown < 48 << 20, "{grown} bytes more for {length}");
}
